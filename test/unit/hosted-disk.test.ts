import { mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { HostedEngineOptions } from '../../src/engines/hosted/hostedEngine.ts';
import { FolderStore, type SharedStore } from '../../src/engines/hosted/sharedStore.ts';
import { MixFailure } from '../../src/mix/failure.ts';
import { failureOf, HostedBench, png, RecordingContext, taskOf } from './support/hostedBench.ts';
import { json, raw, ScriptedService } from './support/scriptedService.ts';

let service: ScriptedService;
let folder: string;
const benches: HostedBench[] = [];
beforeEach(async () => {
  service = await ScriptedService.start();
  service.script('upload', { status: 'success', link: 'https://cdn.example/up.jpg' });
  service.script('result', raw(png()));
  folder = await mkdtemp(join(tmpdir(), 'store-'));
});
afterEach(async () => {
  for (const each of benches.splice(0)) await each.close();
  await service.close();
  await rm(folder, { recursive: true });
});

async function benchWith(changes: Partial<HostedEngineOptions> = {}): Promise<HostedBench> {
  const started = await HostedBench.start(service.baseUrl, changes);
  benches.push(started);
  return started;
}

const processing = () => ({ status: 'processing', eta: 4, id: 12, output: [] });
const success = () => ({ status: 'success', id: 349, output: [service.resultUrl('a')] });
const systemError = (code: string) => Object.assign(new Error(`${code}: refused`), { code });

/** A context whose disk refuses some saves. The state is still in memory, as in the job runner. */
class RefusingContext extends RecordingContext {
  /** The state of the job in memory. */
  memory: unknown;

  /** @param errorOf the error of a save of these phases, if any. */
  constructor(errorOf: (phases: string) => Error | undefined) {
    super();
    this.save = async (state) => {
      this.memory = JSON.parse(JSON.stringify(state));
      const text = JSON.stringify(state);
      const phases = [...text.matchAll(/"phase":"(\w+)"/g)].map(([, phase]) => phase).join('+');
      const error = errorOf(phases);
      if (error) throw error;
      this.states.push(text);
    };
  }
}

test.each(['ENOSPC', 'EIO', 'EROFS'])(
  'a job whose mix was accepted gets its result although no save works (%s)',
  async (code) => {
    const bench = await benchWith();
    service.script('mix', processing());
    service.script('fetch', success());
    const context = new RefusingContext((phases) => (phases === 'posting' ? undefined : systemError(code)));
    await bench.engine.run(taskOf(), context);
    expect(context.results).toHaveLength(1);
    expect(context.phases).toBe('posting');
    expect(bench.log.filter(({ event }) => event === 'state-not-saved').map(({ args }) => args)).toEqual(
      Array(context.memory === undefined ? 0 : 2).fill({ code }),
    );
  },
);

test('after a failed save, the next one writes the whole state', async () => {
  const bench = await benchWith();
  service.script('mix', processing());
  service.script('fetch', success());
  const context = new RefusingContext((phases) => (phases === 'accepted' ? systemError('ENOSPC') : undefined));
  await bench.engine.run(taskOf(), context);
  expect(context.phases).toBe('posting answered');
});

test.each([
  ['the result is gone', () => service.script('result', raw('gone', 404)), 'result-unavailable'],
  ['polling takes too long', () => service.script('fetch', processing()), 'timeout'],
])('a job can be checked again by its state in memory if no save works and %s', async (_, prepare, code) => {
  const bench = await benchWith();
  service.script('mix', processing());
  service.script('fetch', success());
  prepare();
  const context = new RefusingContext((phases) => (phases === 'posting' ? undefined : systemError('ENOSPC')));
  expect((await failureOf(bench.engine.run(taskOf(), context))).code).toBe(code);
  expect(bench.engine.canCheckAgain?.(context.memory)).toBe(true);
});

test("a job can be checked again if its result can't be delivered and no save works", async () => {
  const bench = await benchWith();
  service.script('mix', processing());
  service.script('fetch', success());
  for (const [seed, error] of [
    new MixFailure('save-failed/disk-full', { args: { path: 'a' } }),
    systemError('ENOSPC'),
  ].entries()) {
    const context = new RefusingContext((phases) => (phases === 'posting' ? undefined : systemError('ENOSPC')));
    context.deliver = () => Promise.reject(error);
    await expect(bench.engine.run(taskOf({ seed }), context)).rejects.toBe(error);
    expect(bench.engine.canCheckAgain?.(context.memory)).toBe(true);
  }
});

test('nothing is submitted that is not on disk, and the job is new again', async () => {
  const bench = await benchWith();
  service.script('mix', success());
  const context = new RefusingContext((phases) => (phases === 'posting' ? systemError('ENOSPC') : undefined));
  await expect(bench.engine.run(taskOf(), context)).rejects.toMatchObject({ code: 'ENOSPC' });
  expect(service.requestsFor('mix')).toEqual([]);
  expect(context.phases).toBe('new');
  // Nor does the next run wait, because nothing was sent.
  await bench.engine.run(taskOf(), new RecordingContext());
  expect(bench.clock.sleeps).toEqual([]);
});

test('a refusal is handled as usual if its save fails', async () => {
  const bench = await benchWith();
  service.script('mix', json({ status: 'error', message: 'Rate limit exceeded' }, 429), success());
  const context = new RefusingContext((phases) => (phases === 'new' ? systemError('ENOSPC') : undefined));
  await bench.engine.run(taskOf(), context);
  expect(context.results).toHaveLength(1);
  expect(service.requestsFor('mix')).toHaveLength(2);
});

test('an error that is not of the disk ends the run at once: another window has the job', async () => {
  const bench = await benchWith();
  service.script('mix', processing());
  service.script('fetch', success());
  const lost = new Error('lease lost');
  const context = new RefusingContext((phases) => (phases === 'accepted' ? lost : undefined));
  await expect(bench.engine.run(taskOf(), context)).rejects.toBe(lost);
  expect(service.requestsFor('fetch')).toEqual([]);
});

test('a submission whose save is too long ago is saved again before it is sent, and not sent if the job is lost', async () => {
  const bench = await benchWith();
  service.script('mix', success());
  for (const lost of [undefined, new Error('lease lost')]) {
    service.requests.length = 0;
    const saves: string[] = [];
    const context = new RefusingContext((phases) => {
      saves.push(phases);
      if (saves.length === 1) bench.clock.time += 60_000; // the process was stopped
      return saves.length === 1 ? undefined : lost;
    });
    const run = bench.engine.run(taskOf({ seed: lost ? 1 : 2 }), context);
    await (lost ? expect(run).rejects.toBe(lost) : run);
    expect(saves.slice(0, 2)).toEqual(['posting', 'posting']);
    expect(service.requestsFor('mix')).toHaveLength(lost ? 0 : 1);
  }
});

test('a submission that always takes too long to save is not sent', async () => {
  const bench = await benchWith();
  service.script('mix', success());
  const context = new RefusingContext(() => {
    bench.clock.time += 60_000;
    return undefined;
  });
  expect((await failureOf(bench.engine.run(taskOf(), context))).code).toBe('save-failed');
  expect(service.requestsFor('mix')).toEqual([]);
  expect(context.phases).toMatch(/new$/);
});

const methods = ['read', 'add', 'write', 'remove'] as const;
test.each(methods.flatMap((method) => ['ENOSPC', 'EIO', 'EACCES'].map((code) => [method, code] as const)))(
  'a store that refuses to %s (%s) ends no job, and is logged',
  async (method, code) => {
    const store: SharedStore = new FolderStore(folder);
    store[method] = (): Promise<never> => Promise.reject(systemError(code));
    const bench = await benchWith({ store });
    const image = await bench.file('a.png');
    // Accepted, refused because of the upload, and never sent.
    service.script(
      'mix',
      success(),
      { status: 'error', message: 'Unable to fetch image from provided URL' },
      success(),
    );
    await bench.engine.run(taskOf({ seed: 1 }, [image]), new RecordingContext());
    const refused = await failureOf(bench.engine.run(taskOf({ seed: 2 }, [image]), new RecordingContext()));
    expect(refused.key).toBe('invalid-request/image-not-fetched');
    await bench.engine.run(taskOf({ seed: 3 }, [image]), new RecordingContext());
    // This window still sends identical requests half a minute apart.
    const slept = bench.clock.time;
    await bench.engine.run(taskOf({ seed: 3 }, [image]), new RecordingContext());
    expect(bench.clock.time - slept).toBe(30_000);
    expect(bench.log).toContainEqual(
      expect.objectContaining({ level: 'warn', event: 'records-unavailable', args: { code } }),
    );
  },
);

test('a record that cannot be read counts as new, until another window has written it', async () => {
  service.script('mix', success());
  const bench = await benchWith({ store: new FolderStore(folder) });
  await bench.engine.run(taskOf(), new RecordingContext());
  const [record = ''] = await readdir(folder);
  await writeFile(join(folder, record), '{"at":');
  const other = await benchWith({ store: new FolderStore(folder) });
  await other.engine.run(taskOf(), new RecordingContext());
  expect(other.clock.sleeps).toEqual(Array(30).fill(1_000));

  await writeFile(join(folder, record), '{"at":');
  const third = await benchWith({ store: new FolderStore(folder) });
  const written = JSON.stringify({ at: third.clock.now() - 20_000 });
  third.clock.onSlept = () => writeFile(join(folder, record), written);
  await third.engine.run(taskOf(), new RecordingContext());
  expect(third.clock.sleeps).toEqual([1_000, 9_000]);
});

/** A store one of whose methods writes only once the test allows it. */
class SlowStore extends FolderStore {
  readonly reached = Promise.withResolvers<void>();
  readonly released = Promise.withResolvers<void>();
  readonly written = Promise.withResolvers<void>();

  readonly #slow: 'add' | 'write';

  constructor(path: string, slow: 'add' | 'write') {
    super(path);
    this.#slow = slow;
  }

  override add(name: string, value: unknown): Promise<boolean> {
    const add = () => super.add(name, value);
    return this.#slow === 'add' ? this.#slowly(add) : add();
  }

  override write(name: string, value: unknown): Promise<void> {
    const write = () => super.write(name, value);
    return this.#slow === 'write' ? this.#slowly(write) : write();
  }

  async #slowly<T>(write: () => Promise<T>): Promise<T> {
    this.reached.resolve();
    await this.released.promise;
    const result = await write();
    this.written.resolve();
    return result;
  }
}

test.each(['add', 'write'] as const)(
  'a submission that is canceled while its record is on its way to the disk (%s) delays no other one',
  async (method) => {
    service.script('mix', success());
    if (method === 'write') {
      // The record of another window, which is replaced because it's old.
      const other = await benchWith({ store: new FolderStore(folder) });
      await other.engine.run(taskOf(), new RecordingContext());
    }
    const slow = new SlowStore(folder, method);
    const bench = await benchWith({ store: slow });
    bench.clock.time += 40_000;
    const context = new RecordingContext();
    const run = bench.engine.run(taskOf(), context);
    await slow.reached.promise;
    context.controller.abort(new Error('canceled'));
    await expect(run).rejects.toThrow('canceled');
    slow.released.resolve();
    await slow.written.promise;
    await expect.poll(() => readdir(folder)).toEqual([]);
    await bench.engine.run(taskOf(), new RecordingContext());
    expect(bench.clock.sleeps).toEqual([]);
  },
);

test('a store tells a missing value from one that cannot be read', async () => {
  const store = new FolderStore(folder);
  expect(await store.read('a')).toBeUndefined();
  await writeFile(join(folder, 'a'), '{"at":12');
  expect(await store.read('a')).toBeUndefined();
  await mkdir(join(folder, 'b'));
  await expect(store.read('b')).rejects.toMatchObject({ code: 'EISDIR' });
});

test('a store adds a name once, replaces whole values, and keeps them private', async () => {
  const path = join(folder, 'deep', 'store');
  const [mine, theirs] = [new FolderStore(path), new FolderStore(path)];
  const added = await Promise.all([mine, theirs, mine, theirs].map((store, at) => store.add('a', { at })));
  expect(added.filter((isFirst) => isFirst)).toHaveLength(1);
  await Promise.all([mine, theirs, mine].map((store, at) => store.write('a', { at, fill: 'x'.repeat(10_000) })));
  expect(await theirs.read('a')).toMatchObject({ fill: 'x'.repeat(10_000) });
  expect(await readdir(path)).toEqual(['a']);
  expect((await stat(join(path, 'a'))).mode & 0o777).toBe(0o600);
  await theirs.remove('a');
  await mine.remove('a');
  expect(await mine.read('a')).toBeUndefined();
});

test('a store deletes old values and what killed windows left, and works after its folder is deleted', async () => {
  const store = new FolderStore(folder);
  const left = '.image-mixer-00000000-0000-4000-8000-000000000000.tmp';
  for (const [name, hours] of [
    ['old', 26],
    ['young', 24],
    [left, 1],
  ] as const) {
    await writeFile(join(folder, name), '1');
    const time = new Date(Date.now() - hours * 3_600_000);
    await utimes(join(folder, name), time, time);
  }
  await store.write('new', 2);
  expect((await readdir(folder)).sort()).toEqual(['new', 'young']);
  await rm(folder, { recursive: true });
  expect(await store.add('again', 3)).toBe(true);
  expect(await readFile(join(folder, 'again'), 'utf8')).toBe('3');
});

test.runIf(process.platform === 'linux')('a store on a file system that refuses new folders says so', async () => {
  const store = new FolderStore('/proc/image-mixer/store');
  await expect(store.write('a', 1)).rejects.toMatchObject({ code: 'ENOENT' });
  await expect(store.add('a', 1)).rejects.toMatchObject({ code: 'ENOENT' });
  expect(await store.read('a')).toBeUndefined();
});
