import * as vscode from 'vscode';
import type { Application } from '../app/application.ts';
import { isAuthorization } from '../app/serverAuthorizations.ts';
import { MixFailure } from '../mix/failure.ts';
import { askForAuthorization, pickOrigin } from './inputBoxes.ts';
import { ReportDocument } from './reportDocument.ts';

/** The commands about the user's ComfyUI servers. */
export class ComfyuiCommands implements vscode.Disposable {
  readonly #app: Application;
  readonly #report = new ReportDocument();

  constructor(app: Application) {
    this.#app = app;
  }

  dispose(): void {
    this.#report.dispose();
  }

  /** Asks every server what it has, and shows whether mixes can run. @returns the details as Markdown; undefined if it's canceled. */
  async check(): Promise<string | undefined> {
    const { comfyui, background, messages } = this.#app;
    const report = await this.#withProgress((signal) => comfyui.check(signal));
    if (!report) return undefined;
    const { isReady, message } = report.summary();
    const details = report.document();
    const [label, action] =
      comfyui.origins().length > 0
        ? [messages.say('announce.showDetails'), () => this.#report.show(details)]
        : [messages.say('announce.openSettings'), () => openSettings('imageMixer.comfyui.servers')];
    const show = isReady ? vscode.window.showInformationMessage : vscode.window.showWarningMessage;
    background(show(message, label).then((chosen) => (chosen === label ? action() : undefined)));
    return details;
  }

  /** Asks for what isn't given. An empty value removes the stored one. @throws Error if the value can't be an authorization. */
  async setAuthorization(givenOrigin?: unknown, givenValue?: unknown): Promise<void> {
    const { comfyui, messages, authorizations, background } = this.#app;
    const origin = givenOrigin === undefined ? await this.#pickOrigin() : comfyui.originOf(String(givenOrigin));
    if (origin === undefined) return;
    const value = givenValue === undefined ? await askForAuthorization(origin, messages) : givenValue;
    if (value === undefined) return;
    if (value === '') {
      const isStored = (await authorizations.clear(origin)) === 'stored';
      const message = messages.say(isStored ? 'authorization.cleared' : 'authorization.clearedHere', { origin });
      return background(
        isStored ? vscode.window.showInformationMessage(message) : vscode.window.showWarningMessage(message),
      );
    }
    if (!isAuthorization(value)) throw new Error(messages.say('authorization.invalid'));
    const isStored = (await authorizations.set(origin, value)) === 'stored';
    const message = messages.say(isStored ? 'authorization.stored' : 'authorization.session', { origin });
    const label = messages.say('announce.checkComfyUI');
    const show = isStored ? vscode.window.showInformationMessage : vscode.window.showWarningMessage;
    background(show(message, label).then((chosen) => (chosen === label ? this.check() : undefined)));
  }

  /** Opens the built-in graph as an unsaved workflow file, with nodes for the panel's images. */
  async newWorkflow(): Promise<void> {
    const { comfyui, drafts } = this.#app;
    const images = (await drafts.load())?.draft.images.filter(({ enabled }) => enabled).length ?? 0;
    const content = await this.#withProgress((signal) => comfyui.newWorkflow(images, signal));
    if (content === undefined) return;
    await vscode.window.showTextDocument(await vscode.workspace.openTextDocument({ language: 'json', content }));
  }

  async #pickOrigin(): Promise<string | undefined> {
    const origins = this.#app.comfyui.origins();
    if (origins.length === 0) throw new MixFailure('service-unavailable/comfyui-none', { retryable: false });
    return origins.length === 1 ? origins[0] : pickOrigin(origins, this.#app.messages);
  }

  /** Shows that servers are asked, with a Cancel button. @returns undefined if the user canceled. */
  async #withProgress<Result>(work: (signal: AbortSignal) => Promise<Result>): Promise<Result | undefined> {
    const title = this.#app.messages.say('comfyui.checking');
    const options = { location: vscode.ProgressLocation.Notification, title, cancellable: true };
    return vscode.window.withProgress(options, async (_, token) => {
      const cancellation = new AbortController();
      token.onCancellationRequested(() => cancellation.abort());
      const result = await work(cancellation.signal);
      return cancellation.signal.aborted ? undefined : result;
    });
  }
}

async function openSettings(query: string): Promise<void> {
  await vscode.commands.executeCommand('workbench.action.openSettings', query);
}
