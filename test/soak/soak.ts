import { type ChildProcess, fork } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import sharp from 'sharp';
import { ResultStore } from '../../src/app/resultStore.ts';
import { readRecord } from '../../src/jobs/jobFolder.ts';
import { randomFrom } from '../random.ts';
import { startSandbox } from '../sandbox/sandbox.ts';

// `npm run soak -- [--jobs 300] [--seed 1]`: three windows on two workspaces mix at the sandbox, while they are killed, stopped and
// continued at random. In the end, every result that was paid for is in its own project and in its list, or its job is told as interrupted.

const { values } = parseArgs({ options: { jobs: { type: 'string' }, seed: { type: 'string' } } });
const jobCount = Number(values.jobs ?? 300);
const random = randomFrom(Number(values.seed ?? 1));

/** A workspace: its project folder and its storage. */
interface Workspace {
  readonly name: string;
  readonly project: string;
  readonly storage: string;
}

const root = await mkdtemp(join(tmpdir(), 'soak-'));
const globalStorage = join(root, 'global');
const image = join(root, 'image.png');
await sharp({ create: { width: 64, height: 64, channels: 3, background: '#d02020' } })
  .png()
  .toFile(image);
const sandbox = await startSandbox({ eta: 2 });
const workspaces = ['a', 'b'].map(
  (name): Workspace => ({ name, project: join(root, name), storage: join(root, `storage-${name}`) }),
);
for (const { project } of workspaces) await mkdir(project);

function workspaceAt(at: number): Workspace {
  const workspace = workspaces[at];
  if (!workspace) throw new Error(`No workspace ${at}`);
  return workspace;
}

/** One of the three windows. Its process may be killed; then it opens again. */
class Window {
  readonly workspace: Workspace;
  #child: ChildProcess | undefined;
  #isStopped = false;

  constructor(workspace: Workspace) {
    this.workspace = workspace;
  }

  open(): Promise<void> {
    const { project, storage } = this.workspace;
    const setup = { globalStorage, storage, project, image, baseUrl: sandbox.baseUrl, key: sandbox.key };
    const child = fork(join(import.meta.dirname, 'window.ts'), [JSON.stringify(setup)], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    this.#child = child;
    this.#isStopped = false;
    return new Promise((resolve) => {
      child.once('message', () => resolve());
      child.once('exit', () => resolve());
    });
  }

  get isReady(): boolean {
    return this.#child?.connected === true && !this.#isStopped;
  }

  start(prompt: string, seed: number, samples: number): void {
    this.#child?.send({ prompt, seed, samples });
  }

  kill(): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
    return new Promise((resolve) => {
      child.once('exit', () => resolve());
      child.kill('SIGKILL');
    });
  }

  async stopFor(ms: number): Promise<void> {
    this.#isStopped = true;
    const child = this.#child;
    child?.kill('SIGSTOP');
    await delay(ms);
    child?.kill('SIGCONT');
    if (child === this.#child) this.#isStopped = false;
  }
}

const windows = [0, 0, 1].map((at) => new Window(workspaceAt(at)));
const counts = { jobs: jobCount, kills: 0, stops: 0 };
let isOver = false;

/** Kills and stops a window at random, and opens it again, until all jobs were started. */
async function disturb(window: Window): Promise<void> {
  await window.open();
  while (!isOver) {
    await delay(300 + 2000 * random());
    if (random() < 0.5) {
      counts.stops++;
      await window.stopFor(100 + 2500 * random());
      continue;
    }
    counts.kills++;
    await window.kill();
    await delay(4500 * random()); // sometimes long enough for a window of the other workspace to take up what is left
    await window.open();
  }
}

const disturbances = windows.map(disturb);
for (let job = 0; job < jobCount; ) {
  await delay(50 + 250 * random());
  const window = windows[Math.floor(random() * windows.length)];
  if (!window?.isReady) continue;
  window.start(`${window.workspace.name} ${job}`, 10 * job, job % 5 === 0 ? 4 : 1);
  job++;
}
await delay(2_000);
isOver = true;
await Promise.all(disturbances);

/** The records of the jobs on disk, by prompt. */
async function recordsLeft() {
  const ids = (await readdir(join(globalStorage, 'jobs'))).filter((name) => !name.startsWith('.'));
  const records = await Promise.all(
    ids.map((id) => readRecord(join(globalStorage, 'jobs', id)).catch(() => undefined)),
  );
  return records.filter((record) => record !== undefined);
}

// Failed jobs stay, for their window to show them.
const deadline = Date.now() + 240_000;
while ((await recordsLeft()).some(({ state }) => state !== 'failed') && Date.now() < deadline) await delay(250);
const left = await recordsLeft();
for (const window of windows) await window.kill();

const problems: string[] = left
  .filter(({ state }) => state !== 'failed')
  .map(({ state, request }) => `${request.name}: still ${state}`);
const interrupted = left.filter(({ failure }) => failure?.code === 'interrupted');
const told = new Set(left.map(({ request }) => request.recipe.prompt));
const orders = new Map<string, number>();
for (const { order, seed } of sandbox.generations) {
  const name = `${order.prompt}/${seed}`;
  orders.set(name, (orders.get(name) ?? 0) + 1);
}
for (const [name, times] of orders) if (times > 1) problems.push(`${name}: paid ${times} times`);
let saved = 0;
for (const { name, project, storage } of workspaces) {
  const files = await readdir(join(project, 'mixes')).catch(() => []);
  const listed = (await new ResultStore(storage).all()).map(({ recipe, seed }) => `${recipe.prompt}/${seed}`);
  const present: string[] = [];
  for (const file of files) {
    const [, prompt, seed] = /^([ab]-\d+)-(\d+)-\d+\.png$/.exec(file) ?? [];
    if (prompt === undefined) problems.push(`${file} in ${name}: unexpected`);
    else present.push(`${prompt.replace('-', ' ')}/${seed}`);
  }
  saved += present.length;
  if (new Set(present).size < present.length) problems.push(`${name}: a result was saved twice`);
  for (const result of present) {
    if (!result.startsWith(name)) problems.push(`${result}: saved in ${name}`);
    if (!listed.includes(result)) problems.push(`${result}: not listed in ${name}`);
  }
  for (const result of listed)
    if (!present.includes(result)) problems.push(`${result}: listed in ${name}, but not saved`);
  for (const [order] of orders) {
    const prompt = order.split('/')[0] ?? '';
    if (prompt.startsWith(name) && !present.includes(order) && !told.has(prompt))
      problems.push(`${order}: paid, and lost`);
  }
}
const failures = left.filter(({ failure }) => failure?.code !== 'interrupted').map(({ failure }) => failure?.code);
console.table({
  ...counts,
  orders: orders.size,
  saved,
  interrupted: interrupted.length,
  'other failures': failures.join(' '),
});
for (const problem of problems) console.log(problem);
await sandbox.close();
await rm(root, { recursive: true, force: true });
process.exitCode = problems.length > 0 ? 1 : 0;
