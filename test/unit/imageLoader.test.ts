import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import sharp from 'sharp';
import { afterAll, afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ImageLoader } from '../../src/app/imageLoader.ts';
import { Trust } from '../../src/app/trust.ts';
import { createSourceReader } from '../../src/images/sourceReader.ts';
import { WorkerCodec } from '../../src/images/workerCodec.ts';
import { MixFailure } from '../../src/mix/failure.ts';
import { endFaults, faults } from './support/pathFaults.ts';

vi.mock('node:fs/promises', async (importOriginal) =>
  (await import('./support/pathFaults.ts')).faultyFileSystem(await importOriginal()),
);

let folder: string;
const codec = new WorkerCodec({ workerPath: join(import.meta.dirname, '../../dist/codecWorker.cjs') });
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'loader-'));
});
afterAll(() => codec.dispose());
afterEach(async () => {
  endFaults();
  await rm(folder, { recursive: true });
});

/** A loader that knows a file's state, and always reads an image of this width. */
function loaderOf(width: () => number, decode = codec.decode.bind(codec)): ImageLoader {
  const reader = createSourceReader({ allowPrivateAddresses: () => false, ownOrigin: () => undefined });
  const trust = new Trust({ isTrusted: () => true, onTrust: () => ({ dispose: () => {} }) });
  const read = async () =>
    new Uint8Array(
      await sharp({ create: { width: width(), height: 8, channels: 3, background: '#fff' } })
        .png()
        .toBuffer(),
    );
  const { probe, thumbnail } = { probe: codec.probe.bind(codec), thumbnail: codec.thumbnail.bind(codec) };
  return new ImageLoader({ codec: { probe, thumbnail, decode }, reader: { ...reader, read }, trust });
}

test("without a file's state, its thumbnail isn't taken from memory", async () => {
  let width = 8;
  const loader = loaderOf(() => width);
  const path = join(folder, 'a.png');
  await writeFile(path, 'an image');
  const uri = pathToFileURL(path).href;
  // The reader has no trouble with the file, which it reads in its own way.
  faults.codeOf = (call, at) => (call === 'stat' && at === path ? 'EIO' : undefined);
  expect(await loader.thumbnail(uri, 16)).toMatchObject({ sourceWidth: 8 });
  width = 12;
  expect(await loader.thumbnail(uri, 16)).toMatchObject({ sourceWidth: 12 });
});

test('a file that may change again without another time or size has no thumbnail in memory', async () => {
  let width = 8;
  const loader = loaderOf(() => width);
  const path = join(folder, 'a.png');
  await writeFile(path, 'an image');
  const uri = pathToFileURL(path).href;
  const widthAfter = async (seconds: number, next: number) => {
    await utimes(path, 1, Date.now() / 1000 - seconds);
    const { sourceWidth } = await loader.thumbnail(uri, 16);
    width = next;
    return [sourceWidth, (await loader.thumbnail(uri, 16)).sourceWidth];
  };
  expect(await widthAfter(1, 12)).toEqual([8, 12]);
  expect(await widthAfter(-60, 16)).toEqual([12, 16]);
  expect(await widthAfter(60, 20)).toEqual([16, 16]);
});

test('an image is decoded once for requests at the same time, unless its file changes meanwhile or nobody knows its version', async () => {
  let decoded = 0;
  const loader = loaderOf(
    () => 8,
    (...args) => {
      decoded++;
      return codec.decode(...args);
    },
  );
  const path = join(folder, 'a.png');
  await writeFile(path, 'an image');
  const uri = pathToFileURL(path).href;
  const setAge = (seconds: number) => utimes(path, 1, Date.now() / 1000 - seconds);
  const twice = async (between: () => Promise<void>) => {
    decoded = 0;
    const first = loader.pixels(uri, 256, 256);
    while (decoded === 0) await nextTurn();
    await between();
    const [one, other] = await Promise.all([first, loader.pixels(uri, 256, 256)]);
    expect([one.width, other.width]).toEqual([8, 8]);
    return decoded;
  };

  await setAge(60);
  expect(await twice(async () => {})).toBe(1);
  expect(await twice(() => setAge(30))).toBe(2);
  await setAge(1);
  expect(await twice(async () => {})).toBe(2);
});

test('an image that can not be decoded is tried again by the next request', async () => {
  let mayDecode = false;
  const loader = loaderOf(
    () => 8,
    async (...args) => {
      if (!mayDecode) throw new MixFailure('unreadable-image/damaged');
      return codec.decode(...args);
    },
  );
  const uri = 'https://example.com/a.png';
  await expect(loader.pixels(uri, 256, 256)).rejects.toMatchObject({ key: 'unreadable-image/damaged' });
  mayDecode = true;
  expect(await loader.pixels(uri, 256, 256)).toMatchObject({ width: 8 });
});
