import { fileURLToPath } from 'node:url';
import { afterEach, expect, test, vi } from 'vitest';
import { WorkerCodec, type WorkerCodecOptions } from '../../src/images/workerCodec.ts';

const open: WorkerCodec[] = [];
function moodyCodec(options: Partial<WorkerCodecOptions> = {}): WorkerCodec {
  const workerPath = fileURLToPath(new URL('./fixtures/moodyWorker.mjs', import.meta.url));
  const codec = new WorkerCodec({ workerPath, threads: 1, ...options });
  open.push(codec);
  return codec;
}
afterEach(async () => {
  await Promise.all(open.splice(0).map((codec) => codec.dispose()));
});

const gif = new TextEncoder().encode('GIF89a');
const asking = (width: number) => ({ width, height: 1 });
const hangs = asking(1);
const crashes = asking(2);
const babbles = asking(3);
const works = asking(4);

test('a decoder that hangs is ended and named, and the next picture is decoded', async () => {
  const codec = moodyCodec({ timeoutMs: 50 });
  const [hung, next] = await Promise.allSettled([codec.decode(gif, hangs), codec.decode(gif, works)]);
  expect(hung).toMatchObject({ reason: { key: 'unreadable-image/decoder-hung' } });
  expect(next).toMatchObject({ value: works });
});

test('a decoder that crashes is replaced', async () => {
  const codec = moodyCodec();
  const [crashed, next] = await Promise.allSettled([codec.decode(gif, crashes), codec.decode(gif, works)]);
  expect(crashed).toMatchObject({ reason: { key: 'unreadable-image/decoder-crashed' } });
  expect(next).toMatchObject({ value: works });
});

test('an answer of the wrong shape is refused', async () => {
  await expect(moodyCodec().decode(gif, babbles)).rejects.toThrow('expected number');
});

test('a worker that cannot start is told apart from a bad picture', async () => {
  const codec = moodyCodec({ workerPath: '/nowhere/worker.cjs' });
  await expect(codec.decode(gif, works)).rejects.toMatchObject({ key: 'unreadable-image/no-decoder' });
  await expect(codec.warm()).rejects.toMatchObject({ key: 'unreadable-image/no-decoder' });
});

test('an aborted wait ends at once, and leaves the thread to those who wait', async () => {
  const codec = moodyCodec({ timeoutMs: 200 });
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

test('threads start when needed, no more than allowed, and end when idle', async () => {
  const codec = moodyCodec({ threads: 2, idleMs: 20 });
  expect(codec.threadCount).toBe(0);
  await Promise.all(Array.from({ length: 6 }, () => codec.decode(gif, works)));
  expect(codec.threadCount).toBe(2);
  await vi.waitFor(() => expect(codec.threadCount).toBe(0));
  await expect(codec.decode(gif, works)).resolves.toMatchObject(works);
});

test('closing ends the threads and rejects what is under way', async () => {
  const codec = moodyCodec();
  const outcomes = Promise.allSettled([codec.decode(gif, hangs), codec.decode(gif, works)]);
  await codec.dispose();
  for (const outcome of await outcomes) expect(outcome).toMatchObject({ reason: { name: 'AbortError' } });
  await vi.waitFor(() => expect(codec.threadCount).toBe(0));
  await expect(codec.decode(gif, works)).rejects.toMatchObject({ name: 'AbortError' });
});
