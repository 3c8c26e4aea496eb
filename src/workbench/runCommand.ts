import * as vscode from 'vscode';
import * as z from 'zod';
import type { JobHandle, JobRunner } from '../jobs/runner.ts';
import { MixFailure } from '../mix/failure.ts';
import { type EngineName, engineNames } from '../mix/limits.ts';
import type { Outcome } from '../mix/outcome.ts';
import type { EngineChoice } from './engineChoice.ts';
import type { Mixes } from '../app/mixStarter.ts';
import { readRecipe } from '../app/recipeDraft.ts';
import { stageWords } from '../app/messages/progressText.ts';
import type { Words } from '../app/messages/messages.ts';

const optionsSchema = z.strictObject({
  outputFolder: z.custom<vscode.Uri>((value) => value instanceof vscode.Uri).optional(),
  engine: z.enum(engineNames).optional(),
});

/** `imageMixer.run`: runs a recipe, or a recipe's file, and resolves with the outcome, whatever happens. */
export class RecipeRuns {
  readonly #mixes: Mixes;
  readonly #engine: EngineChoice;
  readonly #words: Words;
  readonly #runner: JobRunner;
  readonly #onStart: (jobId: string) => void;

  constructor(options: {
    mixes: Mixes;
    engine: EngineChoice;
    words: Words;
    runner: JobRunner;
    onStart: (jobId: string) => void;
  }) {
    this.#mixes = options.mixes;
    this.#engine = options.engine;
    this.#words = options.words;
    this.#runner = options.runner;
    this.#onStart = options.onStart;
  }

  /**
   * @param target the recipe as an object, or the URI of its file.
   * @param options `{ outputFolder?: Uri, engine? }`.
   */
  async run(target: unknown, options: unknown): Promise<Outcome> {
    let engine: EngineName = 'local';
    try {
      const given = optionsSchema.safeParse(options ?? {});
      if (!given.success) throw new MixFailure('invalid-request/bad-options');
      engine = given.data.engine ?? (await this.#engine.name());
      const file = target instanceof vscode.Uri ? target : undefined;
      if (!vscode.workspace.isTrusted) throw new MixFailure('untrusted-workspace');
      const json = file ? await readRecipe(file) : target;
      const { outputFolder } = given.data;
      const job = await this.#mixes.startRecipe(json, {
        engine,
        ...(file ? { file } : {}),
        ...(outputFolder ? { outputFolder } : {}),
      });
      this.#onStart(job.id);
      return this.#words.outcome(await this.#follow(job));
    } catch (error) {
      return this.#words.failedOutcome(error, engine);
    }
  }

  /** Shows the job's progress, with a button that cancels it, until it ends. */
  #follow(job: JobHandle): JobHandle['finished'] {
    return Promise.resolve(
      vscode.window.withProgress(
        { location: vscode.ProgressLocation.Notification, title: this.#words.say('run.title'), cancellable: true },
        async (progress, token) => {
          const stopWatching = this.#runner.onChange((snapshot) => {
            if (snapshot.record.id !== job.id) return;
            progress.report({ message: stageWords(snapshot.progress, this.#words) });
          });
          token.onCancellationRequested(() => void this.#runner.cancel(job.id));
          try {
            return await job.finished;
          } finally {
            stopWatching();
          }
        },
      ),
    );
  }
}

/** The recipe files of the workspace to choose from; undefined where none was chosen. */
export async function pickRecipe(words: Words): Promise<vscode.Uri | undefined> {
  const active = vscode.window.activeTextEditor?.document.uri;
  if (active?.path.endsWith('.mix.json')) return active;
  const files = await vscode.workspace.findFiles('**/*.mix.json', '**/node_modules/**', 500);
  if (files.length === 0) {
    void vscode.window.showInformationMessage(words.say('run.noRecipes'));
    return undefined;
  }
  const items = files.map((uri) => ({ uri, label: vscode.workspace.asRelativePath(uri) }));
  const chosen = await vscode.window.showQuickPick(items, { title: words.say('run.pick') });
  return chosen?.uri;
}
