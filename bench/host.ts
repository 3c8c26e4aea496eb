// What local mixes do to the extension host: how long they keep it from answering, and how much memory they take and leave.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { makeProject } from '../test/hosts/project.ts';
import { launchWorkbench } from '../test/hosts/workbench.ts';
import { addLargePhotographs } from './largePhotographs.ts';
import type { Row } from './row.ts';

const delaySchema = z.object({ p99: z.number(), max: z.number() });
const figuresSchema = z.object({
  idle: delaySchema,
  mixing: delaySchema,
  restMb: z.number(),
  peakMb: z.number(),
  /** Resident memory after so many mixes, workers ended and garbage collected. */
  resident: z.record(z.string(), z.number()),
});

export async function rows(): Promise<Row[]> {
  const project = await makeProject();
  const temporary = await mkdtemp(join(tmpdir(), 'image-mixer-bench-'));
  const file = join(temporary, 'figures.json');
  await addLargePhotographs(project.folder, 4);
  const workbench = await launchWorkbench({
    folder: project.folder,
    develop: resolve(import.meta.dirname, '..'),
    tests: join(import.meta.dirname, 'host/probe.cjs'),
    env: { IMAGE_MIXER_HOST: file },
    onConsole: (type, text) => {
      if (type === 'error') console.error(text);
    },
  });
  try {
    if ((await workbench.exited) !== 0) throw new Error('The mixes in the extension host failed');
    return rowsOf(figuresSchema.parse(JSON.parse(await readFile(file, 'utf8'))));
  } finally {
    await workbench.close();
    await project.remove();
    await rm(temporary, { recursive: true });
  }
}

function rowsOf({ idle, mixing, restMb, peakMb, resident }: z.infer<typeof figuresSchema>): Row[] {
  const [from = Number.NaN, to = Number.NaN] = [resident[50], resident[200]];
  const steps = Object.entries(resident).map(([mixes, mb]) => `${mixes}: ${mb.toFixed(0)}`);
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
      name: 'host.memory-slope',
      ours: Math.max(0, to - from) / 150,
      peer: 'bar',
      theirs: 0.1,
      goal: 1,
      note: `MB a mix from mix 50 to mix 200; MB after so many mixes ${steps.join(', ')}`,
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
