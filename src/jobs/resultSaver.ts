import type { MixResult } from '../engines/engine.ts';
import { embedProvenance } from '../images/pictureMetadata.ts';
import { MixFailure } from '../mix/failure.ts';
import { provenanceOf } from '../mix/provenance.ts';
import type { PictureWriter } from '../output/resultWriter.ts';
import type { ActiveJob } from './activeJob.ts';
import type { JobRecord } from './job.ts';
import type { JobFolder } from './jobFolder.ts';

type Kept = Pick<MixResult, 'index' | 'seed' | 'format'>;

const keptPattern = /^picture-(\d+)-(\d+)\.(png|jpeg|webp)$/;
/** Tries to find a free name while others write into the same folder. */
const maxNames = 50;

/**
 * Brings a job's pictures into the project, each exactly once whatever happens in between: its bytes are kept in the job's folder
 * first, then its path is noted, then the file is written, then that is noted. A run that finds any of this goes on from there.
 */
export class PictureSaver {
  readonly #writer: PictureWriter;
  /** Paths that were chosen and are not written yet. */
  readonly #taken = new Set<string>();

  constructor(writer: PictureWriter) {
    this.#writer = writer;
  }

  /** Saves a picture that was just made. @throws MixFailure `save-failed`, Superseded. */
  async save(job: ActiveJob, folder: JobFolder, picture: MixResult): Promise<void> {
    if (isWritten(job.record, picture.index)) return;
    const { destination, recipe, engine } = job.record.request;
    const bytes = destination.embedRecipe
      ? await embedProvenance(picture.bytes, provenanceOf(recipe, { ...picture, engine }))
      : picture.bytes;
    await folder.keep(`picture-${picture.index}-${picture.seed}.${picture.format}`, bytes);
    await this.#place(job, picture, bytes);
  }

  /** Saves what an earlier run kept and did not get to save. @throws MixFailure `save-failed`, Superseded. */
  async saveKept(job: ActiveJob, folder: JobFolder): Promise<void> {
    for (const name of await folder.kept(keptPattern)) {
      const kept = readName(name);
      if (kept && !isWritten(job.record, kept.index)) await this.#place(job, kept, await folder.read(name));
    }
  }

  /** Whether a job's folder holds pictures that are not in the project. */
  async hasUnsaved(job: ActiveJob, folder: JobFolder): Promise<boolean> {
    const names = await folder.kept(keptPattern);
    return names.some((name) => !isWritten(job.record, readName(name)?.index ?? -1));
  }

  async #place(job: ActiveJob, picture: Kept, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    let path = job.record.pictures.find(({ index }) => index === picture.index)?.path;
    for (let tries = 1; ; tries++) {
      path ??= await this.#choose(job, picture);
      this.#taken.add(path);
      try {
        note(job, picture, path, false);
        await job.save();
        await this.#writer.write(path, bytes);
        note(job, picture, path, true);
        await job.save();
        return;
      } catch (error) {
        if (!(error instanceof MixFailure && error.key === 'save-failed/exists') || tries === maxNames) throw error;
      } finally {
        this.#taken.delete(path);
      }
      path = undefined; // someone else took the name meanwhile
    }
  }

  #choose(job: ActiveJob, { index, seed, format }: Kept): Promise<string> {
    const { destination, name } = job.record.request;
    return this.#writer.choosePath(destination, { name, seed, index, format }, this.#taken);
  }
}

/** The positions of a job's samples that are in the project. */
export function writtenSamples(record: JobRecord): ReadonlySet<number> {
  return new Set(record.pictures.filter(({ written }) => written).map(({ index }) => index));
}

function isWritten(record: JobRecord, index: number): boolean {
  return writtenSamples(record).has(index);
}

function note(job: ActiveJob, { index, seed }: Kept, path: string, written: boolean): void {
  const others = job.record.pictures.filter((picture) => picture.index !== index);
  job.update({ pictures: [...others, { index, seed, path, written }].sort((a, b) => a.index - b.index) });
}

function readName(name: string): Kept | undefined {
  const [, index, seed, format] = keptPattern.exec(name) ?? [];
  if (format !== 'png' && format !== 'jpeg' && format !== 'webp') return undefined;
  return { index: Number(index), seed: Number(seed), format };
}
