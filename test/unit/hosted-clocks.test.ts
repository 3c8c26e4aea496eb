import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { HostedEngineOptions } from '../../src/engines/hosted/hostedEngine.ts';
import { FolderStore } from '../../src/engines/hosted/sharedStore.ts';
import { AutoAdvanceClock } from './support/clocks.ts';
import { failureOf, HostedBench, png, RecordingContext, taskOf } from './support/hostedBench.ts';
import { json, raw, ScriptedService } from './support/scriptedService.ts';

const hour = 3_600_000;
/** How the system clock jumps, each time that it is read. */
const jumps: Record<string, (offset: number) => number> = {
  'an hour ahead': (offset) => offset + hour,
  'an hour back': (offset) => offset - hour,
  'an hour to and fro': (offset) => (offset > 0 ? -hour : hour),
};

/** A clock whose wall clock jumps each time that it is read. */
class JumpingClock extends AutoAdvanceClock {
  readonly #jump: (offset: number) => number;

  constructor(jump: (offset: number) => number) {
    super();
    this.#jump = jump;
  }

  override now(): number {
    this.offset = this.#jump(this.offset);
    return super.now();
  }
}

let service: ScriptedService;
const benches: HostedBench[] = [];
beforeEach(async () => {
  service = await ScriptedService.start();
  service.script('upload', { status: 'success', link: 'https://cdn.example/up.jpg' });
  service.script('result', raw(png()));
});
afterEach(async () => {
  for (const each of benches.splice(0)) await each.close();
  await service.close();
});

async function benchWith(changes: Partial<HostedEngineOptions> = {}): Promise<HostedBench> {
  const started = await HostedBench.start(service.baseUrl, changes);
  benches.push(started);
  return started;
}

/** A window whose system clock jumps. */
async function jumping(jump: (offset: number) => number): Promise<{ bench: HostedBench; clock: JumpingClock }> {
  const clock = new JumpingClock(jump);
  return { bench: await benchWith({ clock }), clock };
}

const processing = () => ({ status: 'processing', eta: 4, id: 12, output: [] });
const success = () => ({ status: 'success', id: 349, output: [service.resultUrl('a')] });
const limited = () => json({ status: 'error', message: 'Rate limit exceeded' }, 429);
const total = ({ sleeps }: AutoAdvanceClock) => sleeps.reduce((sum, ms) => sum + ms, 0);

test.each(Object.entries(jumps))(
  'a busy service is asked for three minutes while the clock jumps %s',
  async (_, jump) => {
    const { bench, clock } = await jumping(jump);
    service.script('mix', limited());
    expect((await failureOf(bench.engine.run(taskOf(), new RecordingContext()))).code).toBe('rate-limited');
    expect(clock.sleeps).toEqual(Array(6).fill(30_000));
  },
);

test.each(Object.entries(jumps))('polling takes as long as it may while the clock jumps %s', async (_, jump) => {
  const { bench, clock } = await jumping(jump);
  service.script('mix', processing());
  service.script('fetch', { status: 'processing' });
  const context = new RecordingContext();
  expect(await failureOf(bench.engine.run(taskOf(), context))).toMatchObject({ args: { seconds: 600 } });
  expect(total(clock)).toBeCloseTo(600_000);
  const etas = context.progresses.map(({ etaSeconds }) => etaSeconds ?? 0);
  expect([Math.min(...etas), Math.max(...etas)]).toEqual([0, 4]);
});

test.each(Object.entries(jumps))(
  'identical requests of a window are half a minute apart while the clock jumps %s',
  async (_, jump) => {
    const { bench, clock } = await jumping(jump);
    service.script('mix', success());
    const sentAt: number[] = [];
    for (let run = 0; run < 3; run++) {
      await bench.engine.run(taskOf(), new RecordingContext());
      sentAt.push(clock.time);
    }
    expect(sentAt.map((at) => at - (sentAt[0] ?? 0))).toEqual([0, 30_000, 60_000]);
  },
);

test.each(Object.entries(jumps))(
  'a result is retried for as long as it may while the clock jumps %s',
  async (_, jump) => {
    const { bench, clock } = await jumping(jump);
    service.script('mix', success());
    service.script('result', raw('not yet', 404));
    expect((await failureOf(bench.engine.run(taskOf(), new RecordingContext()))).code).toBe('result-unavailable');
    expect(total(clock)).toBe(45_000);
  },
);

test('the time that this machine sleeps during a poll does not count', async () => {
  const bench = await benchWith();
  service.script('mix', processing());
  service.script(
    'fetch',
    (response) => {
      bench.clock.time += 10 * hour;
      json({ status: 'processing' })(response);
    },
    success(),
  );
  const context = new RecordingContext();
  await bench.engine.run(taskOf(), context);
  expect(context.results).toHaveLength(1);
});

test('of identical requests of a window, only one is sent at a time', async () => {
  const bench = await benchWith();
  service.script('mix', success());
  await Promise.all([1, 2, 3].map(() => bench.engine.run(taskOf(), new RecordingContext())));
  expect(service.requestsFor('mix')).toHaveLength(3);
  expect(bench.clock.sleeps).toEqual([30_000, 30_000, 30_000]); // the second and the third wait, and the third once more
});

test("another window's request delays an identical one for half a minute at most, however wrong a clock is", async () => {
  service.script('mix', success());
  for (const offset of [-20_000, 0, 20_000, hour, -hour]) {
    const mine = await benchWith();
    const theirs = await benchWith({ store: new FolderStore(join(mine.folder, 'store')) });
    theirs.clock.offset = offset;
    await theirs.engine.run(taskOf({ seed: 1 }), new RecordingContext());
    await mine.engine.run(taskOf({ seed: 1 }), new RecordingContext());
    expect(total(mine.clock)).toBe(Math.min(Math.max(30_000 + offset, 0), 30_000));
  }
});

test('an upload whose record is from a clock that was ahead is not used for longer than it lives', async () => {
  const bench = await benchWith();
  service.script('mix', success());
  const sources = [await bench.file('a.png')];
  const uploads = async (seed: number) => {
    await bench.engine.run(taskOf({ seed }, sources), new RecordingContext());
    return service.requestsFor('upload').length;
  };
  bench.clock.offset = 10 * hour;
  expect(await uploads(1)).toBe(1);
  bench.clock.offset = 0; // expires in 33 hours, but no upload lives that long
  expect(await uploads(2)).toBe(2);
  expect(await uploads(3)).toBe(2);
  bench.clock.offset = 23 * hour;
  expect(await uploads(4)).toBe(3);
});

/** A saved state of accepted work, with one field replaced. */
function damaged(field: Record<string, unknown>): string {
  const request = { first: 0, samples: 1, seed: 12345, phase: 'accepted', id: '12', links: [], waited: 0 };
  return JSON.stringify({
    version: 1,
    baseUrl: service.baseUrl,
    dialect: 'v5',
    requests: [{ ...request, ...field }],
  });
}

test.each([
  ['a negative wait', { waited: -5 }],
  ['an endless wait', { waited: 1e300 }],
  ['no wait', { waited: null }],
  ['an id that is a number', { id: 12 }],
  ['a broken URL', { fetchUrl: 7 }],
  ['broken links', { links: 'none' }],
  ['broken links only', { links: [null, 'nowhere'], phase: 'answered' }],
  ['an unknown phase', { phase: 'paid' }],
  ['a phase without its links', { phase: 'answered' }],
])('accepted work is fetched although its state has %s', async (_, field) => {
  const bench = await benchWith();
  service.script('fetch', success());
  const context = new RecordingContext(damaged(field));
  expect(bench.engine.canCheckAgain?.(context.saved)).toBe(true);
  await bench.engine.run(taskOf(), context);
  expect(context.results).toHaveLength(1);
  expect(service.requestsFor('mix')).toEqual([]);
});

test('a damaged state never submits again', async () => {
  const bench = await benchWith();
  for (const field of [
    { phase: 'unknown', id: undefined },
    { phase: 'accepted', id: undefined },
    { samples: 'many' },
  ]) {
    const failure = await failureOf(bench.engine.run(taskOf(), new RecordingContext(damaged(field))));
    expect(failure.code).toBe('interrupted');
  }
  expect(service.requests).toEqual([]);
});
