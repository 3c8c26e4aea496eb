import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { constants, mkdtemp, open, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { JobRecord } from '../../src/jobs/job.ts';
import { replaceFile } from '../../src/storage/durableFile.ts';
import { makeFolder } from '../../src/storage/folder.ts';
import { ignore } from '../../src/storage/systemError.ts';
import { startComfyUI } from '../comfyui/server.ts';
import { smallRecipe } from './support/appBench.ts';
import { recordOf, requestOf } from './support/jobBench.ts';

const program = join(import.meta.dirname, '..', '..', 'dist', 'cli.cjs');

/** A run of the command line: what it has written so far, and its end. */
class Run {
  readonly ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  stdout = '';
  stderr = '';
  readonly #process: ChildProcess;
  readonly #watchers = new Set<() => void>();

  constructor(folder: string, args: string[], environment: NodeJS.ProcessEnv) {
    const child = spawn(process.execPath, [program, ...args], {
      cwd: folder,
      env: { PATH: process.env.PATH, XDG_STATE_HOME: join(folder, 'state'), ...environment },
    });
    this.#process = child;
    child.stdout.on('data', (text) => this.#add('stdout', text));
    child.stderr.on('data', (text) => this.#add('stderr', text));
    this.ended = new Promise((resolve) => child.on('close', (code, signal) => resolve({ code, signal })));
  }

  get outcome(): unknown {
    return JSON.parse(this.stdout);
  }

  kill(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  /** Resolves once the program has written this. */
  async wrote(stream: 'stdout' | 'stderr', text: string): Promise<void> {
    while (!this[stream].includes(text)) await new Promise<void>((resolve) => this.#watchers.add(resolve));
  }

  #add(stream: 'stdout' | 'stderr', text: unknown): void {
    this[stream] += String(text);
    for (const watcher of this.#watchers) watcher();
    this.#watchers.clear();
  }
}

let folder = '';
const runs: Run[] = [];
const mix = (...args: string[]) => mixWith({}, ...args);
const mixWith = (environment: NodeJS.ProcessEnv, ...args: string[]) => {
  const run = new Run(folder, args, environment);
  runs.push(run);
  return run;
};
const jobsFolder = () => join(folder, 'state', 'image-mixer', 'jobs');
const leftJobs = async () => (await readdir(jobsFolder())).filter((name) => !name.startsWith('.'));

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cli-'));
  for (const name of ['red.png', 'blue.png']) {
    await sharp({ create: { width: 64, height: 64, channels: 3, background: '#d02020' } })
      .png()
      .toFile(join(folder, name));
  }
  await writeFile(join(folder, 'a.mix.json'), JSON.stringify(smallRecipe));
});
afterEach(async () => {
  for (const run of runs.splice(0)) {
    run.kill('SIGKILL');
    await run.ended;
  }
  await rm(folder, { recursive: true, force: true });
});

/** Leaves a job on disk, by default a local one, as a run does that was killed. */
async function leaveBehind(id: string, out: string, changes: Partial<JobRecord> = {}): Promise<void> {
  const storage = join(folder, 'state', 'image-mixer');
  const record: JobRecord = recordOf(id, {
    createdAt: Date.now(),
    request: requestOf(out, {
      home: { storage, isTrusted: true, mayUpload: true },
      engine: 'local',
      recipe: { ...requestOf(out).recipe, width: 64, height: 64 },
      sources: [{ index: 0, name: 'red.png', weight: 1, location: { kind: 'file', path: join(folder, 'red.png') } }],
    }),
    ...changes,
  });
  await makeFolder(join(jobsFolder(), id));
  await replaceFile(join(jobsFolder(), id, 'job-1.json'), JSON.stringify(record));
}

test('a recipe is mixed, and the outcome is one line of JSON', async () => {
  const run = mix('a.mix.json');
  expect(await run.ended).toEqual({ code: 0, signal: null });
  expect(run.outcome).toMatchObject({ status: 'done', engine: 'local', seeds: [7] });
  expect(await readdir(join(folder, 'mixes'))).toEqual(['rose-man-7-1.png']);
  expect(await leftJobs()).toEqual([]);
});

test.each([
  ['without a recipe', []],
  ['with an unknown engine', ['a.mix.json', '--engine', 'warp']],
])('%s, it says how it is used', async (_, args) => {
  const run = mix(...args);
  expect(await run.ended).toEqual({ code: 1, signal: null });
  expect(run.stderr).toContain('Usage:');
});

describe('with ComfyUI servers in the environment', () => {
  const authorization = 'Bearer comfyui-secret-51c0';

  test('it mixes there, with the authorization, and tells how far it is', async () => {
    const server = await startComfyUI({ scenarios: ['authorization'] });
    const environment = {
      IMAGE_MIXER_COMFYUI_SERVERS: ` ${server.url}/ , `,
      IMAGE_MIXER_COMFYUI_AUTHORIZATION: authorization,
    };
    const run = mixWith(environment, 'a.mix.json');
    expect(await run.ended).toEqual({ code: 0, signal: null });
    expect(run.outcome).toMatchObject({ status: 'done', engine: 'comfyui', seeds: [7] });
    expect(run.stderr).toContain('Mixing');
    expect(run.stdout + run.stderr).not.toContain(authorization);
    const withKey = mixWith({ ...environment, IMAGE_MIXER_API_KEY: 'k1', IMAGE_MIXER_BASE_URL: 'x' }, 'a.mix.json');
    expect((await withKey.ended).code).toBe(1);
    expect(withKey.outcome).toMatchObject({ engine: 'hosted' });
    const local = mixWith(environment, 'a.mix.json', '--engine', 'local');
    expect((await local.ended).code).toBe(0);
    expect(local.outcome).toMatchObject({ engine: 'local' });
    await server.close();
  });

  test.each([
    ['no server', {}, /No ComfyUI server is set/],
    ['what is no URL', { IMAGE_MIXER_COMFYUI_SERVERS: '127.0.0.1:8188' }, /invalid address/],
    [
      'an authorization for servers of different origins',
      {
        IMAGE_MIXER_COMFYUI_SERVERS: 'http://127.0.0.1:9,http://localhost:9',
        IMAGE_MIXER_COMFYUI_AUTHORIZATION: authorization,
      },
      /different origins/,
    ],
    ['nobody there', { IMAGE_MIXER_COMFYUI_SERVERS: 'http://127.0.0.1:9' }, /Start ComfyUI/],
  ])('it fails with %s', async (_, environment, message) => {
    const run = mixWith(environment, 'a.mix.json', '--engine', 'comfyui');
    expect(await run.ended).toEqual({ code: 1, signal: null });
    expect(run.outcome).toMatchObject({ status: 'failed', engine: 'comfyui' });
    expect(run.stderr).toMatch(message);
  });

  test('it says so if the authorization has no scheme, and not what it is', async () => {
    const run = mixWith({ IMAGE_MIXER_COMFYUI_AUTHORIZATION: 'token-51c0' }, 'a.mix.json');
    expect(await run.ended).toEqual({ code: 1, signal: null });
    expect(run.stderr).toMatch(/IMAGE_MIXER_COMFYUI_AUTHORIZATION.*Usage:/s);
    expect(run.stderr).not.toContain('51c0');
  });
});

describe.skipIf(process.platform !== 'linux')('an output folder that cannot be created', () => {
  test('fails with a message', async () => {
    const run = mix('a.mix.json', '--out', '/proc/x');
    expect(await run.ended).toEqual({ code: 1, signal: null });
    expect(run.outcome).toMatchObject({ status: 'failed', error: { code: 'save-failed' } });
  });

  test("doesn't keep SIGTERM from ending the run", async () => {
    const run = mix('a.mix.json', '--out', '/proc/x/y/z');
    await run.wrote('stderr', 'Mixing');
    run.kill('SIGTERM');
    const { code } = await run.ended;
    expect([1, 130]).toContain(code); // it may have failed before
    expect(run.outcome).toMatchObject({ status: code === 1 ? 'failed' : 'cancelled' });
  });

  test('of a job of an earlier run holds up neither the new mix nor the end of the process', async () => {
    await leaveBehind('left', '/proc/x');
    const run = mix('a.mix.json');
    await run.wrote('stdout', '\n');
    expect(run.outcome).toMatchObject({ status: 'done' });
    expect(await run.ended).toEqual({ code: 0, signal: null });
    expect(run.stderr).toMatch(/earlier run failed/);
    expect(await leftJobs()).toEqual(['left']); // its result is kept, and the next run tries again
  });
});

test('jobs of earlier runs are finished after the outcome was printed', async () => {
  await leaveBehind('left', join(folder, 'earlier'));
  const run = mix('a.mix.json');
  await run.wrote('stderr', 'Finishing a mix of earlier runs');
  expect(run.outcome).toMatchObject({ status: 'done' });
  expect((await run.ended).code).toBe(0);
  expect(run.stderr).toContain(`Saved by an earlier run: ${join(folder, 'earlier')}`);
  expect(await leftJobs()).toEqual([]);
});

test('jobs of earlier runs that are paid for are kept if they fail again, however quickly', async () => {
  const out = join(folder, 'earlier');
  const request = { first: 0, samples: 1, seed: 7, phase: 'accepted', id: '1', links: [], waited: 0 };
  const engineState = { version: 1, baseUrl: 'https://service.example/api', dialect: 'v6', requests: [request] };
  const ids = ['left-1', 'left-2', 'left-3', 'left-4'];
  const home = { storage: join(folder, 'state', 'image-mixer'), isTrusted: true, mayUpload: true };
  for (const id of ids)
    await leaveBehind(id, out, { state: 'running', engineState, request: requestOf(out, { home }) });
  const run = mix('a.mix.json'); // without a key
  expect((await run.ended).code).toBe(0);
  expect(run.stderr.match(/earlier run failed/g)).toHaveLength(ids.length);
  expect(await leftJobs()).toEqual(ids);
});

test('a signal leaves the jobs of earlier runs to the next run', async () => {
  for (const id of ['left-1', 'left-2', 'left-3', 'left-4']) await leaveBehind(id, join(folder, 'earlier'));
  const run = mix('a.mix.json');
  await run.wrote('stderr', 'Finishing 4 mixes of earlier runs');
  run.kill('SIGINT');
  expect(await run.ended).toEqual({ code: 0, signal: null });
  expect((await leftJobs()).length).toBeGreaterThan(0);
  const next = mix('a.mix.json');
  expect((await next.ended).code).toBe(0);
  expect(await leftJobs()).toEqual([]);
});

test('a signal cancels the mix', async () => {
  await writeFile(
    join(folder, 'big.mix.json'),
    JSON.stringify({ ...smallRecipe, width: 1024, height: 1024, samples: 4 }),
  );
  const run = mix('big.mix.json');
  await run.wrote('stderr', 'Mixing');
  run.kill('SIGTERM');
  expect((await run.ended).code).toBe(130);
  expect(run.outcome).toMatchObject({ status: 'cancelled' });
});

test.skipIf(process.platform === 'win32')('a second signal ends a run that hangs in the file system', async () => {
  const pipe = join(folder, 'pipe.mix.json');
  execFileSync('mkfifo', [pipe]);
  const run = mix('pipe.mix.json');
  const openPipe = () => open(pipe, constants.O_WRONLY | constants.O_NONBLOCK); // fails until the program reads it
  const writer = await vi.waitUntil(() => openPipe().catch(ignore('ENXIO')), { timeout: 30_000 });
  run.kill('SIGTERM');
  run.kill('SIGINT');
  const { code, signal } = await run.ended;
  expect(signal ?? code).toBe('SIGINT'); // which a shell reports as 130
  await writer.close();
});
