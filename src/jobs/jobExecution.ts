import type { Clock } from '../engines/clock.ts';
import type { Engine, MixContext } from '../engines/engine.ts';
import { MixFailure } from '../mix/failure.ts';
import { systemCode } from '../storage/systemError.ts';
import type { ActiveJob } from './activeJob.ts';
import type { JobFolder } from './jobFolder.ts';
import { type ResultSaver, writtenSamples } from './resultSaver.ts';

/** Milliseconds that an aborted run has to end. A hosted job needs up to four to get the answer to what it just paid for. */
const abortGracePeriod = 10_000;

/**
 * Runs a leased job from where it stopped: first saves the results that an earlier run left in its folder, then runs the engine.
 * Soon after the job's signal is aborted it ends, even if the engine or the disk hangs.
 * @throws MixFailure, LeaseLost, a system error, or the reason of the job's signal.
 */
export async function runJob(
  job: ActiveJob,
  folder: JobFolder,
  getEngine: () => Promise<Engine>,
  saver: ResultSaver,
  clock: Clock,
): Promise<void> {
  const { signal } = job.controller;
  const ended = new AbortController();
  const run = runEngine(job, folder, getEngine, saver, ended.signal);
  try {
    await Promise.race([run, rejectAfterAbort(signal, clock, ended.signal)]);
  } finally {
    ended.abort(signal.reason);
  }
}

async function runEngine(
  job: ActiveJob,
  folder: JobFolder,
  getEngine: () => Promise<Engine>,
  saver: ResultSaver,
  ended: AbortSignal,
): Promise<void> {
  job.update({ state: 'running' }); // written with the next step: until then, `waiting` and `running` recover the same way
  await saver.saveKept(job, folder);
  const { id, request } = job.record;
  const { recipe, sources, service, comfyui, home, destination } = request;
  if (writtenSamples(job.record).size === recipe.samples) return;
  const engine = await getEngine();
  job.controller.signal.throwIfAborted();
  const { mayUpload } = home;
  const task = { jobId: id, recipe, sources, service, comfyui, mayUpload, format: destination.format };
  await engine.run(task, contextOf(job, folder, saver, ended));
}

/** @param ended aborted once the run is over: an engine that is late must change nothing anymore. */
function contextOf(job: ActiveJob, folder: JobFolder, saver: ResultSaver, ended: AbortSignal): MixContext {
  return {
    signal: job.controller.signal,
    saved: job.record.engineState,
    delivered: writtenSamples(job.record),
    progress: (progress) => {
      if (!ended.aborted) job.reportProgress(progress);
    },
    notice: (notice) => {
      if (!ended.aborted) job.addNotice(notice);
    },
    preview: (image) => {
      if (!ended.aborted) job.showPreview(image);
    },
    save: async (engineState) => {
      ended.throwIfAborted();
      job.update({ engineState });
      await job.save();
    },
    deliver: (result) => {
      ended.throwIfAborted();
      job.reportProgress({ stage: 'saving' });
      return saver.save(job, folder, result);
    },
  };
}

/** Rejects with the signal's reason some time after it is aborted, unless the run has ended before. Never resolves. */
async function rejectAfterAbort(signal: AbortSignal, clock: Clock, ended: AbortSignal): Promise<never> {
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true, signal: ended });
  });
  await clock.sleep(abortGracePeriod, ended).catch((error: unknown) => {
    if (!ended.aborted) throw error;
  });
  throw signal.reason;
}

/** Converts anything thrown while a job ran to a failure: file system errors to `save-failed`, unexpected ones to `generation-failed`. */
export function toFailure(error: unknown): MixFailure {
  if (error instanceof MixFailure) return error;
  const code = systemCode(error);
  if (/^E[A-Z]+$/.test(code)) return new MixFailure('save-failed/state', { args: { detail: code }, cause: error });
  const detail = error instanceof Error ? error.message.slice(0, 200) : 'unknown';
  return new MixFailure('generation-failed/internal', { args: { detail }, retryable: false, cause: error });
}
