import type { JobHandle, JobRunner } from '../jobs/jobRunner.ts';
import type { EngineName } from '../mix/limits.ts';
import type { Outcome } from '../mix/outcome.ts';
import type { Background } from './background.ts';
import type { EngineChoice } from './engineChoice.ts';
import type { Messages } from './messages/messages.ts';
import type { MixStarter } from './mixStarter.ts';
import type { ReadBytes } from './recipeFile.ts';

/** A recipe to run: an object, or a file by its absolute path, with a way to read it if it isn't on disk. */
export type RecipeTarget = { readonly file: string; readonly read?: ReadBytes } | { readonly json: unknown };

export interface RecipeRunOptions {
  /** By default, the engine that the settings choose. */
  readonly engine?: EngineName | undefined;
  /** Absolute path, which overrides the setting. */
  readonly outputFolder?: string | undefined;
}

export interface RecipeRunnerOptions {
  readonly starter: MixStarter;
  readonly engine: EngineChoice;
  readonly runner: JobRunner;
  readonly messages: Messages;
  readonly background: Background;
  readonly onStart: (job: JobHandle) => void;
  /** Shows a job's progress until it ends. `report` gets a text for each change through `listen`. */
  readonly showProgress: (job: JobHandle, onProgress: (report: (text: string) => void) => () => void) => Promise<void>;
}

/** Runs recipes from start to outcome, for callers that wait. */
export class RecipeRunner {
  readonly #options: RecipeRunnerOptions;

  constructor(options: RecipeRunnerOptions) {
    this.#options = options;
  }

  /**
   * Runs a recipe and resolves with the outcome, whatever happens. Never opens a dialog.
   * @param readOptions returns the caller's options; what it throws becomes the outcome's error.
   */
  async run(target: RecipeTarget, readOptions: () => RecipeRunOptions): Promise<Outcome> {
    const { starter, messages, background, onStart, showProgress } = this.#options;
    let engine: EngineName = 'local';
    try {
      const { outputFolder, ...options } = readOptions();
      engine = options.engine ?? (await this.#options.engine.name());
      const job =
        'file' in target
          ? await starter.startRecipeFile(target.file, engine, outputFolder, target.read)
          : await starter.startRecipe(target.json, engine, outputFolder);
      onStart(job);
      const shown = showProgress(job, (report) => this.#listen(job, report));
      background(shown);
      await Promise.allSettled([shown]); // a failed display doesn't change the outcome
      return messages.outcome(await job.finished);
    } catch (error) {
      return messages.failedOutcome(error, engine);
    }
  }

  #listen(job: JobHandle, report: (text: string) => void): () => void {
    return this.#options.runner.onChange(({ record, progress }) => {
      if (record.id === job.id) report(this.#options.messages.progress(progress));
    });
  }
}
