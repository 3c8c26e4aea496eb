import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test, vi } from 'vitest';
import { WorkerCodec, type WorkerCodecOptions } from '../../src/images/workerCodec.ts';

const open: WorkerCodec[] = [];
function fakeCodec(options: Partial<WorkerCodecOptions> = {}): WorkerCodec {
  const workerPath = fileURLToPath(new URL('./fixtures/fakeDecoderWorker.mjs', import.meta.url));
  const codec = new WorkerCodec({ workerPath, threads: 1, ...options });
  open.push(codec);
  return codec;
}
afterEach(async () => {
  await Promise.all(open.splice(0).map((codec) => codec.dispose()));
});

const gif = new TextEncoder().encode('GIF89a');
const coverOf = (width: number) => ({ width, height: 1 });
const hangs = coverOf(1);
const crashes = coverOf(2);
const malformed = coverOf(3);
const works = coverOf(4);

test('a decoder that hangs is terminated, and the next image is decoded', async () => {
  const codec = fakeCodec({ timeoutMs: 50 });
  const [hung, next] = await Promise.allSettled([codec.decode(gif, hangs), codec.decode(gif, works)]);
  expect(hung).toMatchObject({ reason: { key: 'unreadable-image/decoder-hung' } });
  expect(next).toMatchObject({ value: works });
});

test('a decoder that crashes is replaced', async () => {
  const codec = fakeCodec();
  const [crashed, next] = await Promise.allSettled([codec.decode(gif, crashes), codec.decode(gif, works)]);
  expect(crashed).toMatchObject({ reason: { key: 'unreadable-image/decoder-crashed' } });
  expect(next).toMatchObject({ value: works });
});

test('an image whose decoder crashed or hung is tried once more, alone in a new thread', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'codec-retry-'));
  const codec = fakeCodec({ timeoutMs: 400, threads: 2, fontFolders: [folder] });
  const outcomes = await Promise.all([11, 4, 12, 4].map((width) => codec.decode(gif, coverOf(width))));
  expect(outcomes.map(({ width }) => width)).toEqual([11, 4, 12, 4]);
  for (const width of [11, 12]) expect(await readFile(join(folder, `tried-${width}`), 'utf8')).toBe('..');
  expect(codec.threadCount).toBeLessThanOrEqual(2);
  await rm(folder, { recursive: true });
});

test('a second try may take longer than a thread without work is kept', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'codec-retry-'));
  const codec = fakeCodec({ idleMs: 20, fontFolders: [folder] });
  await expect(codec.decode(gif, coverOf(14))).resolves.toMatchObject({ width: 14 });
  await expect(codec.decode(gif, works)).resolves.toMatchObject(works);
  await vi.waitFor(() => expect(codec.threadCount).toBe(0));
  await rm(folder, { recursive: true });
});

test('an abort ends a second try, and the next image gets its turn', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'codec-retry-'));
  const codec = fakeCodec({ timeoutMs: 30_000, fontFolders: [folder] });
  const stop = new AbortController();
  const hung = codec.decode(gif, coverOf(13), stop.signal);
  const tried = () => readFile(join(folder, 'tried-13'), 'utf8');
  await vi.waitFor(async () => expect(await tried()).toBe('..'), { timeout: 20_000 });
  const next = codec.decode(gif, works);
  stop.abort(new Error('not needed'));
  await expect(hung).rejects.toThrow('not needed');
  await expect(next).resolves.toMatchObject(works);
  await rm(folder, { recursive: true });
});

test('a reply of the wrong shape is rejected', async () => {
  await expect(fakeCodec().decode(gif, malformed)).rejects.toThrow('expected number');
});

test("a worker that can't start fails differently from a bad image", async () => {
  const codec = fakeCodec({ workerPath: '/nowhere/worker.cjs' });
  await expect(codec.decode(gif, works)).rejects.toMatchObject({ key: 'unreadable-image/no-decoder' });
  await expect(codec.warm()).rejects.toMatchObject({ key: 'unreadable-image/no-decoder' });
});

test('an abort rejects at once, and queued requests still get the thread', async () => {
  const codec = fakeCodec({ timeoutMs: 200 });
  const running = new AbortController();
  const queued = new AbortController();
  const first = codec.decode(gif, hangs, running.signal);
  const second = codec.decode(gif, works, queued.signal);
  const third = codec.decode(gif, works);
  queued.abort(new Error('not needed'));
  await expect(second).rejects.toThrow('not needed');
  running.abort(new Error('changed my mind'));
  await expect(first).rejects.toThrow('changed my mind');
  await expect(third).resolves.toMatchObject(works);
  await expect(codec.decode(gif, works, AbortSignal.abort(new Error('too late')))).rejects.toThrow('too late');
});

test('threads start on demand up to the limit, and end when idle', async () => {
  const codec = fakeCodec({ threads: 2, idleMs: 20 });
  expect(codec.threadCount).toBe(0);
  await Promise.all(Array.from({ length: 6 }, () => codec.decode(gif, works)));
  expect(codec.threadCount).toBe(2);
  await vi.waitFor(() => expect(codec.threadCount).toBe(0));
  await expect(codec.decode(gif, works)).resolves.toMatchObject(works);
});

test('dispose ends the threads and rejects unfinished requests', async () => {
  const codec = fakeCodec();
  const outcomes = Promise.allSettled([codec.decode(gif, hangs), codec.decode(gif, works)]);
  await codec.dispose();
  for (const outcome of await outcomes) expect(outcome).toMatchObject({ reason: { name: 'AbortError' } });
  await vi.waitFor(() => expect(codec.threadCount).toBe(0));
  await expect(codec.decode(gif, works)).rejects.toMatchObject({ name: 'AbortError' });
});
