import { cp, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WorkerCodec } from '../../../src/images/workerCodec.ts';

/** The bundled codec, from a folder of its own without node_modules, as in the installed extension. */
export async function builtCodec(): Promise<{ codec: WorkerCodec; dispose: () => Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'codec-'));
  for (const name of await readdir('dist')) {
    if (/^(codecWorker|sharpWasm)\.cjs$|\.(wasm|ttf)$/.test(name)) await cp(join('dist', name), join(folder, name));
  }
  const codec = new WorkerCodec({ workerPath: join(folder, 'codecWorker.cjs') });
  return {
    codec,
    dispose: async () => {
      await codec.dispose();
      await rm(folder, { recursive: true });
    },
  };
}
