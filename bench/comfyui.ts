import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { BareClient } from './comfyui/bareClient.ts';
import { ComfyuiMixer } from './comfyui/mixer.ts';
import { median, type Row, spread } from './row.ts';

/** The sampling steps of a mix. */
const steps = 20;
/** Milliseconds of a step: as SDXL takes at this size on a card with 8 GB, and for many mixes at once as on a fast one, where waiting weighs more. */
const stepMs = { one: 250, many: 100 };
const pairs = 7;
const [jobs, servers] = [60, 3];
const fields = { prompt: 'flower of the mountains', guidance_scale: 7.5, steps };
/** Its images are small, so that three stand-ins hardly need the machine for their own work. */
const small = { ...fields, width: 64, height: 64 };
const photograph = { width: 768, height: 768 };
/** The longest side of an upload, in pixels. */
const uploadSide = 1024;

/** Compares the ComfyUI engine with its bare requests: one mix from start to finish, and sixty on three servers. */
export async function rows(): Promise<Row[]> {
  return [await atServers(1, stepMs.one, overhead), await atServers(servers, stepMs.many, makespan)];
}

interface Contestants {
  readonly mixer: ComfyuiMixer;
  /** A client for each server. */
  readonly bare: readonly BareClient[];
}

async function atServers(
  count: number,
  step: number,
  compare: (contestants: Contestants) => Promise<Row>,
): Promise<Row> {
  const folder = await mkdtemp(join(tmpdir(), 'image-mixer-bench-'));
  const processes: ChildProcess[] = [];
  for (let i = 0; i < count; i++) processes.push(fork(join(import.meta.dirname, 'comfyui/server.ts'), [String(step)]));
  const urls = await Promise.all(
    processes.map(async (one) => {
      const [message]: unknown[] = await once(one, 'message');
      return z.string().parse(message);
    }),
  );
  const mixer = new ComfyuiMixer(folder, urls);
  const bare = await Promise.all(urls.map((url) => new BareClient(url).open()));
  try {
    return await compare({ mixer, bare });
  } finally {
    await Promise.all([mixer, ...bare].map((one) => one.close()));
    for (const one of processes) one.disconnect();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Mixes of two new photographs, alternating between ours and theirs. */
async function overhead({ mixer, bare: [bare] }: Contestants): Promise<Row> {
  if (!bare) throw new RangeError('A mix needs a server');
  const size = { width: 768, height: 768 };
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let pair = 0; pair <= pairs; pair++) {
    const photographs = await twoPhotographs(mixer);
    const copies = await uploadCopies(mixer, await twoPhotographs(mixer));
    const mix = { ...fields, ...size, seed: pair };
    const our = await timed(() => mixer.mix(photographs, mix));
    const their = await timed(async () => {
      const names = await uploadAll(bare, copies);
      await bare.mix(names, mix, mixer.path(`bare-${pair}.png`));
    });
    if (pair === 0) continue; // warms up
    ours.push(our);
    theirs.push(their);
  }
  const more = `${Math.round(median(ours) - median(theirs))} ms more`;
  return {
    name: 'comfyui.overhead',
    ours: median(ours),
    peer: 'its requests alone, by undici',
    theirs: median(theirs),
    goal: 1.05,
    note: `ms, ${more}; ours ${spread(ours)}; theirs ${spread(theirs)}; 2 uploads, ${steps} steps of ${stepMs.one} ms, all images 768²`,
  };
}

/** Jobs that start together, with their images already uploaded. Ideally, each server takes a third, and each job as long as its bare requests. */
async function makespan({ mixer, bare }: Contestants): Promise<Row> {
  const photographs = await twoPhotographs(mixer);
  await mixAll(mixer, photographs, 0, servers * 2); // warms up
  const copies = await uploadCopies(mixer, photographs);
  const single: number[] = [];
  const bareMixes = async (round: number) => {
    for (const [at, client] of bare.entries()) {
      const names = await uploadAll(client, copies);
      const seed = 100 + round * servers + at;
      const mix = () => client.mix(names, { ...small, seed }, mixer.path(`single-${seed}.png`));
      single.push(await timed(mix));
    }
  };
  await bareMixes(0);
  single.length = 0; // warmed up
  await bareMixes(1);
  const ours = await timed(() => mixAll(mixer, photographs, 1000, jobs));
  await bareMixes(2);
  return {
    name: 'comfyui.makespan-60',
    ours,
    peer: 'the ideal',
    theirs: Math.ceil(jobs / servers) * median(single),
    goal: 1.1,
    note: `ms; ideal ${Math.ceil(jobs / servers)} rounds of the bare requests of one job, ${spread(single)}; ${servers} servers`,
  };
}

async function twoPhotographs(mixer: ComfyuiMixer): Promise<string[]> {
  const { width, height } = photograph;
  return [await mixer.photograph(width, height), await mixer.photograph(width, height)];
}

/** What the engine would upload for photographs. */
function uploadCopies(mixer: ComfyuiMixer, names: readonly string[]): Promise<Uint8Array<ArrayBuffer>[]> {
  return Promise.all(
    names.map(async (name) => {
      const { bytes } = await mixer.codec.uploadPng(new Uint8Array(await readFile(mixer.path(name))), uploadSide);
      return new Uint8Array(bytes);
    }),
  );
}

function uploadAll(client: BareClient, copies: readonly Uint8Array<ArrayBuffer>[]): Promise<string[]> {
  return Promise.all(copies.map((bytes) => client.upload(bytes)));
}

async function mixAll(mixer: ComfyuiMixer, photographs: readonly string[], seed: number, count: number): Promise<void> {
  const seeds = Array.from({ length: count }, (_, at) => seed + at);
  await Promise.all(seeds.map((one) => mixer.mix(photographs, { ...small, seed: one })));
}

async function timed(action: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await action();
  return performance.now() - begun;
}
