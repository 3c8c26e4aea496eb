import { randomInt } from 'node:crypto';
import { dirname } from 'node:path';
import type { ComfyuiSettings } from '../engines/comfyui/comfyuiSettings.ts';
import { serviceOf } from '../engines/hosted/service.ts';
import type { SourceLocation } from '../images/sourceReader.ts';
import type { JobHandle, JobRunner } from '../jobs/jobRunner.ts';
import { type Draft, recipeOfDraft } from '../mix/draft.ts';
import { MixFailure } from '../mix/failure.ts';
import type { EngineName } from '../mix/limits.ts';
import { parseRecipe, type RecipeImage } from '../mix/recipe.ts';
import { filesOf } from './draftStore.ts';
import type { ImageImporter } from './imageImporter.ts';
import { createJobRequest, type PlannedSource, planMix } from './jobRequest.ts';
import { locateMix, type MixLocation } from './mixLocation.ts';
import type { Workspace } from './ports.ts';
import { type ParsedRecipe, type ReadBytes, readRecipe } from './recipeFile.ts';
import type { Settings } from './settings.ts';
import type { Trust } from './trust.ts';
import type { UploadConsent } from './uploadConsent.ts';
import type { WebCredentials } from './webCredentials.ts';
import { isDataUri } from './webUrl.ts';
import { readWorkflow } from './workflowFile.ts';

export interface MixStarterOptions {
  readonly runner: JobRunner;
  readonly settings: Settings;
  readonly workspace: Workspace;
  readonly trust: Trust;
  readonly consent: UploadConsent;
  readonly credentials: WebCredentials;
  readonly importer: ImageImporter;
  /** Absolute path of the workspace's storage. */
  readonly storage: string;
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
    return this.#start(parseRecipe(recipeOfDraft(draft)), location.root, location, engine, (origin) =>
      this.#options.consent.request(origin),
    );
  }

  /** Starts a recipe that a caller passed as JSON. Never opens a dialog. @throws MixFailure if it can't start. */
  async startRecipe(json: unknown, engine: EngineName, outputFolder?: string): Promise<JobHandle> {
    this.#options.trust.require('recipe');
    const location = this.#locate([], outputFolder);
    return this.#start(parseRecipe(json), location.root, location, engine, this.#isConsentGiven);
  }

  /**
   * Starts the recipe in a file, by its absolute path. Never opens a dialog. @throws MixFailure if it can't start.
   * @param read by default, reads the file from disk.
   */
  async startRecipeFile(file: string, engine: EngineName, outputFolder?: string, read?: ReadBytes): Promise<JobHandle> {
    this.#options.trust.require('recipe');
    const parsed = await readRecipe(file, this.#options.workspace.displayPath(file), read);
    return this.#start(parsed, dirname(file), this.#locate([file], outputFolder), engine, this.#isConsentGiven);
  }

  readonly #isConsentGiven = async () => this.#options.consent.isGiven();

  #locate(files: readonly string[], outputFolder?: string): MixLocation {
    const { workspace, settings, storage } = this.#options;
    return locateMix({ workspace, settings, storage, files, outputFolder });
  }

  /** Checks trust and consent before anything outside of storage is read, copied or created. @param mayUpload whether the user agreed, or agrees now. */
  async #start(
    { recipe, notices }: ParsedRecipe,
    base: string,
    { root, folder, destination }: MixLocation,
    engine: EngineName,
    mayUpload: (origin: string) => Promise<boolean>,
  ): Promise<JobHandle> {
    const { runner, trust, settings, storage } = this.#options;
    const service = settings.service();
    const plan = await planMix({
      recipe: { ...recipe, images: await Promise.all(recipe.images.map((image, index) => this.#take(image, index))) },
      notices,
      base,
      root,
      engine,
      service,
      destination,
      drawSeed: () => randomInt(2 ** 32),
    });
    const has = (kind: SourceLocation['kind']) => plan.sources.some(({ location }) => location.kind === kind);
    if (has('url')) trust.require('network');
    const home = { storage, isTrusted: trust.isTrusted };
    switch (engine) {
      case 'local':
        return runner.start(await createJobRequest(plan, { ...home, mayUpload: false }));
      case 'comfyui': {
        trust.require('server');
        // Setting the address of one's own server is the consent.
        const comfyui = await this.#comfyuiSettings(folder);
        return runner.start(await createJobRequest(plan, { ...home, mayUpload: true }, comfyui));
      }
      case 'hosted': {
        trust.require('server');
        for (const source of plan.sources) this.#requireShareable(source);
        const { origin } = serviceOf(service);
        const needsUpload = has('file');
        if (needsUpload && !(await mayUpload(origin))) throw new MixFailure('upload-not-allowed');
        return runner.start(await createJobRequest(plan, { ...home, mayUpload: needsUpload }));
      }
    }
  }

  /** The settings of the moment, with the user's workflow. @throws MixFailure `invalid-recipe/workflow-…` if that can't be used. */
  async #comfyuiSettings(folder: string | undefined): Promise<ComfyuiSettings> {
    const { settings, workspace } = this.#options;
    const { workflow, ...others } = settings.comfyui(folder);
    if (workflow === '') return { ...others, workflow: null };
    return { ...others, workflow: await readWorkflow(workflow, folder, (path) => workspace.displayPath(path)) };
  }

  /** An image whose source has no password and isn't the image itself: what a job and a saved recipe may contain. */
  async #take(image: RecipeImage, index: number): Promise<RecipeImage> {
    const { credentials, importer } = this.#options;
    if (!isDataUri(image.source)) return credentials.takeFrom(image);
    try {
      const { uri } = await importer.importDataUri(image.source);
      return { ...credentials.takeFrom(image), source: uri };
    } catch (error) {
      throw error instanceof MixFailure ? error.forImage(index, error.imageName ?? `images.${index}`) : error;
    }
  }

  /** The service downloads a URL itself. A user and password are for the host of the URL alone. */
  #requireShareable({ location, index, name }: PlannedSource): void {
    if (location.kind === 'url' && this.#options.credentials.has(location.url)) {
      throw new MixFailure('invalid-recipe/url-with-password').forImage(index, name);
    }
  }
}
