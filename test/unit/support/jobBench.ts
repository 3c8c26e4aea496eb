import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../../src/engines/clock.ts';
import type { Engine, MixContext, MixResult, MixTask } from '../../../src/engines/engine.ts';
import { type JobRecord, type JobRequest, jobRecordSchema } from '../../../src/jobs/job.ts';
import { JobRunner, type JobRunnerOptions } from '../../../src/jobs/jobRunner.ts';
import type { EngineName } from '../../../src/mix/limits.ts';
import { ResultWriter } from '../../../src/output/resultWriter.ts';
import { png } from './hostedBench.ts';

/** The workspace of windows and jobs, unless a test says otherwise. */
export const workspaceStorage = '/storage/of/a/workspace';

/** The id of a process that has ended. */
const deadPid = spawnSync(process.execPath, ['--version']).pid;

/** Makes a window look as if its process had ended without a word. @param directory the folder of the jobs. */
export async function killWindow(directory: string, owner: string, itsWorkspace = workspaceStorage): Promise<void> {
  const mark = { workspaceStorage: itsWorkspace, host: hostname(), pid: deadPid, beat: 1 };
  await writeFile(join(directory, '.windows', owner), JSON.stringify(mark));
}

/** A request whose results go into `folder`. */
export function requestOf(folder: string, changes: Partial<JobRequest> = {}): JobRequest {
  return jobRecordSchema.shape.request.parse({
    home: { storage: workspaceStorage, isTrusted: true, mayUpload: true },
    service: { baseUrl: '', dialect: 'v5' },
    engine: 'hosted',
    recipe: { images: [{ source: 'a.png' }], prompt: 'rose man', seed: 7 },
    sources: [],
    destination: { folder, root: folder, fileName: '{name}-{seed}-{index}', embedRecipe: false },
    name: 'rose man',
    notices: [],
    ...changes,
  });
}

/** A record as the job store keeps it. */
export function recordOf(id: string, changes: Partial<JobRecord> = {}): JobRecord {
  return {
    version: 1,
    id,
    createdAt: 1_700_000_000_000,
    request: requestOf('/nowhere'),
    state: 'waiting',
    results: [],
    notices: [],
    canCheckAgain: false,
    ...changes,
  };
}

/** A run of a job that the test controls. */
export interface Run {
  readonly task: MixTask;
  readonly context: MixContext;
  deliver(index: number, mark?: string): Promise<void>;
  end(error?: unknown): void;
}

/** An engine that does nothing by itself: the test controls its runs. An aborted run rejects with its signal's reason. */
export class ManualEngine implements Engine {
  readonly name: EngineName;
  readonly runs: Run[] = [];
  readonly discarded: unknown[] = [];
  #watcher: (() => void) | undefined;

  constructor(name: EngineName) {
    this.name = name;
  }

  canCheckAgain(saved: unknown): boolean {
    return saved === 'paid';
  }

  async discard(saved: unknown, notice: MixContext['notice']): Promise<void> {
    this.discarded.push(saved);
    notice({ code: 'not-canceled', args: { server: 'a server' } });
  }

  run(task: MixTask, context: MixContext): Promise<void> {
    return new Promise((resolve, reject) => {
      context.signal.addEventListener('abort', () => reject(context.signal.reason), { once: true });
      this.runs.push({
        task,
        context,
        deliver: (index, mark) => context.deliver(resultOf(index, mark ?? `${task.jobId}-${index}`)),
        end: (error) => (error === undefined ? resolve() : reject(error)),
      });
      this.#watcher?.();
    });
  }

  /** Resolves with the run at a position once it has started. */
  async started(at = 0): Promise<Run> {
    for (;;) {
      const run = this.runs[at];
      if (run) return run;
      await new Promise<void>((resolve) => {
        this.#watcher = resolve;
      });
    }
  }
}

/** A tiny result whose bytes differ by its mark. */
export function resultOf(index: number, mark: string): MixResult {
  return { index, seed: 7 + index, bytes: png(mark), format: 'png', engineVersion: 'test' };
}

/** A window that the test controls. */
export interface Window {
  readonly runner: JobRunner;
  readonly hosted: ManualEngine;
  readonly local: ManualEngine;
  readonly errors: unknown[];
  /** Makes the window look as if its process had ended without a word. What it does afterwards is that of a window that was only stopped. */
  kill(): Promise<void>;
}

/** Folders for jobs and results, and windows that share them. */
export class JobBench {
  readonly jobs: string;
  readonly results: string;
  readonly #root: string;
  #windows = 0;
  #ids = 0;

  private constructor(root: string) {
    this.#root = root;
    this.jobs = join(root, 'jobs');
    this.results = join(root, 'mixes');
  }

  static async start(): Promise<JobBench> {
    return new JobBench(await mkdtemp(join(tmpdir(), 'jobs-')));
  }

  /** Opens another window with engines that the test controls. */
  window(changes: Partial<JobRunnerOptions> = {}): Window {
    const hosted = new ManualEngine('hosted');
    const local = new ManualEngine('local');
    const comfyui = new ManualEngine('comfyui');
    const owner = `window-${++this.#windows}`;
    const errors: unknown[] = [];
    const runner = new JobRunner({
      directory: this.jobs,
      workspaceStorage,
      isTrusted: () => true,
      engines: { hosted: async () => hosted, comfyui: async () => comfyui, local: async () => local },
      writer: new ResultWriter(),
      clock: systemClock,
      maxConcurrent: () => 2,
      newId: () => `job-${++this.#ids}`,
      onError: (_, error) => errors.push(error),
      owner,
      ...changes,
    });
    const kill = () => killWindow(this.jobs, owner, changes.workspaceStorage);
    return { runner, hosted, local, errors, kill };
  }

  request(changes: Partial<JobRequest> = {}): JobRequest {
    return requestOf(this.results, changes);
  }

  close(): Promise<void> {
    return rm(this.#root, { recursive: true, force: true });
  }
}

/** The engines of a runner that gets hosted jobs only. */
export function onlyHosted(hosted: () => Promise<Engine>): JobRunnerOptions['engines'] {
  const never = () => Promise.reject(new Error('Only the hosted engine is expected'));
  return { hosted, local: never, comfyui: never };
}
