import { expect, test } from 'vitest';
import { ApiKeys, apiKeySecret } from '../../src/app/apiKeys.ts';
import type { Secrets } from '../../src/app/ports.ts';
import { emptyDraft } from '../../src/mix/draft.ts';
import { MixFailure } from '../../src/mix/failure.ts';
import { AppBench } from './support/appBench.ts';
import { ManualClock } from './support/clocks.ts';

const origin = 'https://a.example';
/** The longest wait for the secret storage in milliseconds. */
const patience = 5_000;

/** Keys over a secret storage whose calls the test answers, and what they reported. */
class KeyBench {
  readonly clock = new ManualClock();
  readonly calls: { name: string; resolve: (value?: string) => void; reject: (error: Error) => void }[] = [];
  readonly errors: unknown[] = [];
  warnings = 0;
  changes = 0;
  readonly keys: ApiKeys;
  #secretChanged: (name: string) => void = () => {};

  constructor() {
    const call = (name: string) =>
      new Promise<string | undefined>((resolve, reject) => void this.calls.push({ name, resolve, reject }));
    const secrets: Secrets = {
      get: () => call('get'),
      store: async (_, value) => void (await call(`store ${value}`)),
      delete: async () => void (await call('delete')),
      onChange: (listener) => {
        this.#secretChanged = listener;
        return { dispose: () => {} };
      },
    };
    this.keys = new ApiKeys({
      secrets,
      clock: this.clock,
      onFailure: (error) => void this.errors.push(error),
      onUnreadable: () => void this.warnings++,
    });
    this.keys.onChange(() => void this.changes++);
  }

  /** The name of each call so far. */
  get names(): string[] {
    return this.calls.map(({ name }) => name);
  }

  /** Changes the secret from another window. */
  changeElsewhere(): void {
    this.#secretChanged(apiKeySecret(origin));
  }

  async timeOut(): Promise<void> {
    await this.clock.waitForSleep(patience);
    this.clock.advance(patience);
  }
}

test('a key is kept in memory for this session if it cannot be stored, and clearing forgets it', async () => {
  const bench = new KeyBench();
  const set = bench.keys.set(origin, ' k1 ');
  bench.calls[0]?.reject(new Error('no keyring'));
  expect(await set).toBe('session');
  expect(bench.errors).toEqual([new Error('no keyring')]);
  expect(bench.changes).toBe(1);
  expect(await bench.keys.get(origin)).toBe('k1');
  expect(bench.names).toEqual(['store k1']);
  expect(bench.warnings).toBe(0); // the command that sets the key shows the warning

  const clear = bench.keys.clear(origin);
  bench.calls[1]?.reject(new Error('no keyring'));
  expect(await clear).toBe('session');
  expect(await bench.keys.get(origin)).toBeUndefined();
  expect(bench.names).toEqual(['store k1', 'delete']); // the stored key isn't used any more either
});

test('clearing forgets a key kept in memory too if the storage works again', async () => {
  const bench = new KeyBench();
  const set = bench.keys.set(origin, 'k1');
  bench.calls[0]?.reject(new Error('locked'));
  await set;
  const clear = bench.keys.clear(origin);
  bench.calls[1]?.resolve();
  expect(await clear).toBe('stored');
  expect(bench.changes).toBe(2);
  const get = bench.keys.get(origin);
  bench.calls[2]?.resolve(undefined);
  expect(await get).toBeUndefined();
});

test("a storage that doesn't answer is waited for once, for 5 seconds, and the user is told once", async () => {
  const bench = new KeyBench();
  const [first, second] = [bench.keys.get(origin), bench.keys.get(origin)];
  await bench.timeOut();
  expect(await Promise.all([first, second])).toEqual([undefined, undefined]);
  expect(await bench.keys.get(origin)).toBeUndefined(); // at once
  expect(bench.names).toEqual(['get']);
  expect(bench.warnings).toBe(1);

  bench.calls[0]?.resolve('late'); // the user has unlocked the keyring
  await expect.poll(() => bench.changes).toBe(1);
  expect(await bench.keys.get(origin)).toBe('late');
  bench.changeElsewhere();
  const again = bench.keys.get(origin);
  bench.calls[1]?.resolve('new');
  expect(await again).toBe('new');
});

test('a key that takes long to store is used meanwhile', async () => {
  const bench = new KeyBench();
  const set = bench.keys.set(origin, 'k1');
  await bench.timeOut();
  expect(await set).toBe('session');
  expect(await bench.keys.get(origin)).toBe('k1');
  bench.calls[0]?.resolve();
  bench.changeElsewhere(); // VS Code reports this window's own changes too
  const get = bench.keys.get(origin);
  bench.calls[1]?.resolve('k1');
  expect(await get).toBe('k1');
});

test('a key that is stored late is used, although the storage said before that there is none', async () => {
  const bench = new KeyBench();
  const before = bench.keys.get(origin);
  await bench.timeOut();
  expect(await before).toBeUndefined();
  const set = bench.keys.set(origin, 'k1');
  await bench.timeOut();
  expect(await set).toBe('session');
  bench.calls[0]?.resolve(undefined); // the user has unlocked the keyring, which answers in turn
  bench.calls[1]?.resolve();
  await new Promise(setImmediate);
  expect(await bench.keys.get(origin)).toBe('k1');
});

test("a storage that can't be read is asked again, and the user is told once", async () => {
  const bench = new KeyBench();
  for (const at of [0, 1]) {
    const get = bench.keys.get(origin);
    bench.calls[at]?.reject(new Error('locked'));
    expect(await get).toBeUndefined();
  }
  expect(bench.warnings).toBe(1);
  expect(bench.errors).toHaveLength(2);
});

test('a job gets the key, or the failure that says whether there is none or it is not known', async () => {
  const bench = new KeyBench();
  const stored = bench.keys.require(origin);
  bench.calls[0]?.resolve('k1');
  expect(await stored).toBe('k1');
  const missing = bench.keys.require(origin);
  bench.calls[1]?.resolve(undefined);
  await expect(missing).rejects.toEqual(new MixFailure('no-api-key', { args: { origin } }));

  const broken = bench.keys.require(origin);
  bench.calls[2]?.reject(new Error('no keyring'));
  await expect(broken).rejects.toMatchObject({
    key: 'no-api-key/no-answer',
    args: { origin },
    retryable: true,
    cause: new Error('no keyring'),
  });
  const silent = bench.keys.require(origin);
  await bench.timeOut();
  await expect(silent).rejects.toMatchObject({ key: 'no-api-key/no-answer' });
  await expect(bench.keys.require(origin)).rejects.toMatchObject({ key: 'no-api-key/no-answer' }); // at once
  expect(bench.warnings).toBe(1);

  const set = bench.keys.set(origin, 'k2');
  await bench.timeOut();
  expect(await set).toBe('session');
  expect(await bench.keys.require(origin)).toBe('k2');
  const clear = bench.keys.clear(origin);
  await bench.timeOut();
  expect(await clear).toBe('session');
  await expect(bench.keys.require(origin)).rejects.toMatchObject({ key: 'no-api-key' });
});

test('without a keyring the panel opens, local mixes work, and a key that was set is used', async () => {
  const bench = await AppBench.start();
  bench.keyringError = new Error('no keyring');
  const calls = bench.app.panel.handlers();
  expect(await calls.ready(null)).toMatchObject({ engine: { name: 'local', hasKey: false } });
  expect(bench.warnings).toEqual([bench.app.messages.say('key.unreadable')]);
  const { images } = await calls.addUris({ uris: [`file://${bench.file('red.png')}`] });
  const draft = { ...emptyDraft, images, width: 64, height: 64 };
  expect(await calls.mix({ draft, randomSeed: 5 })).toMatchObject({ jobId: expect.any(String), problems: [] });
  expect(await bench.app.keys.set(bench.app.services.origin(), 'k1')).toBe('session');
  expect((await calls.ready(null)).engine).toMatchObject({ name: 'hosted', hasKey: true });
  expect(bench.warnings).toHaveLength(1);
  await bench.close();
});

test('a hosted mix without a readable keyring fails with a sentence that says what to do', async () => {
  const bench = await AppBench.start();
  bench.keyringError = new Error('no keyring');
  const { starter, messages } = bench.app;
  const recipe = { images: [{ source: 'https://example.com/a.png' }], prompt: 'rose man' };
  const job = await starter.startRecipe(recipe, 'hosted');
  const { failure } = await job.finished;
  expect(failure?.key).toBe('no-api-key/no-answer');
  expect(failure && messages.failure(failure)).toMatch(/Unlock .* keyring.*Set API Key/);
  await bench.close();
});
