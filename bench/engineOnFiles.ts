import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { LocalEngine } from '../src/engines/local/localEngine.ts';
import type { SourceReader } from '../src/images/sourceReader.ts';
import { WorkerCodec } from '../src/images/workerCodec.ts';
import { parseRecipe } from '../src/mix/recipe.ts';

/** What differs from one run to the next. `side` is that of the square result, in pixels. */
export interface RunOptions {
  readonly side: number;
  readonly signal?: AbortSignal;
  readonly progress?: () => void;
}

const bundles = join(import.meta.dirname, '../dist');

/** The local engine on JPEG files, with threads as in the extension. Each run finds nothing in the cache. */
export async function engineOnFiles(paths: readonly string[]) {
  const files = new Map(await Promise.all(paths.map(async (path) => [path, await readFile(path)] as const)));
  const codec = new WorkerCodec({ workerPath: join(bundles, 'codecWorker.cjs') });
  let reads = 0;
  const reader: SourceReader = {
    // Bytes after the end of a JPEG change only the hash of its content.
    read: async (location) => {
      const file = files.get(location.kind === 'file' ? location.path : '') ?? Buffer.alloc(0);
      reads++;
      return new Uint8Array(Buffer.concat([file, Buffer.from([reads & 255, reads >> 8])]));
    },
    download: () => Promise.reject(new Error('The sources are files')),
  };
  const engine = new LocalEngine({ codec, reader, workerPath: join(bundles, 'kernelWorker.cjs') });
  const sources = paths.map((path, index) => ({
    index,
    name: path,
    weight: 0.5,
    location: { kind: 'file' as const, path },
  }));
  const run = (jobId: string, { side, signal, progress = () => {} }: RunOptions) => {
    const { recipe } = parseRecipe({
      images: paths.map((source) => ({ source })),
      width: side,
      height: side,
      seed: 1,
    });
    return engine.run(
      { jobId, recipe: { ...recipe, seed: 1 }, sources, mayUpload: false },
      {
        signal: signal ?? new AbortController().signal,
        saved: undefined,
        delivered: new Set(),
        progress,
        notice: () => {},
        preview: () => {},
        save: async () => {},
        deliver: async () => {},
      },
    );
  };
  const dispose = () => Promise.all([engine.dispose(), codec.dispose()]);
  return { run, dispose };
}
