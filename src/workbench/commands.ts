import { dirname } from 'node:path';
import * as vscode from 'vscode';
import * as z from 'zod';
import { isApiKey } from '../app/apiKeys.ts';
import type { Application } from '../app/application.ts';
import { announceFailure } from '../app/jobFollowUp.ts';
import type { Questions } from '../app/ports.ts';
import { draftOfRecipe, recipeText } from '../app/recipeDraft.ts';
import { readRecipeFromImage } from '../app/recipeFile.ts';
import type { RecipeRunner, RecipeRunOptions, RecipeTarget } from '../app/recipeRunner.ts';
import { emptyDraft } from '../mix/draft.ts';
import { MixFailure } from '../mix/failure.ts';
import { engineNames } from '../mix/limits.ts';
import type { Outcome } from '../mix/outcome.ts';
import type { ComfyuiCommands } from './comfyuiCommands.ts';
import { importUris, pathOf, readDocument, readVersion } from './editorFiles.ts';
import { pickImages } from './imagePicker.ts';
import { askForKey, pickRecipe } from './inputBoxes.ts';
import { openNewRecipe } from './newRecipe.ts';
import { showFailure } from './notifications.ts';
import type { PanelHost } from './panelHost.ts';
import { clearResults } from './resultActions.ts';
import { workspace } from './vscodePorts.ts';

const runOptionsSchema = z.strictObject({
  outputFolder: z.custom<vscode.Uri>((value) => value instanceof vscode.Uri && value.scheme === 'file').optional(),
  engine: z.enum(engineNames).optional(),
});

export interface CommandsOptions {
  readonly app: Application;
  readonly recipes: RecipeRunner;
  readonly panel: PanelHost;
  readonly comfyui: ComfyuiCommands;
  readonly questions: Questions;
  readonly log: vscode.LogOutputChannel;
  /** Absolute path of the extension's storage. */
  readonly storage: string;
}

/** The commands `imageMixer.*`: each is the method of that name. */
export class Commands {
  readonly #options: CommandsOptions;

  constructor(options: CommandsOptions) {
    this.#options = options;
  }

  open(): void {
    this.#options.panel.show();
  }

  /** From the Explorer `(uri, uris)`; otherwise from a quick pick. */
  async mixSelected(uri?: unknown, uris?: unknown): Promise<void> {
    await this.#addImages(await this.#urisFor(uri, uris), true);
  }

  /** From the Explorer `(uri, uris)` or the title bar of the image preview `(uri, { groupId })`. */
  async addToMix(uri?: unknown, uris?: unknown): Promise<void> {
    await this.#addImages(await this.#urisFor(uri, uris), false);
  }

  /** With a recipe or its URI, runs it without questions. From menus and the Command Palette, also shows the outcome. */
  async run(target?: unknown, options?: unknown): Promise<Outcome | undefined> {
    const isFromMenu = target === undefined || Array.isArray(options) || isEditorContext(options);
    if (!isFromMenu) return this.#run(target, options);
    const { messages } = this.#options.app;
    const file = target ?? (await pickRecipe(this.#options.app));
    if (file === undefined) return undefined;
    const outcome = await this.#run(file, {});
    if (outcome.error) {
      this.#inBackground(
        showFailure(announceFailure(outcome.error.message, outcome.error.code, outcome.engine), messages),
      );
    } else this.open();
    return outcome;
  }

  async setApiKey(given?: unknown): Promise<void> {
    const { keys, messages } = this.#options.app;
    const origin = this.#options.app.services.origin();
    const key = given === undefined ? await askForKey(origin, messages) : given;
    if (key === undefined) return;
    if (!isApiKey(key)) throw new Error(messages.say('key.invalid'));
    const { showInformationMessage, showWarningMessage } = vscode.window;
    switch (await keys.set(origin, key)) {
      case 'stored':
        return this.#inBackground(showInformationMessage(messages.say('key.stored', { origin })));
      case 'session':
        return this.#inBackground(showWarningMessage(messages.say('key.session', { origin })));
    }
  }

  async clearApiKey(): Promise<void> {
    const { keys, messages, services } = this.#options.app;
    const origin = services.origin();
    const { showInformationMessage, showWarningMessage } = vscode.window;
    switch (await keys.clear(origin)) {
      case 'stored':
        return this.#inBackground(showInformationMessage(messages.say('key.cleared', { origin })));
      case 'session':
        return this.#inBackground(showWarningMessage(messages.say('key.clearedHere', { origin })));
    }
  }

  /** Opens the service's website, for keys, credits and plans. */
  async openAccount(): Promise<void> {
    await vscode.env.openExternal(vscode.Uri.parse(this.#options.app.services.origin()));
  }

  async checkComfyUI(): Promise<string | undefined> {
    return this.#options.comfyui.check();
  }

  async setComfyUIAuthorization(origin?: unknown, value?: unknown): Promise<void> {
    await this.#options.comfyui.setAuthorization(origin, value);
  }

  async newComfyUIWorkflow(): Promise<void> {
    await this.#options.comfyui.newWorkflow();
  }

  /** Opens an unsaved recipe file with the panel's mix. */
  async newRecipe(): Promise<void> {
    const folder = workspace.firstFolder() ?? this.#options.storage;
    const text = recipeText((await this.#options.app.drafts.load())?.draft ?? emptyDraft, folder);
    await openNewRecipe(text, vscode.Uri.file(folder));
  }

  /** Opens the mix that's stored in a saved result. */
  async openRecipeFromImage(uri?: unknown): Promise<void> {
    const [image] = await this.#urisFor(uri, undefined);
    if (image === undefined) return;
    const { app, panel } = this.#options;
    try {
      const file = pathOf(image);
      const read = image.scheme === 'file' ? undefined : () => readVersion(image);
      const recipe = await readRecipeFromImage(file, workspace.displayPath(file), read);
      const base = workspace.folderOf(file) ?? dirname(file);
      panel.openDraft(draftOfRecipe(recipe, base, workspace.displayPath));
    } catch (error) {
      this.#inBackground(vscode.window.showErrorMessage(app.messages.failure(error)));
    }
  }

  async clearResults(): Promise<void> {
    const { app, questions } = this.#options;
    await clearResults(app, questions);
  }

  showLog(): void {
    this.#options.log.show();
  }

  #run(target: unknown, options: unknown): Promise<Outcome> {
    return this.#options.recipes.run(target instanceof vscode.Uri ? this.#recipeAt(target) : { json: target }, () =>
      parseRunOptions(options),
    );
  }

  /** A recipe file, or one that only VS Code can read: an earlier version, or an unsaved document. */
  #recipeAt(uri: vscode.Uri): RecipeTarget {
    const file = pathOf(uri, workspace.firstFolder() ?? this.#options.storage);
    return uri.scheme === 'file' ? { file } : { file, read: () => readDocument(uri) };
  }

  async #addImages(uris: readonly vscode.Uri[], replace: boolean): Promise<void> {
    if (uris.length === 0) return;
    const { images, problems } = await importUris(uris, this.#options.app);
    if (images.length > 0) this.#options.panel.addImages(images, replace);
    for (const { message } of problems) this.#inBackground(vscode.window.showWarningMessage(message));
  }

  /** The files that a command is for: those of the menu, the image in the active editor, or a quick pick. */
  async #urisFor(uri: unknown, uris: unknown): Promise<vscode.Uri[]> {
    const list: unknown[] = Array.isArray(uris) && uris.length > 0 ? uris : [uri];
    const given = list.filter((item) => item instanceof vscode.Uri);
    if (given.length > 0) return given;
    const tab = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
    if (tab instanceof vscode.TabInputCustom && tab.viewType === 'imagePreview.previewEditor') return [tab.uri];
    return (await pickImages(this.#options.app)).map((path) => vscode.Uri.file(path));
  }

  /** For messages that nobody waits for. */
  #inBackground(work: PromiseLike<unknown>): void {
    this.#options.app.background(work);
  }
}

/** The second argument of `imageMixer.run`. @throws MixFailure `invalid-request` if it has anything else. */
function parseRunOptions(options: unknown): RecipeRunOptions {
  const parsed = runOptionsSchema.safeParse(options ?? {});
  if (!parsed.success) throw new MixFailure('invalid-request/bad-options');
  return { engine: parsed.data.engine, outputFolder: parsed.data.outputFolder?.fsPath };
}

/** The argument that VS Code passes to a command in an editor's title bar. */
function isEditorContext(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'groupId' in value;
}
