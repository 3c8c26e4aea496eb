// `npm run bench`: the rows of every benchmark, as a table and as bench/latest.json.
//   npm run bench -- NAME …   runs only these of the benchmarks below
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Row } from './row.ts';

const benchmarks: Readonly<Record<string, () => Promise<{ rows(): Promise<Row[]> }>>> = {
  activation: () => import('./activation.ts'),
  panel: () => import('./panel.ts'),
  picker: () => import('./picker.ts'),
  results: () => import('./results.ts'),
  local: () => import('./local.ts'),
  host: () => import('./host.ts'),
  hosted: () => import('./hosted.ts'),
  comfyui: () => import('./comfyui.ts'),
};

interface MeasuredRow extends Row {
  readonly ratio: number | null;
  readonly ok: boolean;
}

const chosen = process.argv.slice(2);
const rows: MeasuredRow[] = [];
for (const [name, load] of Object.entries(benchmarks)) {
  if (chosen.length > 0 && !chosen.includes(name)) continue;
  console.error(`${name} …`);
  for (const row of await (await load()).rows()) {
    const ratio = row.theirs === null ? null : row.ours / row.theirs;
    rows.push({ ...row, ratio, ok: ratio !== null && ratio <= row.goal });
  }
}

const short = (value: number | null) => (value === null ? '–' : Number(value.toPrecision(3)));
const columns = ['name', 'ours', 'peer', 'theirs', 'ratio', 'goal', 'ok', 'note'];
const table = rows.map((row) => ({
  ...row,
  ours: short(row.ours),
  theirs: short(row.theirs),
  ratio: short(row.ratio),
}));
console.table(table, columns);
await writeFile(join(import.meta.dirname, 'latest.json'), `${JSON.stringify({ rows }, undefined, 2)}\n`);
