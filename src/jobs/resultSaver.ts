import type { MixResult } from '../engines/engine.ts';
import { embedProvenance } from '../images/imageMetadata.ts';
import { MixFailure } from '../mix/failure.ts';
import { createProvenance } from '../mix/provenance.ts';
import type { ResultWriter } from '../output/resultWriter.ts';
import type { ActiveJob } from './activeJob.ts';
import type { JobRecord } from './job.ts';
import { type JobFolder, LeaseLost } from './jobFolder.ts';

/** The values in the name of a kept result's file. */
type KeptResult = Pick<MixResult, 'index' | 'seed' | 'format'>;

const keptPattern = /^result-(\d+)-(\d+)\.(png|jpeg|webp)$/;
/** Names to try while others write into the same folder. */
const maxNames = 50;

/**
 * Saves a job's results to the project, each exactly once even if the process dies in between: it keeps the bytes in the job's folder,
 * records the path, writes the file, then records that it is written. The next run continues from whichever step it finds.
 */
export class ResultSaver {
  readonly #writer: ResultWriter;
  readonly #onError: (jobId: string, error: unknown) => void;
  /** Paths that are chosen, but not written yet. */
  readonly #reserved = new Set<string>();

  /** @param onError called if a job's folder can't be written. The result is saved nevertheless: it may have been paid for. */
  constructor(writer: ResultWriter, onError: (jobId: string, error: unknown) => void) {
    this.#writer = writer;
    this.#onError = onError;
  }

  /** Saves a new result. @throws MixFailure `save-failed`, LeaseLost. */
  async save(job: ActiveJob, folder: JobFolder, result: MixResult): Promise<void> {
    if (isWritten(job.record, result.index)) return;
    recordModel(job, result);
    const { destination, recipe, engine } = job.record.request;
    const bytes = destination.embedRecipe
      ? await embedProvenance(result.bytes, createProvenance(recipe, { ...result, engine }))
      : result.bytes;
    const name = `result-${result.index}-${result.seed}.${result.format}`;
    await this.#try(job, () => folder.saveFile(name, bytes));
    await this.#writeToProject(job, result, bytes);
  }

  /** Saves the results that an earlier run kept but didn't get to save. @throws MixFailure `save-failed`, LeaseLost. */
  async saveKept(job: ActiveJob, folder: JobFolder): Promise<void> {
    for (const name of await folder.listFiles(keptPattern)) {
      const kept = parseName(name);
      if (kept && !isWritten(job.record, kept.index)) {
        await this.#writeToProject(job, kept, await folder.readFile(name));
      }
    }
  }

  /** Whether a job's folder holds results that aren't in the project. */
  async hasUnsaved(record: JobRecord, folder: JobFolder): Promise<boolean> {
    const names = await folder.listFiles(keptPattern);
    return names.some((name) => !isWritten(record, parseName(name)?.index ?? -1));
  }

  async #writeToProject(job: ActiveJob, result: KeptResult, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    let path = job.record.results.find(({ index }) => index === result.index)?.path;
    for (let tries = 1; ; tries++) {
      path ??= await this.#choosePath(job, result);
      this.#reserved.add(path);
      try {
        recordResult(job, result, path, false);
        await this.#try(job, () => job.save());
        await this.#writer.write(path, bytes, {
          owner: ownerOf(job, result),
          root: job.record.request.destination.root,
        });
        recordResult(job, result, path, true);
        await this.#try(job, () => job.save());
        return;
      } catch (error) {
        const isTaken = error instanceof MixFailure && error.key === 'save-failed/exists';
        if (!isTaken || tries === maxNames) throw error;
      } finally {
        this.#reserved.delete(path);
      }
      path = undefined; // another file took the name meanwhile
    }
  }

  /** Writes into the job's folder, if the disk allows it. @throws LeaseLost. */
  async #try(job: ActiveJob, write: () => Promise<void>): Promise<void> {
    try {
      await write();
    } catch (error) {
      if (error instanceof LeaseLost) throw error;
      this.#onError(job.record.id, error);
    }
  }

  #choosePath(job: ActiveJob, result: KeptResult): Promise<string> {
    const { destination, name } = job.record.request;
    const { seed, index, format } = result;
    return this.#writer.choosePath(
      destination,
      { name, seed, index, format, owner: ownerOf(job, result) },
      this.#reserved,
    );
  }
}

/** Names a result among those of all jobs. The job's lease ensures that only one window writes it. */
function ownerOf(job: ActiveJob, { index }: KeptResult): string {
  return `${job.record.id}-${index}`;
}

/** The positions of a job's samples that are in the project. */
export function writtenSamples(record: JobRecord): ReadonlySet<number> {
  return new Set(record.results.filter(({ written }) => written).map(({ index }) => index));
}

function isWritten(record: JobRecord, index: number): boolean {
  return writtenSamples(record).has(index);
}

function recordResult(job: ActiveJob, { index, seed }: KeptResult, path: string, written: boolean): void {
  const others = job.record.results.filter((result) => result.index !== index);
  job.update({ results: [...others, { index, seed, path, written }].sort((a, b) => a.index - b.index) });
}

/** The recipe as run names the model that was really used. */
function recordModel(job: ActiveJob, { model }: MixResult): void {
  const { request } = job.record;
  if (model === undefined || model === request.recipe.model) return;
  job.update({ request: { ...request, recipe: { ...request.recipe, model } } });
}

function parseName(name: string): KeptResult | undefined {
  const [, index, seed, format] = keptPattern.exec(name) ?? [];
  if (format !== 'png' && format !== 'jpeg' && format !== 'webp') return undefined;
  return { index: Number(index), seed: Number(seed), format };
}
