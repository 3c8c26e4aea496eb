import { MixFailure } from '../../mix/failure.ts';
import type { ServerAddress } from './serverAddress.ts';

/** The oldest version whose running prompts can be interrupted by id. Before, an interrupt stopped whatever ran. */
const minimum = '0.3.57';

/** Whether a version of ComfyUI, such as `0.3.64`, isn't older than another. False for a text that isn't a version. */
export function isAtLeast(version: string, other: string): boolean {
  const [left, right] = [numbersOf(version), numbersOf(other)];
  if (!left || !right) return false;
  for (const [at, number] of right.entries()) {
    const difference = (left[at] ?? 0) - number;
    if (difference !== 0) return difference > 0;
  }
  return true;
}

/** @throws MixFailure `unexpected-response/comfyui-old` if the server's version is too old for this engine. */
export function requireVersion(version: string, address: ServerAddress): void {
  if (!isAtLeast(version, minimum)) throw tooOld(version, address);
}

/** The failure for a server that is too old, as its version says or its behavior shows. */
export function tooOld(version: string, { name: server }: ServerAddress): MixFailure {
  return new MixFailure('unexpected-response/comfyui-old', { args: { server, version, minimum } });
}

function numbersOf(version: string): number[] | undefined {
  return /^v?(\d+(?:\.\d+)*)/.exec(version)?.[1]?.split('.').map(Number);
}
