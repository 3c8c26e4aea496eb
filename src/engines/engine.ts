import type { SourceLocation } from '../images/sourceReader.ts';
import type { EngineName } from '../mix/limits.ts';
import type { Notice } from '../mix/notice.ts';
import type { Progress } from '../mix/progress.ts';
import type { RunnableRecipe } from '../mix/recipe.ts';
import type { ResultFormat } from '../mix/resultFormat.ts';
import type { ComfyuiSettings } from './comfyui/comfyuiSettings.ts';
import type { ServiceSettings } from './hosted/service.ts';

/** A source image of a task, in the order of the recipe's enabled images. */
export interface TaskSource {
  /** Position in `recipe.images`, for messages about this image. */
  readonly index: number;
  /** Display name: the file name, or the last part of the URL. */
  readonly name: string;
  /** From 0 to 1, as in the recipe. */
  readonly weight: number;
  readonly location: SourceLocation;
}

/** Everything an engine needs to run one mix. */
export interface MixTask {
  readonly jobId: string;
  readonly recipe: RunnableRecipe;
  readonly sources: readonly TaskSource[];
  /** The service that the job was meant for when it was created. Only hosted jobs have one. */
  readonly service?: ServiceSettings | undefined;
  /** How a mix on a ComfyUI server is made. Only comfyui jobs have it. */
  readonly comfyui?: ComfyuiSettings | undefined;
  /** Whether files of this machine may be uploaded: the consent that the job was created with. */
  readonly mayUpload: boolean;
  /** The format of results that the extension encodes itself; PNG if absent. */
  readonly format?: ResultFormat | undefined;
}

/** One sample of a mix, encoded and still in memory. */
export interface MixResult {
  /** Position among the recipe's samples, from 0. */
  readonly index: number;
  readonly seed: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly format: ResultFormat;
  /** The hosted service's id of the generation. */
  readonly serviceId?: string;
  readonly engineVersion: string;
  /** The model that made it, if the engine has several. */
  readonly model?: string;
  /** How the images were weighed on a ComfyUI server. */
  readonly comfyui?: { readonly preset: string; readonly imageStrength: number };
}

/** A picture of an unfinished result, encoded. */
export interface PreviewImage {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly mime: 'image/jpeg' | 'image/png';
}

/**
 * Abort reason of a task's signal if the window closes but the job resumes later, in this window or another one. An engine
 * may take a few seconds to receive the response to a request that it already paid for.
 */
export class JobSuspended extends Error {
  override readonly name = 'JobSuspended';
}

/** What a job passes to its engine. */
export interface MixContext {
  readonly signal: AbortSignal;
  /** What an earlier run of the same job last passed to `save`; undefined on the first run. */
  readonly saved: unknown;
  /** Indices of the samples that an earlier run delivered. */
  readonly delivered: ReadonlySet<number>;
  progress(progress: Progress): void;
  notice(notice: Notice): void;
  /** Shows what the result looks like so far, in place of the preview before. */
  preview(image: PreviewImage): void;
  /** Stores the engine's own state (plain JSON) with the job; resolves once it is on disk. */
  save(state: unknown): Promise<void>;
  /** Saves a result in the project; resolves once it is on disk. Delivering an index a second time does nothing. */
  deliver(result: MixResult): Promise<void>;
}

/** Generates mixes from source images. */
export interface Engine {
  readonly name: EngineName;
  /** Whether a failed job with this saved state has paid work that another run can still fetch; if absent, never. */
  canCheckAgain?(saved: unknown): boolean;
  /**
   * Stops what an earlier run with this saved state left to a server, for a job that is canceled while it waits to run again. If absent,
   * nothing can be stopped. Rejects only because of a bug.
   * @param notice called if it isn't possible.
   */
  discard?(saved: unknown, notice: MixContext['notice']): Promise<void>;
  /** Resolves when every sample is delivered. Rejects with MixFailure, or with the signal's reason. */
  run(task: MixTask, context: MixContext): Promise<void>;
}
