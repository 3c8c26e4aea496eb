import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import sharp from 'sharp';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ImageLoader } from '../../src/app/imageLoader.ts';
import { Trust } from '../../src/app/trust.ts';
import { createSourceReader } from '../../src/images/sourceReader.ts';
import { WorkerCodec } from '../../src/images/workerCodec.ts';
import { endFaults, faults } from './support/pathFaults.ts';

vi.mock('node:fs/promises', async (importOriginal) =>
  (await import('./support/pathFaults.ts')).faultyFileSystem(await importOriginal()),
);

let folder: string;
const codec = new WorkerCodec({ workerPath: join(import.meta.dirname, '../../dist/codecWorker.cjs') });
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'loader-'));
});
afterEach(async () => {
  endFaults();
  await codec.dispose();
  await rm(folder, { recursive: true });
});

test("without a file's state, its thumbnail isn't taken from memory", async () => {
  const reader = createSourceReader({ allowPrivateAddresses: () => false, ownOrigin: () => undefined });
  const trust = new Trust({ isTrusted: () => true, onTrust: () => ({ dispose: () => {} }) });
  // The reader has no trouble with the file, which it reads in its own way.
  const loader = new ImageLoader({
    codec,
    reader: { ...reader, read: async ({ kind }) => (kind === 'file' ? current : new Uint8Array()) },
    trust,
  });
  const imageOf = async (width: number) =>
    new Uint8Array(
      await sharp({ create: { width, height: 8, channels: 3, background: '#fff' } })
        .png()
        .toBuffer(),
    );
  const path = join(folder, 'a.png');
  let current = await imageOf(8);
  await writeFile(path, current);
  const uri = pathToFileURL(path).href;
  faults.codeOf = (call, at) => (call === 'stat' && at === path ? 'EIO' : undefined);
  expect(await loader.thumbnail(uri, 16)).toMatchObject({ sourceWidth: 8 });
  current = await imageOf(12);
  expect(await loader.thumbnail(uri, 16)).toMatchObject({ sourceWidth: 12 });
});
