import { MixFailure } from '../../mix/failure.ts';
import type { ExecutionError } from './wire/history.ts';

const outOfMemory = /OutOfMemory|out of memory|Allocation on device/i;
/** What the unified loader says. */
const noModel = /^(IPAdapter|ClipVision) model not found/i;

/**
 * The failure for a prompt whose node failed. It has nothing of the exception's message, which may contain paths of the server.
 * @param server what messages call it.
 */
export function executionFailure(error: ExecutionError | undefined, server: string): MixFailure {
  const { node = '?', nodeType = '', exceptionType = '', exceptionMessage = '' } = error ?? {};
  const problem = /^[\w.]{1,80}$/.test(exceptionType) ? exceptionType : '?';
  if (outOfMemory.test(`${exceptionType} ${exceptionMessage}`)) {
    return new MixFailure('generation-failed/comfyui-memory', { args: { server } });
  }
  const [, lacking] = noModel.exec(exceptionMessage) ?? [];
  if (lacking !== undefined) {
    const model = /^IP/i.test(lacking) ? 'IP-Adapter' : 'CLIP Vision';
    return new MixFailure('missing-model/at-run', { args: { server, model } });
  }
  const args = { server, node: (nodeType || node).slice(0, 100), problem };
  return new MixFailure('generation-failed/comfyui-node', { args });
}
