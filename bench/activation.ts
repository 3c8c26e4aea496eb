import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect } from '@playwright/test';
import { z } from 'zod';
import { launchWorkbench } from '../test/hosts/workbench.ts';
import { median, type Row, spread } from './row.ts';

const timesSchema = z.object({ 'image-mixer': z.number(), empty: z.number() });
const windows = 11;

/** Activation time of the extension and of an empty one, each in several fresh extension hosts without other extensions. */
export async function rows(): Promise<Row[]> {
  const temporary = await mkdtemp(join(tmpdir(), 'image-mixer-bench-'));
  const file = join(temporary, 'times.jsonl');
  const fixtures = join(import.meta.dirname, 'activation');
  const [builtIn, warm] = [join(temporary, 'none'), join(temporary, 'warm')];
  await mkdir(builtIn);
  await cp(join(fixtures, 'empty'), warm, { recursive: true });
  const manifest = await readFile(join(warm, 'package.json'), 'utf8');
  await writeFile(join(warm, 'package.json'), manifest.replace('"empty"', '"warm"'));
  const workbench = await launchWorkbench({
    install: [resolve(import.meta.dirname, '..'), join(fixtures, 'empty'), join(fixtures, 'probe'), warm],
    env: { IMAGE_MIXER_ACTIVATION: file },
    serverArgs: ['--builtin-extensions-dir', builtIn],
  });
  try {
    const lines = async () => (await readFile(file, 'utf8').catch(() => '')).split('\n').filter(Boolean);
    for (let runs = 1; runs <= windows; runs++) {
      const page = runs === 1 ? workbench.page : await workbench.openWindow();
      await expect.poll(async () => (await lines()).length, { timeout: 60_000 }).toBe(runs);
      await page.close();
    }
    const times = (await lines()).map((line) => timesSchema.parse(JSON.parse(line)));
    const ours = times.map((time) => time['image-mixer']);
    const empty = times.map((time) => time.empty);
    const note = `ms; ours ${spread(ours)}; theirs ${spread(empty)}`;
    return [{ name: 'activation', ours: median(ours), peer: 'empty extension', theirs: median(empty), goal: 3, note }];
  } finally {
    await workbench.close();
    await rm(temporary, { recursive: true, force: true });
  }
}
