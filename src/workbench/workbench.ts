import { join } from 'node:path';
import * as vscode from 'vscode';
import { Application } from '../app/application.ts';
import { createBackground } from '../app/background.ts';
import { JobFollowUp } from '../app/jobFollowUp.ts';
import { traceOf } from '../app/jobLog.ts';
import { viewOfJob } from '../app/jobView.ts';
import { RecipeRunner } from '../app/recipeRunner.ts';
import type { LogLevel } from '../app/services.ts';
import type { JobSnapshot } from '../jobs/jobRunner.ts';
import type { RecoveryTime } from '../jobs/recoveryRules.ts';
import { MixFailure } from '../mix/failure.ts';
import { ComfyuiCommands } from './comfyuiCommands.ts';
import { Commands } from './commands.ts';
import { exampleFiles } from './exampleFiles.ts';
import { watchImages } from './imageWatch.ts';
import { JobPreviews } from './jobPreviews.ts';
import { LinkEditor } from './linkEditor.ts';
import { showAnnouncement, showProgress } from './notifications.ts';
import { panelHandlers } from './panelHandlers.ts';
import { PanelHost } from './panelHost.ts';
import { StatusBar } from './statusBar.ts';
import { storageFolders } from './storageFolders.ts';
import { currentNetworkRules, keyValueStoreOf, questions, secretsOf, settingSource, workspace } from './vscodePorts.ts';

/** The extension after its first use: the application, wired to VS Code. */
export class Workbench {
  readonly #commands: Commands;
  readonly #log: vscode.LogOutputChannel;
  readonly #app: Application;
  readonly #panel: PanelHost;
  readonly #previews: JobPreviews;
  readonly #statusBar: StatusBar;
  readonly #followUp: JobFollowUp;
  readonly #subscriptions: vscode.Disposable[] = [];
  readonly #workspaceStorage: string;
  #isWatchingImages = false;
  #isDisposed = false;

  /** @param log closed with the workbench. */
  constructor(context: vscode.ExtensionContext, log: vscode.LogOutputChannel) {
    this.#log = log;
    const folders = storageFolders(context, (error) => this.#write('warn', traceOf(error)));
    const background = createBackground((error) => this.#write('error', traceOf(error)));
    const app = new Application({
      settings: settingSource,
      secrets: secretsOf(context.secrets),
      store: keyValueStoreOf(context.workspaceState),
      questions,
      workspace,
      networkRules: currentNetworkRules,
      ...folders,
      bundles: join(context.extensionPath, 'dist'),
      examples: () => exampleFiles(context.extensionUri),
      translate: (sentence) => vscode.l10n.t(sentence),
      log: (level, line) => this.#write(level, line),
      warn: (message) => background(vscode.window.showWarningMessage(message)),
    });
    this.#app = app;
    const { messages, results, balance, trust } = app;
    this.#workspaceStorage = folders.storage;
    const { runner } = app.services;
    const links = new LinkEditor();
    this.#panel = new PanelHost({
      extension: context.extensionUri,
      loader: app.loader,
      messages,
      background,
      log: this.#log,
      onOpening: () => this.#panelOpens(),
      handlers: panelHandlers(app, links, questions, (command) => this.#commands[command]()),
    });
    this.#previews = new JobPreviews((preview) => this.#panel.deliver('jobPreview', preview));
    this.#statusBar = new StatusBar(folders.storage, messages);
    this.#followUp = new JobFollowUp({
      runner,
      workspaceStorage: folders.storage,
      results,
      trust,
      balance,
      servers: app.servers,
      messages,
      workspace,
      isPanelVisible: () => this.#panel.isVisible,
      onSaved: () => background(vscode.commands.executeCommand('workbench.files.action.refreshFilesExplorer')),
      announce: (announcement) => showAnnouncement(announcement, messages),
      warn: (message) => background(vscode.window.showWarningMessage(message)),
      onError: (error) => this.#write('error', traceOf(error)),
    });
    runner.onSaved = (record) => this.#followUp.listSaved(record);
    const recipes = new RecipeRunner({
      starter: app.starter,
      engine: app.engine,
      runner,
      messages,
      background,
      onStart: ({ id }) => this.#followUp.markAwaited(id),
      showProgress: (job, onProgress) =>
        showProgress(job, onProgress, messages, () => background(runner.cancel(job.id))),
    });
    const comfyui = new ComfyuiCommands(app);
    this.#commands = new Commands({
      app,
      comfyui,
      recipes,
      panel: this.#panel,
      questions,
      log: this.#log,
      storage: folders.globalStorage,
    });
    const updateEngine = async () => this.#panel.notify('engine', app.panel.withServers(await app.panel.engineView()));
    const refreshEngine = async () => {
      await updateEngine();
      if (this.#panel.isVisible) await Promise.all([balance.refresh(), app.panel.askServers()]);
    };
    const reconnectComfyui = () => {
      app.services.reconnectComfyui();
      app.servers.forget();
      if (this.#panel.isVisible) background(app.panel.askServers());
    };
    const updateResults = async () => this.#panel.notify('results', await app.panel.listedResults());
    this.#subscriptions.push(
      this.#statusBar,
      links,
      comfyui,
      { dispose: runner.onChange((job) => background(this.#jobChanged(job))) },
      { dispose: runner.onRemove((jobId) => this.#jobRemoved(jobId)) },
      app.engine.onChange(() => background(refreshEngine())),
      balance.onChange(() => background(updateEngine())),
      app.keys.onChange(() => background(this.#followUp.secretChanged())),
      app.authorizations.onChange(() => {
        reconnectComfyui();
        background(this.#followUp.secretChanged());
      }),
      app.servers.onChange(() => this.#panel.notify('servers', { servers: app.panel.serverViews() })),
      results.onChange(() => background(updateResults())),
      app.credentials.onChange((uri) => this.#panel.notify('imageChanged', { uri })),
      this.#panel.onVisibility(() => this.#updateStatusBar()),
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration('http')) app.services.reconnect();
        if (event.affectsConfiguration('imageMixer.comfyui.servers')) reconnectComfyui();
      }),
    );
  }

  /** Runs a command. @throws Error whose message VS Code shows to the user. */
  async runCommand(name: keyof Commands, args: unknown[]): Promise<unknown> {
    try {
      return await this.#commands[name](...args);
    } catch (error) {
      throw error instanceof MixFailure ? new Error(this.#app.messages.failure(error), { cause: error }) : error;
    }
  }

  restorePanel(panel: vscode.WebviewPanel): void {
    this.#panel.attach(panel);
  }

  /** Resumes jobs that closed windows left behind. @param time `start` once, when the window has opened. */
  async resumeJobs(time: RecoveryTime): Promise<void> {
    await this.#app.services.runner.resume(time);
    this.#panel.replaceOrphan();
  }

  async dispose(): Promise<void> {
    for (const subscription of this.#subscriptions) subscription.dispose();
    await this.#app.services.dispose();
    this.#isDisposed = true;
    this.#log.dispose(); // last, since suspended jobs are logged
  }

  async #jobChanged(job: JobSnapshot): Promise<void> {
    this.#panel.notify('job', viewOfJob(job, this.#workspaceStorage, this.#app.messages));
    this.#previews.show(job);
    this.#updateStatusBar();
    await this.#followUp.jobChanged(job);
  }

  #jobRemoved(jobId: string): void {
    this.#panel.notify('jobRemoved', { jobId });
    this.#updateStatusBar();
  }

  /** Work that is still in progress may fail after the log was closed, and writing then throws. */
  #write(level: LogLevel, line: string): void {
    if (!this.#isDisposed) this.#log[level](line);
  }

  #updateStatusBar(): void {
    this.#statusBar.update(this.#app.services.runner.jobs(), this.#panel.isVisible);
  }

  #panelOpens(): void {
    // The decoder takes half a second to start, about as long as the page. If it fails, the first image tells the user.
    this.#app.background(this.#app.services.codec.warm());
    if (this.#isWatchingImages) return;
    this.#isWatchingImages = true;
    this.#subscriptions.push(watchImages(this.#app.loader, this.#panel));
  }
}
