import { randomInt } from 'node:crypto';
import * as vscode from 'vscode';
import type { JobRequest } from '../jobs/job.ts';
import { planJob } from './jobRequest.ts';
import type { JobHandle, JobRunner } from '../jobs/runner.ts';
import { type Draft, recipeOfDraft } from '../mix/draft.ts';
import { MixFailure } from '../mix/failure.ts';
import type { EngineName } from '../mix/limits.ts';
import { type Place, placeOf } from '../workbench/destination.ts';
import { setting } from '../workbench/settings.ts';
import type { UploadConsent } from '../workbench/uploadConsent.ts';

/** What a recipe is run with, besides its JSON. */
export interface RunOptions {
  readonly engine: EngineName;
  /** The recipe's own file, which relative sources start from. */
  readonly file?: vscode.Uri;
  readonly outputFolder?: vscode.Uri;
}

/** Starts mixes, from the panel and from recipes. */
export class Mixes {
  readonly #runner: JobRunner;
  readonly #storage: string;
  readonly #consent: UploadConsent;
  readonly #origin: () => string;

  constructor(options: {
    runner: JobRunner;
    storage: string;
    consent: UploadConsent;
    origin: () => string;
  }) {
    this.#runner = options.runner;
    this.#storage = options.storage;
    this.#consent = options.consent;
    this.#origin = options.origin;
  }

  /** Starts the mix of a draft, asking before the first upload. @throws MixFailure where it can't start. */
  async startDraft(draft: Draft, engine: EngineName): Promise<JobHandle> {
    const files = draft.images.filter(({ uri }) => uri.startsWith('file:')).map(({ uri }) => vscode.Uri.parse(uri));
    const place = placeOf(files, this.#storage);
    const request = await this.#plan(recipeOfDraft(draft), place.root, place, engine);
    if (engine === 'hosted' && uploads(request) && !(await this.#consent.ask(this.#origin()))) {
      throw new MixFailure('upload-not-allowed');
    }
    return this.#runner.start(request);
  }

  /** Starts a recipe without asking anything. @throws MixFailure where it can't start. */
  async startRecipe(json: unknown, options: RunOptions): Promise<JobHandle> {
    if (!vscode.workspace.isTrusted) throw new MixFailure('untrusted-workspace');
    const place = placeOf(options.file ? [options.file] : [], this.#storage, options.outputFolder);
    const base = options.file ? vscode.Uri.joinPath(options.file, '..').fsPath : place.root;
    const request = await this.#plan(json, base, place, options.engine);
    return this.#runner.start(request);
  }

  async #plan(recipe: unknown, base: string, place: Place, engine: EngineName): Promise<JobRequest> {
    if (engine === 'hosted' && !vscode.workspace.isTrusted) throw new MixFailure('untrusted-workspace');
    return planJob({
      recipe,
      base,
      root: place.root,
      engine,
      dialect: setting('hosted.dialect'),
      destination: place.destination,
      drawSeed: () => randomInt(2 ** 32),
    });
  }
}

function uploads(request: JobRequest): boolean {
  return request.sources.some(({ location }) => location.kind === 'file');
}
