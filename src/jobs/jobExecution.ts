import type { Engine, MixContext } from '../engines/engine.ts';
import { MixFailure } from '../mix/failure.ts';
import type { ActiveJob } from './activeJob.ts';
import type { JobFolder } from './jobFolder.ts';
import { type ResultSaver, writtenSamples } from './resultSaver.ts';

/**
 * Runs a leased job from where it stopped: first saves the results that an earlier run left in its folder, then runs the engine.
 * @throws MixFailure, LeaseLost, or the reason of the job's signal.
 */
export async function runJob(
  job: ActiveJob,
  folder: JobFolder,
  getEngine: () => Promise<Engine>,
  saver: ResultSaver,
): Promise<void> {
  job.update({ state: 'running' }); // written with the next step: until then, `waiting` and `running` recover the same way
  await saver.saveKept(job, folder);
  const { recipe, sources, service, home } = job.record.request;
  if (writtenSamples(job.record).size === recipe.samples) return;
  const engine = await getEngine();
  job.controller.signal.throwIfAborted();
  await engine.run(
    { jobId: job.record.id, recipe, sources, service, mayUpload: home.mayUpload },
    contextOf(job, folder, saver),
  );
}

function contextOf(job: ActiveJob, folder: JobFolder, saver: ResultSaver): MixContext {
  return {
    signal: job.controller.signal,
    saved: job.record.engineState,
    delivered: writtenSamples(job.record),
    progress: (progress) => job.reportProgress(progress),
    notice: (notice) => job.addNotice(notice),
    save: async (engineState) => {
      job.update({ engineState });
      await job.save();
    },
    deliver: (result) => {
      job.reportProgress({ stage: 'saving' });
      return saver.save(job, folder, result);
    },
  };
}

/** Converts anything thrown to a failure: file system errors to `save-failed`, unexpected ones to `generation-failed`. */
export function toFailure(error: unknown): MixFailure {
  if (error instanceof MixFailure) return error;
  const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined;
  if (typeof code === 'string' && /^E[A-Z]+$/.test(code)) {
    return new MixFailure('save-failed/storage', { args: { detail: code }, cause: error });
  }
  const detail = error instanceof Error ? error.message.slice(0, 200) : 'unknown';
  return new MixFailure('generation-failed/internal', { args: { detail }, retryable: false, cause: error });
}
