// How local mixes affect the extension host: how long they block it, and how much memory they take and keep.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { makeProject } from '../test/hosts/project.ts';
import { launchWorkbench } from '../test/hosts/workbench.ts';
import { addLargePhotographs } from './largePhotographs.ts';
import type { Row } from './row.ts';

const delaySchema = z.object({ p99: z.number(), max: z.number() });
const loadSchema = z.object({ idle: delaySchema, mixing: delaySchema, restMb: z.number(), peakMb: z.number() });
/** Resident memory in MB by number of mixes, after the workers have ended and garbage was collected. */
const residentSchema = z.record(z.string(), z.number());

/**
 * Makes glibc return memory to the system as soon as it is freed. By default it keeps some megabytes of free memory for each thread that
 * ever ran, so resident memory grows with the threads until all its arenas are in use, whatever the program holds.
 */
const givingBack = { MALLOC_TRIM_THRESHOLD_: String(128 * 1024) };

export async function rows(): Promise<Row[]> {
  const load = loadSchema.parse(await probe('load'));
  const resident = residentSchema.parse(await probe('memory'));
  const held = residentSchema.parse(await probe('memory', givingBack));
  return [
    ...loadRows(load),
    slope('host.memory-slope', resident),
    slope('host.memory-slope-held', held, '; free memory given back to the system at once'),
  ];
}

/** Runs a part of `host/probe.cjs` in its own extension host. Resolves with the figures that it wrote. */
async function probe(part: 'load' | 'memory', environment: Readonly<Record<string, string>> = {}): Promise<unknown> {
  const project = await makeProject();
  const temporary = await mkdtemp(join(tmpdir(), 'image-mixer-bench-'));
  const file = join(temporary, 'figures.json');
  if (part === 'load') await addLargePhotographs(project.folder, 4);
  const workbench = await launchWorkbench({
    folder: project.folder,
    develop: resolve(import.meta.dirname, '..'),
    tests: join(import.meta.dirname, 'host/probe.cjs'),
    env: { ...environment, IMAGE_MIXER_PART: part, IMAGE_MIXER_FIGURES: file },
    onConsole: (type, text) => {
      if (type === 'error') console.error(text);
    },
  });
  try {
    if ((await workbench.exited) !== 0) throw new Error('The mixes in the extension host failed');
    return JSON.parse(await readFile(file, 'utf8'));
  } finally {
    await workbench.close();
    await project.remove();
    await rm(temporary, { recursive: true });
  }
}

function loadRows({ idle, mixing, restMb, peakMb }: z.infer<typeof loadSchema>): Row[] {
  return [
    {
      name: 'host.delay-20x12mp',
      ours: mixing.p99,
      peer: 'idle host + 10 ms',
      theirs: idle.p99 + 10,
      goal: 1,
      note: `ms, p99; longest ${mixing.max.toFixed(0)}, idle p99 ${idle.p99.toFixed(1)}, idle longest ${idle.max.toFixed(0)}`,
    },
    {
      name: 'host.memory-4x12mp',
      ours: peakMb - restMb,
      peer: 'bar',
      theirs: 1536,
      goal: 1,
      note: `MB above the idle host's ${restMb.toFixed(0)}`,
    },
  ];
}

function slope(name: string, resident: z.infer<typeof residentSchema>, condition = ''): Row {
  const [from = Number.NaN, to = Number.NaN] = [resident[50], resident[200]];
  const steps = Object.entries(resident).map(([mixes, mb]) => `${mixes}: ${mb.toFixed(0)}`);
  return {
    name,
    ours: Math.max(0, to - from) / 150,
    peer: 'bar',
    theirs: 0.1,
    goal: 1,
    note: `MB a mix from mix 50 to mix 200; MB after so many mixes ${steps.join(', ')}${condition}`,
  };
}
