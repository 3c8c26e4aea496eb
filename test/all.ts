// `npm test`: runs all parts in turn with live output. The last line is the total.
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { z } from 'zod';
import manifest from '../package.json' with { type: 'json' };

interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

interface Part {
  readonly name: string;
  /** What to run in turn: programs in node_modules/.bin with their arguments. */
  readonly commands: readonly (readonly string[])[];
  /** Counts the tests. Without it, the part counts as one test. */
  readonly count?: (output: string) => Promise<Counts>;
}

const root = resolve(import.meta.dirname, '..');
const reports = await mkdtemp(join(tmpdir(), 'image-mixer-reports-'));
const minutesPerPart = 60;
const oldestPackage = `package (VS Code ${/\d+\.\d+/.exec(manifest.engines.vscode)})`;

const parts: readonly Part[] = [
  {
    name: 'types',
    commands: [
      ['tsc', '-p', '.'],
      ['tsc', '-p', 'tsconfig.cli.json'],
      ['tsc', '-p', 'tsconfig.dom.json'],
    ],
  },
  { name: 'lint', commands: [['biome', 'check', '.']] },
  { name: 'build', commands: [['node', 'esbuild.js']] },
  {
    name: 'unit',
    commands: [
      ['vitest', 'run', '--coverage', '--reporter=default', '--reporter=json', `--outputFile.json=${report('unit')}`],
    ],
    count: countVitest,
  },
  { name: 'vscode', commands: [['node', 'test/vscode/run.ts']], count: countMocha },
  {
    name: 'ui',
    commands: [['playwright', 'test', '--config', 'test/ui/playwright.config.ts', '--reporter=list,json']],
    count: () => countPlaywright('ui'),
  },
  {
    name: 'package',
    commands: [['node', 'esbuild.js', '--production'], ['node', 'scripts/package.ts'], packageTests('newest')],
    count: () => countPlaywright('package'),
  },
  {
    name: oldestPackage,
    commands: [packageTests('oldest')],
    count: () => countPlaywright(oldestPackage),
  },
];

const total = { passed: 0, failed: 0, skipped: 0 };
for (const part of parts) {
  console.log(`\n── ${part.name} ──`);
  const counts = await runPart(part);
  console.log(`${part.name}: ${formatCounts(counts)}`);
  total.passed += counts.passed;
  total.failed += counts.failed;
  total.skipped += counts.skipped;
}
await rm(reports, { recursive: true, force: true });
console.log(`\n${formatCounts(total)}`);
process.exitCode = total.failed > 0 ? 1 : 0;

/** Runs a part. If it fails without a failed test, or runs no test at all, it counts as one failure. */
async function runPart({ name, commands, count }: Part): Promise<Counts> {
  let output = '';
  let succeeded = true;
  for (const command of commands) {
    const result = await run(command, { PLAYWRIGHT_JSON_OUTPUT_FILE: report(name) });
    output += result.output;
    succeeded &&= result.succeeded;
    if (!succeeded) break;
  }
  if (!count) return { passed: succeeded ? 1 : 0, failed: succeeded ? 0 : 1, skipped: 0 };
  const counts = await count(stripVTControlCharacters(output)).catch(() => ({ passed: 0, failed: 0, skipped: 0 }));
  const unexplained = counts.failed === 0 && (!succeeded || counts.passed === 0);
  return unexplained ? { ...counts, failed: 1 } : counts;
}

function run([program = '', ...args]: readonly string[], env: Record<string, string>) {
  return new Promise<{ output: string; succeeded: boolean }>((resolve) => {
    const child = spawn(program, args, {
      cwd: root,
      // With CI set, a forgotten `.only` is an error.
      env: { CI: '1', ...process.env, ...(process.stdout.isTTY && { FORCE_COLOR: '1' }), ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      shell: process.platform === 'win32', // on Windows the programs are batch files
    });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk;
      process.stdout.write(chunk);
    });
    child.stderr.on('data', (chunk: Buffer) => process.stderr.write(chunk));
    const limit = setTimeout(() => {
      console.error(`${program} took longer than ${minutesPerPart} minutes and was stopped.`);
      child.kill();
    }, minutesPerPart * 60_000);
    child.once('error', (error) => console.error(error.message));
    child.once('close', (code) => {
      clearTimeout(limit);
      resolve({ output, succeeded: code === 0 });
    });
  });
}

function packageTests(project: 'newest' | 'oldest'): readonly string[] {
  const config = ['--config', 'test/ui/package.config.ts', `--project=${project}`];
  return ['playwright', 'test', ...config, '--reporter=list,json'];
}

function report(name: string): string {
  return join(reports, `${name}.json`);
}

async function readReport<T>(name: string, schema: z.ZodType<T>): Promise<T> {
  return schema.parse(JSON.parse(await readFile(report(name), 'utf8')));
}

async function countVitest(): Promise<Counts> {
  const number = z.number();
  const schema = z.object({ numPassedTests: number, numFailedTests: number, numPendingTests: number });
  const counts = await readReport('unit', schema);
  return { passed: counts.numPassedTests, failed: counts.numFailedTests, skipped: counts.numPendingTests };
}

async function countPlaywright(name: string): Promise<Counts> {
  const number = z.number();
  const schema = z.object({
    stats: z.object({ expected: number, unexpected: number, flaky: number, skipped: number }),
  });
  const { stats } = await readReport(name, schema);
  return { passed: stats.expected, failed: stats.unexpected + stats.flaky, skipped: stats.skipped };
}

async function countMocha(output: string): Promise<Counts> {
  const number = (word: string) => Number(new RegExp(`^\\s*(\\d+) ${word}`, 'm').exec(output)?.[1] ?? 0);
  return { passed: number('passing'), failed: number('failing'), skipped: number('pending') };
}

function formatCounts({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}
