import type { Engine, MixContext } from '../engines/engine.ts';
import { MixFailure } from '../mix/failure.ts';
import type { ActiveJob } from './activeJob.ts';
import type { JobFolder } from './jobFolder.ts';
import { type PictureSaver, writtenSamples } from './resultSaver.ts';

/**
 * Runs a job that this window owns from where it was left: first what was made and not saved, then the engine.
 * @throws MixFailure, Superseded, or the reason of the job's signal.
 */
export async function runJob(
  job: ActiveJob,
  folder: JobFolder,
  getEngine: () => Promise<Engine>,
  saver: PictureSaver,
): Promise<void> {
  job.update({ state: 'running' }); // on disk with the next step: until then it makes no difference whether a job waits or runs
  await saver.saveKept(job, folder);
  const { recipe, sources } = job.record.request;
  if (writtenSamples(job.record).size === recipe.samples) return;
  const engine = await getEngine();
  job.controller.signal.throwIfAborted();
  await engine.run({ jobId: job.record.id, recipe, sources }, contextOf(job, folder, saver));
}

function contextOf(job: ActiveJob, folder: JobFolder, saver: PictureSaver): MixContext {
  return {
    signal: job.controller.signal,
    saved: job.record.engineState,
    delivered: writtenSamples(job.record),
    progress: (progress) => job.report(progress),
    notice: (notice) => job.notice(notice),
    save: async (engineState) => {
      job.update({ engineState });
      await job.save();
    },
    deliver: (picture) => {
      job.report({ stage: 'saving' });
      return saver.save(job, folder, picture);
    },
  };
}

/** Anything that was thrown as a failure: errors of the file system as `save-failed`, what nobody thought of as `generation-failed`. */
export function asFailure(error: unknown): MixFailure {
  if (error instanceof MixFailure) return error;
  const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined;
  if (typeof code === 'string' && /^E[A-Z]+$/.test(code)) {
    return new MixFailure('save-failed/storage', { args: { detail: code }, cause: error });
  }
  const detail = error instanceof Error ? error.message.slice(0, 200) : 'unknown';
  return new MixFailure('generation-failed/internal', { args: { detail }, retryable: false, cause: error });
}
