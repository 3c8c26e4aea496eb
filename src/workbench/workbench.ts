import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { readProvenance } from '../images/pictureMetadata.ts';
import type { JobSnapshot } from '../jobs/runner.ts';
import { type Draft, draftSchema, emptyDraft } from '../mix/draft.ts';
import { MixFailure } from '../mix/failure.ts';
import type { Outcome } from '../mix/outcome.ts';
import { withoutMaking } from '../mix/provenance.ts';
import { announce, announceFailure } from './announcements.ts';
import { ApiKeys, askForKey, isKey } from './apiKeys.ts';
import { AccountBalance } from '../app/accountBalance.ts';
import { clearResults } from './clearResults.ts';
import { EngineChoice } from './engineChoice.ts';
import { ImageIntake, imageGlob } from './imageFiles.ts';
import { pickImages } from './imagePicker.ts';
import { traceOf } from '../app/jobLog.ts';
import { viewOfJob } from '../app/jobView.ts';
import { LinkTarget } from './linkTarget.ts';
import { Machinery } from './machinery.ts';
import { Mixes } from '../app/mixStarter.ts';
import { Panel } from './panel.ts';
import { draftKey, panelHandlers } from './panelHandlers.ts';
import { Pictures } from '../app/imageLoader.ts';
import { draftOfJob, draftOfRecipe, recipeText } from '../app/recipeDraft.ts';
import { Results, viewOf } from '../app/resultList.ts';
import { pickRecipe, RecipeRuns } from './runCommand.ts';
import { StatusBar } from './statusBar.ts';
import { UploadConsent } from './uploadConsent.ts';
import { Words } from '../app/messages/messages.ts';

/** Everything behind the commands. Made once, by the first command, restored panel or job left behind. */
export class App {
  readonly #context: vscode.ExtensionContext;
  readonly #words = new Words(
    (sentence) => vscode.l10n.t(sentence),
    (error) => this.#log.error(traceOf(error)),
  );
  readonly #log: vscode.LogOutputChannel;
  readonly #keys: ApiKeys;
  readonly #machinery: Machinery;
  readonly #intake: ImageIntake;
  readonly #pictures: Pictures;
  readonly #results: Results;
  /** Absolute path of this workspace's storage; without a folder, of the extension's. */
  readonly #storage: string;
  readonly #panel: Panel;
  readonly #runs: RecipeRuns;
  readonly #statusBar: StatusBar;
  readonly #balance: AccountBalance;
  readonly #disposables: vscode.Disposable[] = [];
  #isWatching = false;
  /** Jobs of `imageMixer.run`: their caller hears of the outcome, so nothing is announced. */
  readonly #called = new Set<string>();
  readonly #announced = new Set<string>();

  constructor(context: vscode.ExtensionContext) {
    this.#context = context;
    this.#log = vscode.window.createOutputChannel('Image Mixer', { log: true });
    this.#keys = new ApiKeys(context.secrets);
    const consent = new UploadConsent(context.workspaceState, this.#words);
    this.#machinery = new Machinery({ context, keys: this.#keys, consent, log: this.#log });
    const { runner, reader, codec } = this.#machinery;
    this.#storage = (context.storageUri ?? context.globalStorageUri).fsPath;
    this.#intake = new ImageIntake(join(context.globalStorageUri.fsPath, 'sources'), reader, this.#words, () => {
      const { data } = draftSchema.safeParse(context.workspaceState.get(draftKey));
      return (data?.images ?? []).map(({ uri }) => vscode.Uri.parse(uri).fsPath);
    });
    this.#pictures = new Pictures(codec, reader);
    this.#results = new Results(this.#storage);
    const engine = new EngineChoice(
      this.#keys,
      () => this.#machinery.origin(),
      () => this.#balance.last,
    );
    this.#balance = new AccountBalance(async () =>
      (await engine.name()) === 'hosted' ? this.#machinery.balance() : undefined,
    );
    const links = new LinkTarget();
    const mixes = new Mixes({ runner, storage: this.#storage, consent, origin: () => this.#machinery.origin() });
    this.#panel = new Panel({
      extension: context.extensionUri,
      words: this.#words,
      log: this.#log,
      // The decoder takes half a second to start, about as long as the page: what fails here is told by the first picture.
      opening: () => {
        void codec.warm().catch(() => undefined);
        this.#watchPictures();
      },
      handlers: panelHandlers({
        words: this.#words,
        engine,
        intake: this.#intake,
        pictures: this.#pictures,
        results: this.#results,
        mixes,
        runner,
        memory: context.workspaceState,
        balance: this.#balance,
        links,
        firstDraft: () => this.#firstDraft(),
      }),
    });
    this.#runs = new RecipeRuns({
      mixes,
      engine,
      words: this.#words,
      runner,
      onStart: (jobId) => this.#called.add(jobId),
    });
    this.#statusBar = new StatusBar(this.#words);
    this.#disposables.push(
      this.#statusBar,
      links,
      { dispose: runner.onChange((job) => void this.#jobChanged(job)) },
      engine.onChange(async () => {
        this.#panel.tell('engine', await engine.view());
        if (this.#panel.visible) await this.#balance.refresh();
      }),
      this.#keys.onChange(() => void this.#goOnWithKey()),
      this.#balance.onChange(async () => this.#panel.tell('engine', await engine.view())),
      this.#results.onChange(async () =>
        this.#panel.tell('results', { results: (await this.#results.all()).map(viewOf) }),
      ),
      this.#panel.onVisibility(() => this.#statusBar.update(runner.jobs(), this.#panel.visible)),
    );
  }

  open(): void {
    this.#panel.show();
  }

  /** From the first panel on, tells it of files that change. */
  #watchPictures(): void {
    if (this.#isWatching) return;
    this.#isWatching = true;
    const watcher = vscode.workspace.createFileSystemWatcher(imageGlob);
    const tell = (file: vscode.Uri) => {
      const uri = file.toString();
      if (this.#panel.visible && this.#pictures.wasAsked(uri)) this.#panel.tell('pictureChanged', { uri });
    };
    this.#disposables.push(watcher, watcher.onDidChange(tell), watcher.onDidCreate(tell), watcher.onDidDelete(tell));
  }

  /** From the explorer `(uri, uris)`; without them, from a quick pick. */
  async mixSelected(uri?: unknown, uris?: unknown): Promise<void> {
    await this.#addImages(await this.#chosen(uri, uris), true);
  }

  /** From the explorer `(uri, uris)` or the title bar of the image preview `(uri, { groupId })`. */
  async addToMix(uri?: unknown, uris?: unknown): Promise<void> {
    await this.#addImages(await this.#chosen(uri, uris), false);
  }

  /** With a recipe or its URI: runs it without asking anything. From menus and the palette: tells the outcome too. */
  async run(target?: unknown, options?: unknown): Promise<Outcome | undefined> {
    const fromMenu = target === undefined || Array.isArray(options) || isEditorContext(options);
    if (!fromMenu) return this.#runs.run(target, options);
    const file = target ?? (await pickRecipe(this.#words));
    if (file === undefined) return undefined;
    const outcome = await this.#runs.run(file, undefined);
    if (outcome.error) void announceFailure(outcome.error.message, outcome.error.code, this.#words);
    else await vscode.commands.executeCommand('imageMixer.open');
    return outcome;
  }

  async setApiKey(given?: unknown): Promise<void> {
    const origin = this.#machinery.origin();
    const key = given === undefined ? await askForKey(origin, this.#words) : given;
    if (key === undefined) return;
    if (!isKey(key)) throw new Error(this.#words.say('key.invalid'));
    await this.#keys.set(origin, key.trim());
    void vscode.window.showInformationMessage(this.#words.say('key.stored', { origin }));
  }

  async clearApiKey(): Promise<void> {
    const origin = this.#machinery.origin();
    await this.#keys.clear(origin);
    void vscode.window.showInformationMessage(this.#words.say('key.cleared', { origin }));
  }

  /** Opens an unsaved recipe file that holds the panel's present mix. */
  async newRecipe(): Promise<void> {
    const kept = draftSchema.safeParse(this.#context.workspaceState.get(draftKey));
    const folder = vscode.workspace.workspaceFolders?.[0]?.uri ?? this.#context.globalStorageUri;
    const text = recipeText(kept.success ? kept.data : emptyDraft, folder);
    const file = await freeUntitled(folder);
    const document = await vscode.workspace.openTextDocument(file.with({ scheme: 'untitled' }));
    const edit = new vscode.WorkspaceEdit();
    edit.insert(document.uri, new vscode.Position(0, 0), text);
    await vscode.workspace.applyEdit(edit);
    await vscode.window.showTextDocument(document);
  }

  /** Opens the mix that a saved picture carries. */
  async openRecipeFromImage(uri?: unknown): Promise<void> {
    const [file] = await this.#chosen(uri, undefined);
    if (!file) return;
    try {
      const provenance = readProvenance(await readFile(file.fsPath));
      if (typeof provenance !== 'object' || provenance === null) {
        throw new MixFailure('invalid-recipe/none-in-image', {
          args: { image: vscode.workspace.asRelativePath(file) },
        });
      }
      const root = vscode.workspace.getWorkspaceFolder(file)?.uri ?? vscode.Uri.joinPath(file, '..');
      this.#panel.openDraft(draftOfRecipe(withoutMaking(provenance), root.fsPath));
    } catch (error) {
      void vscode.window.showErrorMessage(this.#words.failure(error));
    }
  }

  async clearResults(): Promise<void> {
    await clearResults(this.#results, this.#storage, this.#words);
  }

  showLog(): void {
    this.#log.show();
  }

  /** Opens the service's site, where keys, credits and plans are to be had. */
  async openAccount(): Promise<void> {
    await vscode.env.openExternal(vscode.Uri.parse(this.#machinery.origin()));
  }

  restorePanel(panel: vscode.WebviewPanel): void {
    this.#panel.attach(panel);
  }

  async resumeJobs(): Promise<void> {
    await this.#machinery.runner.resume();
    this.#panel.replaceOrphan();
  }

  async dispose(): Promise<void> {
    for (const disposable of this.#disposables) disposable.dispose();
    await this.#machinery.dispose();
    this.#log.dispose(); // the jobs that were put aside wrote to it
  }

  async #addImages(uris: readonly vscode.Uri[], replace: boolean): Promise<void> {
    if (uris.length === 0) return;
    const { images, problems } = await this.#intake.add(uris.map((uri) => uri.toString()));
    if (images.length > 0) this.#panel.addImages(images, replace);
    for (const { message } of problems) void vscode.window.showWarningMessage(message);
  }

  /** The files a command is about: what the menu passes, the image in the active editor, or what is picked. */
  async #chosen(uri: unknown, uris: unknown): Promise<vscode.Uri[]> {
    const list: unknown[] = Array.isArray(uris) && uris.length > 0 ? uris : [uri];
    const given = list.filter((item) => item instanceof vscode.Uri);
    if (given.length > 0) return given;
    const tab = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
    if (tab instanceof vscode.TabInputCustom && tab.viewType === 'imagePreview.previewEditor') return [tab.uri];
    return pickImages(this.#words, this.#pictures);
  }

  async #jobChanged(job: JobSnapshot): Promise<void> {
    const { runner } = this.#machinery;
    this.#panel.tell('job', viewOfJob(job, this.#words));
    this.#statusBar.update(runner.jobs(), this.#panel.visible);
    await this.#results.addFrom(job.record, draftOfJob);
    const { id, state } = job.record;
    if (state === 'waiting' || state === 'running' || this.#announced.has(id)) return;
    this.#announced.add(id);
    // Some file systems tell the Explorer of new files late or never.
    if (state === 'done') void vscode.commands.executeCommand('workbench.files.action.refreshFilesExplorer');
    if (this.#panel.visible && job.record.request.engine === 'hosted') void this.#balance.refresh();
    // Without a folder the picture lies in storage, where nobody finds it: saving it elsewhere is always offered.
    const isSeen = this.#panel.visible && vscode.workspace.workspaceFolders !== undefined;
    if (!isSeen && !this.#called.has(id)) await announce(job, this.#words);
  }

  /** Takes up the jobs that hold paid work and stopped for want of the right key. */
  async #goOnWithKey(): Promise<void> {
    const { runner } = this.#machinery;
    for (const { record } of runner.jobs()) {
      const { id, failure } = record;
      if (failure?.code === 'no-api-key' || failure?.code === 'invalid-api-key') await runner.checkAgain(id);
    }
  }

  /** What a new user finds in the panel: two pictures that ship with the extension. */
  async #firstDraft(): Promise<Draft> {
    const folder = vscode.Uri.joinPath(this.#context.extensionUri, 'media', 'examples');
    const names = (await vscode.workspace.fs.readDirectory(folder)).map(([name]) => name).sort();
    const { images } = await this.#intake.add(names.map((name) => vscode.Uri.joinPath(folder, name).toString()));
    return { ...emptyDraft, images };
  }
}

/** What VS Code passes to a command in an editor's title bar. */
function isEditorContext(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'groupId' in value;
}

/** A name for a new recipe that no file has. */
async function freeUntitled(folder: vscode.Uri): Promise<vscode.Uri> {
  for (let number = 1; ; number++) {
    const file = vscode.Uri.joinPath(folder, number === 1 ? 'new.mix.json' : `new-${number}.mix.json`);
    const taken = await vscode.workspace.fs.stat(file).then(
      () => true,
      () => vscode.workspace.textDocuments.some(({ uri }) => uri.scheme === 'untitled' && uri.path === file.path),
    );
    if (!taken) return file;
  }
}
