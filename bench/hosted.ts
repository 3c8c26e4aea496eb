import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { BareClient } from './hosted/bareClient.ts';
import { HostedMixer } from './hosted/mixer.ts';
import { median, type Row, spread } from './row.ts';

/** Latency of each response, in milliseconds. */
const latency = 100;
const pairs = 7;
const jobs = 100;
const maxConcurrent = 3;
/** The fields of every mix. The image is small, so the sandbox's own work hardly counts. */
const fields = { prompt: 'flower of the mountains', width: 64, height: 64, steps: 30, samples: 1 };

/** Compares the hosted engine with its bare requests: one mix from start to finish, and a hundred in the queue. */
export async function rows(): Promise<Row[]> {
  return [await atService('processing', overhead), await atService('processing-messege', makespan)];
}

interface Contestants {
  readonly mixer: HostedMixer;
  readonly bare: BareClient;
  /** Where the bare client writes its results. */
  readonly folder: string;
}

async function atService(scenario: string, compare: (contestants: Contestants) => Promise<Row>): Promise<Row> {
  const folder = await mkdtemp(join(tmpdir(), 'image-mixer-bench-'));
  const sandbox = fork(join(import.meta.dirname, 'hosted/service.ts'), [scenario, String(latency)]);
  const [message]: unknown[] = await once(sandbox, 'message');
  const service = z.object({ baseUrl: z.string(), key: z.string() }).parse(message);
  const mixer = new HostedMixer(folder, service, maxConcurrent);
  const bare = new BareClient(service);
  try {
    return await compare({ mixer, bare, folder });
  } finally {
    await Promise.all([mixer.close(), bare.close()]);
    sandbox.disconnect();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Mixes of two new photographs, alternating between ours and theirs. */
async function overhead({ mixer, bare, folder }: Contestants): Promise<Row> {
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let pair = 0; pair <= pairs; pair++) {
    const photographs = await twoPhotographs(mixer);
    const others = await twoPhotographs(mixer);
    const dataUris = await Promise.all(others.map((name) => mixer.uploadCopy(name)));
    const our = await timed(() => mixer.mix(photographs, { ...fields, seed: pair }));
    const their = await timed(async () => {
      const links: string[] = [];
      for (const dataUri of dataUris) links.push(await bare.upload(dataUri));
      await bare.mix(links, { ...fields, seed: pair }, join(folder, `bare-${pair}.png`));
    });
    if (pair === 0) continue; // warms up
    ours.push(our);
    theirs.push(their);
  }
  const more = `${Math.round(median(ours) - median(theirs))} ms more`;
  return {
    name: 'hosted.overhead',
    ours: median(ours),
    peer: 'its requests alone, by undici',
    theirs: median(theirs),
    goal: 1.05,
    note: `ms, ${more}; ours ${spread(ours)}; theirs ${spread(theirs)}; 2 uploads, 3 polls, ${latency} ms a response`,
  };
}

/** Jobs that start together and run three at a time, with their uploads already cached. Ideally, each takes as long as its bare requests. */
async function makespan({ mixer, bare, folder }: Contestants): Promise<Row> {
  const photographs = await twoPhotographs(mixer);
  await mixAll(mixer, photographs, 0, maxConcurrent); // warms up
  const links: string[] = [];
  for (const name of photographs) links.push(await bare.upload(await mixer.uploadCopy(name)));
  const single: number[] = [];
  const bareMix = async (seed: number) =>
    single.push(await timed(() => bare.mix(links, { ...fields, seed }, join(folder, `single-${seed}.png`))));
  for (let seed = 0; seed < 5; seed++) await bareMix(seed);
  const ours = await timed(() => mixAll(mixer, photographs, 1000, jobs));
  for (let seed = 5; seed < 10; seed++) await bareMix(seed);
  return {
    name: 'hosted.makespan-100',
    ours,
    peer: 'the ideal',
    theirs: Math.ceil(jobs / maxConcurrent) * median(single),
    goal: 1.05,
    note: `ms; ideal ${Math.ceil(jobs / maxConcurrent)} rounds of the bare requests of one job, ${spread(single)}`,
  };
}

async function twoPhotographs(mixer: HostedMixer): Promise<string[]> {
  return [await mixer.photograph(320, 240), await mixer.photograph(320, 240)];
}

async function mixAll(mixer: HostedMixer, photographs: readonly string[], seed: number, count: number): Promise<void> {
  const seeds = Array.from({ length: count }, (_, at) => seed + at);
  await Promise.all(seeds.map((seed) => mixer.mix(photographs, { ...fields, seed })));
}

async function timed(action: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await action();
  return performance.now() - begun;
}
