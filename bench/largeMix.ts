import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import sharp from 'sharp';
import { z } from 'zod';
import { makeProject } from '../test/hosts/project.ts';
import { enfuse } from './enfuse.ts';
import { addLargePhotographs } from './largePhotographs.ts';
import { median, type Row, spread } from './row.ts';

const side = 4096;
/** The most memory that the whole process may take at its peak, in bytes. */
const memoryGoal = 2e9;

/** What `largeMixProcess.ts` writes: the duration of each run in milliseconds, and the peak of its memory in bytes. */
export const measuredSchema = z.object({ runs: z.array(z.number()), peakBytes: z.number() });

/** Two photographs of 12 megapixels to the largest result, from files to the PNG, in a process of its own whose memory is measured. */
export async function largeMix(folder: string): Promise<Row> {
  const project = await makeProject();
  try {
    const paths = (await addLargePhotographs(project.folder, 2)).map((path) => join(project.folder, path));
    const script = join(import.meta.dirname, 'largeMixProcess.ts');
    const { stdout } = await promisify(execFile)(process.execPath, [script, String(side), ...paths]);
    const { runs, peakBytes } = measuredSchema.parse(JSON.parse(stdout));
    const theirs = await peer(folder, paths, runs.length);
    const memory = `peak ${(peakBytes / 1e9).toFixed(2)} GB of at most ${memoryGoal / 1e9}`;
    const times = theirs.length > 0 ? `theirs ${spread(theirs)}` : 'enfuse is not installed';
    return {
      name: 'local.mix-4096-2',
      ours: median(runs),
      peer: 'enfuse, whole process',
      theirs: theirs.length > 0 ? median(theirs) : null,
      goal: peakBytes <= memoryGoal ? 0.7 : 0, // a mix that takes too much memory is never good enough
      note: `ms; ours ${spread(runs)}; ${memory}; ${times}`,
    };
  } finally {
    await project.remove();
  }
}

/** enfuse takes only images of one size, so it gets them cropped and enlarged. */
async function peer(folder: string, paths: readonly string[], count: number): Promise<number[]> {
  const resized = await Promise.all(
    paths.map(async (path, i) => {
      const copy = join(folder, `large-${i}.jpg`);
      await sharp(path).resize(side, side, { fit: 'cover' }).jpeg({ quality: 92 }).toFile(copy);
      return copy;
    }),
  );
  const durations: number[] = [];
  for (let run = 0; run < count; run++) {
    const duration = await enfuse(resized, join(folder, 'large.png'));
    if (duration === undefined) break;
    durations.push(duration);
  }
  return durations;
}
