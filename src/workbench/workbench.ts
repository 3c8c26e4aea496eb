import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import * as vscode from 'vscode';
import * as z from 'zod';
import { Application } from '../app/application.ts';
import { imageGlob } from '../app/imageImporter.ts';
import { JobFollowUp } from '../app/jobFollowUp.ts';
import { traceOf } from '../app/jobLog.ts';
import { viewOfJob } from '../app/jobView.ts';
import { RecipeRunner } from '../app/recipeRunner.ts';
import type { JobHandle, JobSnapshot } from '../jobs/jobRunner.ts';
import { Commands } from './commands.ts';
import { LinkEditor } from './linkEditor.ts';
import { showAnnouncement } from './notifications.ts';
import { panelHandlers } from './panelHandlers.ts';
import { PanelHost } from './panelHost.ts';
import { StatusBar } from './statusBar.ts';
import { currentNetworkRules, keyValueStoreOf, questions, secretsOf, settingSource, workspace } from './vscodePorts.ts';

/** The extension after its first use: the application, wired to VS Code. */
export class Workbench {
  readonly commands: Commands;
  readonly #log = vscode.window.createOutputChannel('Image Mixer', { log: true });
  readonly #app: Application;
  readonly #panel: PanelHost;
  readonly #statusBar: StatusBar;
  readonly #followUp: JobFollowUp;
  readonly #subscriptions: vscode.Disposable[] = [];
  #isWatchingImages = false;

  constructor(context: vscode.ExtensionContext) {
    const globalStorage = context.globalStorageUri.fsPath;
    const app = new Application({
      settings: settingSource,
      secrets: secretsOf(context.secrets),
      store: keyValueStoreOf(context.workspaceState),
      questions,
      workspace,
      networkRules: currentNetworkRules,
      globalStorage,
      storage: context.storageUri?.fsPath ?? globalStorage,
      windowStorage:
        context.storageUri?.fsPath ?? join(globalStorage, 'windows', this.#windowId(context.workspaceState)),
      bundles: join(context.extensionPath, 'dist'),
      examples: () => exampleFiles(context.extensionUri),
      translate: (sentence) => vscode.l10n.t(sentence),
      log: (level, line) => this.#log[level](line),
      warn: (message) => void vscode.window.showWarningMessage(message),
    });
    this.#app = app;
    const { messages, results, balance } = app;
    const { runner } = app.services;
    const links = new LinkEditor();
    this.#panel = new PanelHost({
      extension: context.extensionUri,
      messages,
      log: this.#log,
      onOpening: () => this.#panelOpens(),
      handlers: panelHandlers(app, links, questions),
    });
    this.#statusBar = new StatusBar(messages);
    this.#followUp = new JobFollowUp({
      runner,
      results,
      balance,
      messages,
      workspace,
      isPanelVisible: () => this.#panel.isVisible,
      onSaved: () => void vscode.commands.executeCommand('workbench.files.action.refreshFilesExplorer'),
      announce: (announcement) => showAnnouncement(announcement, messages),
    });
    const recipes = new RecipeRunner({
      starter: app.starter,
      engine: app.engine,
      runner,
      messages,
      onStart: ({ id }) => this.#followUp.markAwaited(id),
      showProgress: (job, onProgress) => this.#showProgress(job, onProgress),
    });
    this.commands = new Commands({
      app,
      recipes,
      panel: this.#panel,
      questions,
      log: this.#log,
      storage: globalStorage,
    });
    const updateEngine = async () => this.#panel.notify('engine', await app.panel.engineView());
    this.#subscriptions.push(
      this.#statusBar,
      links,
      { dispose: runner.onChange((job) => void this.#jobChanged(job)) },
      app.engine.onChange(async () => {
        await updateEngine();
        if (this.#panel.isVisible) await balance.refresh();
      }),
      balance.onChange(updateEngine),
      app.keys.onChange(() => void this.#followUp.keyChanged()),
      results.onChange(async () => this.#panel.notify('results', { results: await app.panel.resultViews() })),
      this.#panel.onVisibility(() => this.#updateStatusBar()),
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration('http')) app.services.reconnect();
      }),
    );
  }

  restorePanel(panel: vscode.WebviewPanel): void {
    this.#panel.attach(panel);
  }

  /** Resumes jobs that closed windows left behind. */
  async resumeJobs(): Promise<void> {
    await this.#app.services.runner.resume();
    this.#panel.replaceOrphan();
  }

  async dispose(): Promise<void> {
    for (const subscription of this.#subscriptions) subscription.dispose();
    await this.#app.services.dispose();
    this.#log.dispose(); // last, since suspended jobs are logged
  }

  /** A random id of a window without a folder, which VS Code restores with it. */
  #windowId(state: vscode.Memento): string {
    const saved = z.uuid().safeParse(state.get('imageMixer.window'));
    if (saved.success) return saved.data;
    const id = randomUUID();
    state.update('imageMixer.window', id).then(undefined, (error: unknown) => this.#log.warn(traceOf(error)));
    return id;
  }

  async #jobChanged(job: JobSnapshot): Promise<void> {
    this.#panel.notify('job', viewOfJob(job, this.#app.messages));
    this.#updateStatusBar();
    await this.#followUp.jobChanged(job);
  }

  #updateStatusBar(): void {
    this.#statusBar.update(this.#app.services.runner.jobs(), this.#panel.isVisible);
  }

  #panelOpens(): void {
    // The decoder takes half a second to start, about as long as the page. If it fails, the first image reports it.
    void this.#app.services.codec.warm().catch(() => undefined);
    if (this.#isWatchingImages) return;
    this.#isWatchingImages = true;
    const watcher = vscode.workspace.createFileSystemWatcher(imageGlob);
    const notify = ({ fsPath }: vscode.Uri) => {
      const uri = pathToFileURL(fsPath).href;
      if (this.#panel.isVisible && this.#app.loader.wasShown(uri)) this.#panel.notify('imageChanged', { uri });
    };
    this.#subscriptions.push(
      watcher,
      watcher.onDidChange(notify),
      watcher.onDidCreate(notify),
      watcher.onDidDelete(notify),
    );
  }

  /** Shows the progress of a job, with a Cancel button, until it ends. */
  async #showProgress(job: JobHandle, onProgress: (report: (message: string) => void) => () => void): Promise<void> {
    const options = {
      location: vscode.ProgressLocation.Notification,
      title: this.#app.messages.say('run.title'),
      cancellable: true,
    };
    await vscode.window.withProgress(options, async (progress, token) => {
      const stop = onProgress((message) => progress.report({ message }));
      token.onCancellationRequested(() => void this.#app.services.runner.cancel(job.id));
      await job.finished.finally(stop);
    });
  }
}

/** Absolute paths of the images that come with the extension, for the first run. */
async function exampleFiles(extension: vscode.Uri): Promise<string[]> {
  const folder = vscode.Uri.joinPath(extension, 'media', 'examples');
  const names = (await vscode.workspace.fs.readDirectory(folder)).map(([name]) => name).sort();
  return names.map((name) => vscode.Uri.joinPath(folder, name).fsPath);
}
