import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import { afterEach, expect, test, vi } from 'vitest';
import { systemClock } from '../../src/engines/clock.ts';
import type { MixContext, MixResult, MixTask } from '../../src/engines/engine.ts';
import { LocalEngine, type LocalEngineOptions } from '../../src/engines/local/localEngine.ts';
import type { SourceLocation } from '../../src/images/sourceReader.ts';
import { mixRasters } from '../../src/kernel/kernel.ts';
import { MixFailure } from '../../src/mix/failure.ts';
import type { Progress } from '../../src/mix/progress.ts';
import { parseRecipe } from '../../src/mix/recipe.ts';
import { photographBytes, rasterOf, sharpCodec } from './test-rasters.ts';

vi.setConfig({ testTimeout: 60_000 }); // for slow, busy machines

const workerPath = fileURLToPath(new URL('../../src/engines/local/kernelWorker.ts', import.meta.url));
const engines: { dispose(): Promise<void> }[] = [];
afterEach(() => Promise.all(engines.splice(0).map((engine) => engine.dispose())));

const files: Record<string, () => Uint8Array<ArrayBuffer>> = {
  '/flower.jpg': () => photographBytes('flower'),
  '/mountains.jpg': () => photographBytes('mountains'),
};

function engineOf(options: Partial<LocalEngineOptions> = {}) {
  const reader = {
    read: async (location: SourceLocation) => {
      const bytes = location.kind === 'file' ? files[location.path]?.() : undefined;
      if (!bytes) throw new MixFailure('unreadable-image/missing');
      return bytes;
    },
    download: () => Promise.reject(new Error('The local engine downloads no results')),
  };
  const engine = new LocalEngine({ codec: sharpCodec(), reader, workerPath, ...options });
  engines.push(engine);
  return engine;
}

function taskOf(weights: Record<string, number>, fields: Record<string, unknown> = {}): MixTask {
  const images = Object.entries(weights).map(([source, weight]) => ({ source, weight }));
  const { recipe } = parseRecipe({ images, width: 96, height: 64, seed: 7, ...fields });
  return {
    jobId: JSON.stringify([weights, fields]),
    recipe: { ...recipe, seed: recipe.seed ?? 0 },
    sources: images.map(({ source, weight }, index) => ({
      index,
      name: source.slice(1),
      weight,
      location: { kind: 'file', path: source },
    })),
    mayUpload: false,
  };
}

function contextOf(overrides: Partial<MixContext> = {}) {
  const results: MixResult[] = [];
  const progresses: Progress[] = [];
  const context: MixContext = {
    signal: new AbortController().signal,
    saved: undefined,
    delivered: new Set(),
    progress: (progress) => progresses.push(progress),
    notice: () => {},
    preview: () => {},
    save: async () => {},
    deliver: async (result) => {
      results.push(result);
    },
    ...overrides,
  };
  return { context, results, progresses };
}

test('mixes files into PNG samples, each with its seed, with the same pixels as the kernel', async () => {
  const { context, results, progresses } = contextOf();
  const task = taskOf({ '/flower.jpg': 0.3, '/mountains.jpg': 0.7 }, { samples: 2 });
  await engineOf().run(task, context);

  expect(results.map(({ index, seed, format }) => [index, seed, format])).toEqual([
    [0, 7, 'png'],
    [1, 8, 'png'],
  ]);
  const decoded = await Promise.all(
    ['/flower.jpg', '/mountains.jpg'].map((path) =>
      sharpCodec().decode(files[path]?.() ?? new Uint8Array(), { width: 96, height: 64 }),
    ),
  );
  const expected = mixRasters(decoded, [0.3, 0.7], { width: 96, height: 64, seed: 7, guidanceScale: 7.5 });
  const [first, second] = await Promise.all(results.map(({ bytes }) => rasterOf(sharp(bytes))));
  expect(first?.data).toEqual(expected.data);
  expect(second?.data).not.toEqual(expected.data);
  expect([...new Set(progresses.map(({ stage }) => stage))]).toEqual(['reading', 'mixing']);
  expect(progresses.map(({ stage, fraction }) => (stage === 'mixing' ? fraction : 0))).toEqual(
    progresses
      .map(({ stage, fraction }) => (stage === 'mixing' ? fraction : 0))
      .sort((one, other) => (one ?? 0) - (other ?? 0)),
  );
});

test('decodes an image once for several mixes of one size, and reproduces a result exactly', async () => {
  let decoded = 0;
  const codec = sharpCodec();
  const decode: typeof codec.decode = (...args) => {
    decoded++;
    return codec.decode(...args);
  };
  const engine = engineOf({ codec: { ...codec, decode } });
  const runs = [];
  for (const weight of [0.5, 0.6, 0.5]) {
    const { context, results } = contextOf();
    await engine.run(taskOf({ '/flower.jpg': 0.5, '/mountains.jpg': weight }), context);
    runs.push(results[0]?.bytes);
  }
  expect(decoded).toBe(2);
  expect(runs[2]).toEqual(runs[0]);
  expect(runs[1]).not.toEqual(runs[0]);
});

test('skips an image of weight 0, and attributes a failure to its image', async () => {
  const { context, results } = contextOf();
  await engineOf().run(taskOf({ '/flower.jpg': 1, '/gone.jpg': 0 }), context);
  expect(results).toHaveLength(1);

  const run = engineOf().run(taskOf({ '/flower.jpg': 1, '/gone.jpg': 0.5 }), contextOf().context);
  await expect(run).rejects.toMatchObject({
    key: 'unreadable-image/missing',
    image: 1,
    imageName: 'gone.jpg',
  });
});

test('runs two jobs concurrently', async () => {
  const engine = engineOf();
  const one = contextOf();
  const other = contextOf();
  await Promise.all([
    engine.run(taskOf({ '/flower.jpg': 0.2, '/mountains.jpg': 0.8 }, { samples: 2 }), one.context),
    engine.run(taskOf({ '/flower.jpg': 0.9, '/mountains.jpg': 0.1 }, { samples: 2 }), other.context),
  ]);
  expect(one.results).toHaveLength(2);
  expect(other.results).toHaveLength(2);
  expect(other.results[0]?.bytes).not.toEqual(one.results[0]?.bytes);
});

test('a canceled mix rejects with the abort reason, and the engine stays usable', async () => {
  const engine = engineOf();
  const abort = new AbortController();
  const reason = new Error('cancelled by hand');
  const { context, results } = contextOf({
    signal: abort.signal,
    progress: ({ stage, fraction = 0 }) => {
      if (stage === 'mixing' && fraction > 0.2) abort.abort(reason);
    },
  });
  const task = taskOf({ '/flower.jpg': 0.5, '/mountains.jpg': 0.5 }, { width: 1024, height: 1024 });
  await expect(engine.run(task, context)).rejects.toBe(reason);
  expect(results).toEqual([]);

  const again = contextOf();
  await engine.run(taskOf({ '/flower.jpg': 0.5, '/mountains.jpg': 0.5 }), again.context);
  expect(again.results).toHaveLength(1);
});

test('a result that cannot be delivered is not a failure of the mix', async () => {
  for (const error of [Object.assign(new Error('disk full'), { code: 'ENOSPC' }), new Error('lease lost')]) {
    const { context } = contextOf({ deliver: () => Promise.reject(error) });
    await expect(engineOf().run(taskOf({ '/flower.jpg': 1 }), context)).rejects.toBe(error);
  }
});

test('a mix can be canceled while a file or the codec hangs', async () => {
  let abort = new AbortController();
  const hang = <T>() => {
    setImmediate(() => abort.abort(new Error('enough')));
    return new Promise<T>(() => {});
  };
  for (const options of [
    { reader: { read: hang, download: hang } },
    { codec: { ...sharpCodec(), decode: hang } },
    { codec: { ...sharpCodec(), encode: hang } },
  ]) {
    abort = new AbortController();
    const { context } = contextOf({ signal: abort.signal });
    await expect(engineOf(options).run(taskOf({ '/flower.jpg': 1 }), context)).rejects.toThrow('enough');
  }
});

test('a mix that needs more memory than is free is refused before anything is decoded', async () => {
  const decoded: unknown[] = [];
  const codec = sharpCodec({
    probe: async () => ({ format: 'jpeg', width: 4000, height: 3000, hasAlpha: false, warnings: [] }),
    decode: async (bytes) => {
      decoded.push(bytes);
      throw new Error('not reached');
    },
  });
  const task = taskOf({ '/flower.jpg': 0.5, '/mountains.jpg': 0.5 }, { width: 4096, height: 4096 });
  const run = engineOf({ codec, freeMemory: () => 300 * 1024 * 1024 }).run(task, contextOf().context);
  await expect(run).rejects.toMatchObject({ key: 'generation-failed/no-memory', args: { free: 300 } });
  expect(decoded).toEqual([]);
});

test('only as many images are decoded ahead as the mixer takes over soon', async () => {
  let open = 0;
  let most = 0;
  const codec = sharpCodec();
  const decode: typeof codec.decode = async (...args) => {
    most = Math.max(most, ++open);
    const raster = await codec.decode(...args);
    open--;
    return raster;
  };
  const images = Array.from({ length: 8 }, (_, i) => [`/flower.jpg?${i}`, 0.1 * (i + 1)]);
  const reader = {
    read: async (location: SourceLocation) =>
      new Uint8Array([...photographBytes('flower'), location.kind === 'file' ? location.path.length : 0]),
    download: () => Promise.reject(new Error('The sources are files')),
  };
  const { context, results } = contextOf();
  await engineOf({ codec: { ...codec, decode }, reader }).run(taskOf(Object.fromEntries(images)), context);
  expect(results).toHaveLength(1);
  expect(most).toBeLessThanOrEqual(3);
});

test.each(['jpeg', 'webp'] as const)(
  'a result can be a %s, with a notice if it loses its transparency',
  async (format) => {
    const notices: string[] = [];
    const { context, results } = contextOf({ notice: ({ code }) => notices.push(code) });
    await engineOf().run({ ...taskOf({ '/flower.jpg': 1 }, { samples: 2 }), format }, context);
    expect(results.map((result) => result.format)).toEqual([format, format]);
    for (const { bytes } of results) expect((await sharp(bytes).metadata()).format).toBe(format);
    expect(notices).toEqual(format === 'jpeg' ? ['transparency-lost'] : []);
  },
);

test('the estimate of the remaining time does not follow the system clock', async () => {
  let time = 0;
  const clock = { ...systemClock, now: () => (time += 3_600_000), monotonic: () => 0 };
  const { context, progresses } = contextOf();
  await engineOf({ clock }).run(taskOf({ '/flower.jpg': 1 }, { samples: 2 }), context);
  expect(new Set(progresses.map(({ etaSeconds }) => etaSeconds ?? 0))).toEqual(new Set([0]));
});

test('a crashed thread fails its job, and the next job gets a new one', async () => {
  const crashing = engineOf({ workerPath: fileURLToPath(new URL('./no-such-worker.ts', import.meta.url)) });
  const run = crashing.run(taskOf({ '/flower.jpg': 1 }), contextOf().context);
  await expect(run).rejects.toMatchObject({ key: 'generation-failed/mixer-crashed', retryable: true });

  const engine = engineOf();
  let ended = false;
  const first = contextOf({
    progress: ({ stage }) => {
      if (stage === 'mixing' && !ended) {
        ended = true;
        void engine.dispose();
      }
    },
  });
  await expect(engine.run(taskOf({ '/flower.jpg': 1 }), first.context)).rejects.toMatchObject({
    code: 'generation-failed',
  });
  const second = contextOf();
  await engine.run(taskOf({ '/flower.jpg': 1 }), second.context);
  expect(second.results).toHaveLength(1);
});

test('the thread ends when it has been idle', async () => {
  const engine = engineOf({ idleMs: 1 });
  await engine.run(taskOf({ '/flower.jpg': 1 }), contextOf().context);
  await expect.poll(() => engine.isRunning, { timeout: 5000 }).toBe(false);
});

test("a thread that can't close a job doesn't hide why the job failed, and still ends when it is idle", async () => {
  const folder = await mkdtemp(join(tmpdir(), 'worker-'));
  const refusing = join(folder, 'refusing.mjs');
  await writeFile(
    refusing,
    `import { parentPort } from 'node:worker_threads';
    parentPort.on('message', ({ id }) => parentPort.postMessage({ kind: 'failed', id, message: 'refused' }));`,
  );
  const engine = engineOf({ workerPath: refusing, idleMs: 1 });
  const run = engine.run(taskOf({ '/gone.jpg': 1 }), contextOf().context);
  await expect(run).rejects.toMatchObject({ key: 'unreadable-image/missing' });
  await expect.poll(() => engine.isRunning, { timeout: 5000 }).toBe(false);
  await rm(folder, { recursive: true });
});
