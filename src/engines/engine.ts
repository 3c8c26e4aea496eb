import type { SourceLocation } from '../images/sourceReader.ts';
import type { EngineName } from '../mix/limits.ts';
import type { Notice } from '../mix/notice.ts';
import type { Progress } from '../mix/progress.ts';
import type { RunnableRecipe } from '../mix/recipe.ts';

/** A source image of a task, in the order of the recipe's enabled images. */
export interface TaskSource {
  /** Position in `recipe.images`, for messages about this image. */
  readonly index: number;
  /** What people call it: the file's name, or the last part of the URL. */
  readonly name: string;
  /** From 0 to 1, as the recipe has it. */
  readonly weight: number;
  readonly location: SourceLocation;
}

/** All that an engine needs to know of one mix. */
export interface MixTask {
  readonly jobId: string;
  readonly recipe: RunnableRecipe;
  readonly sources: readonly TaskSource[];
}

/** One finished picture, still in memory. */
export interface MixResult {
  /** From 0; the position among the recipe's samples. */
  readonly index: number;
  readonly seed: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly format: 'png' | 'jpeg' | 'webp';
  /** The hosted service's id of the generation. */
  readonly serviceId?: string;
  readonly engineVersion: string;
}

/**
 * The reason that a task's signal gives where the window closes and the job goes on later, in this window or another: what is paid
 * for and already on its way may still be taken in, for a few seconds.
 */
export class JobSuspended extends Error {
  override readonly name = 'JobSuspended';
}

/** What an engine is given to talk to its job. */
export interface MixContext {
  readonly signal: AbortSignal;
  /** What an earlier run of the same job last handed to `save`; undefined on the first run. */
  readonly saved: unknown;
  /** Positions of the samples that an earlier run delivered; none where absent. */
  readonly delivered?: ReadonlySet<number>;
  progress(progress: Progress): void;
  notice(notice: Notice): void;
  /** Writes the engine's own state (plain JSON) to the journal; resolves once it is on disk. */
  save(state: unknown): Promise<void>;
  /** Hands over a finished picture; resolves once it is safely in the project. Delivering one index again does nothing. */
  deliver(picture: MixResult): Promise<void>;
}

/** Makes pictures from sources. `run` resolves when every sample was delivered and rejects with MixFailure or the signal's reason. */
export interface Engine {
  readonly name: EngineName;
  /** Whether a job that failed with this saved state holds paid work that another run can still bring in; never where absent. */
  canResume?(saved: unknown): boolean;
  run(task: MixTask, context: MixContext): Promise<void>;
}
