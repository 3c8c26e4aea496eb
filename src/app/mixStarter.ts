import { randomInt } from 'node:crypto';
import { dirname } from 'node:path';
import type { JobRequest } from '../jobs/job.ts';
import type { JobHandle, JobRunner } from '../jobs/jobRunner.ts';
import { type Draft, recipeOfDraft } from '../mix/draft.ts';
import { MixFailure } from '../mix/failure.ts';
import type { EngineName } from '../mix/limits.ts';
import { parseRecipe } from '../mix/recipe.ts';
import { filesOf } from './draftStore.ts';
import { createJobRequest } from './jobRequest.ts';
import { locateMix, type MixLocation } from './mixLocation.ts';
import type { Workspace } from './ports.ts';
import { type ParsedRecipe, readRecipe } from './recipeFile.ts';
import type { Settings } from './settings.ts';
import type { Trust } from './trust.ts';
import type { UploadConsent } from './uploadConsent.ts';

export interface MixStarterOptions {
  readonly runner: JobRunner;
  readonly settings: Settings;
  readonly workspace: Workspace;
  readonly trust: Trust;
  readonly consent: UploadConsent;
  /** Absolute path of the workspace's storage. */
  readonly storage: string;
  /** The origin of the hosted service. */
  readonly origin: () => string;
}

/** Starts mixes from the panel's draft, a recipe, or a recipe file. */
export class MixStarter {
  readonly #options: MixStarterOptions;

  constructor(options: MixStarterOptions) {
    this.#options = options;
  }

  /** Starts the mix of a draft, after asking for consent to upload if that is needed. @throws MixFailure if it can't start. */
  async startDraft(draft: Draft, engine: EngineName): Promise<JobHandle> {
    const location = this.#locate(filesOf(draft.images));
    const request = await this.#request(parseRecipe(recipeOfDraft(draft)), location.root, location, engine);
    const needsConsent = engine === 'hosted' && request.sources.some(({ location }) => location.kind === 'file');
    if (needsConsent && !(await this.#options.consent.request(this.#options.origin()))) {
      throw new MixFailure('upload-not-allowed');
    }
    return this.#options.runner.start(request);
  }

  /** Starts a recipe that a caller passed as JSON. Never opens a dialog. @throws MixFailure if it can't start. */
  async startRecipe(json: unknown, engine: EngineName, outputFolder?: string): Promise<JobHandle> {
    this.#options.trust.require('recipe');
    const location = this.#locate([], outputFolder);
    return this.#options.runner.start(await this.#request(parseRecipe(json), location.root, location, engine));
  }

  /** Starts the recipe in a file, by its absolute path. Never opens a dialog. @throws MixFailure if it can't start. */
  async startRecipeFile(file: string, engine: EngineName, outputFolder?: string): Promise<JobHandle> {
    this.#options.trust.require('recipe');
    const parsed = await readRecipe(file, this.#options.workspace.displayPath(file));
    const location = this.#locate([file], outputFolder);
    return this.#options.runner.start(await this.#request(parsed, dirname(file), location, engine));
  }

  #locate(files: readonly string[], outputFolder?: string): MixLocation {
    const { workspace, settings, storage } = this.#options;
    return locateMix({ workspace, settings, storage, files, outputFolder });
  }

  async #request(
    { recipe, notices }: ParsedRecipe,
    base: string,
    { root, destination }: MixLocation,
    engine: EngineName,
  ): Promise<JobRequest> {
    const { trust, settings, storage, consent } = this.#options;
    if (engine === 'hosted') trust.require('hosted');
    const request = await createJobRequest({
      home: { storage, isTrusted: trust.isTrusted, mayUpload: consent.isGiven() },
      recipe,
      notices,
      base,
      root,
      engine,
      service: { baseUrl: settings.get('hosted.baseUrl'), dialect: settings.get('hosted.dialect') },
      destination,
      drawSeed: () => randomInt(2 ** 32),
    });
    if (request.sources.some(({ location }) => location.kind === 'url')) trust.require('network');
    return request;
  }
}
