import * as vscode from 'vscode';
import type { Draft, DraftImage } from '../mix/draft.ts';
import { Channel, type Handlers, type Params } from '../protocol/channel.ts';
import { type HostContract, hostContract, type PanelContract, panelContract } from '../protocol/contract.ts';
import { panelHtml, panelRoots } from './panelHtml.ts';
import type { Words } from '../app/messages/messages.ts';

export const panelType = 'imageMixer.panel';

type PanelChannel = Channel<PanelContract, HostContract>;

/** The one panel of a window: opens it, shows it again, and carries what is said to it while it is still loading. */
export class Panel {
  readonly #extension: vscode.Uri;
  readonly #handlers: Handlers<HostContract>;
  readonly #words: Words;
  readonly #log: vscode.LogOutputChannel;
  readonly #opening: () => void;
  readonly #visibility = new vscode.EventEmitter<void>();
  /** Fires when the panel was shown, hidden or closed. */
  readonly onVisibility = this.#visibility.event;
  #open: { panel: vscode.WebviewPanel; channel: PanelChannel } | undefined;
  /** Calls for a panel that has not said `ready` yet. */
  #pending: ((channel: PanelChannel) => void)[] | undefined;

  constructor(options: {
    extension: vscode.Uri;
    handlers: Handlers<HostContract>;
    words: Words;
    log: vscode.LogOutputChannel;
    /** Called when a panel opens, while its page still loads. */
    opening: () => void;
  }) {
    this.#extension = options.extension;
    this.#handlers = options.handlers;
    this.#words = options.words;
    this.#log = options.log;
    this.#opening = options.opening;
  }

  /** Whether people can see the panel now. */
  get visible(): boolean {
    return this.#open?.panel.visible ?? false;
  }

  /** Shows the panel, making it where there is none. */
  show(): void {
    if (this.#open) {
      this.#open.panel.reveal();
      return;
    }
    const orphans = orphanedTabs();
    const column = orphans[0]?.group.viewColumn ?? vscode.ViewColumn.Active;
    const options = { enableScripts: true, localResourceRoots: panelRoots(this.#extension) };
    this.attach(vscode.window.createWebviewPanel(panelType, this.#words.say('panel.title'), column, options));
    void vscode.window.tabGroups.close(orphans, true);
  }

  /** Makes a new panel in place of one in sight that an extension host that crashed left behind. */
  replaceOrphan(): void {
    if (!this.#open && orphanedTabs().some(({ isActive }) => isActive)) this.show();
  }

  /** Brings a panel to life: a new one, or one that VS Code restored after a reload. */
  attach(panel: vscode.WebviewPanel): void {
    if (this.#open) {
      panel.dispose(); // one panel a window
      return;
    }
    const { webview } = panel;
    webview.options = { enableScripts: true, localResourceRoots: panelRoots(this.#extension) };
    panel.iconPath = vscode.Uri.joinPath(this.#extension, 'media', 'icon.svg');
    this.#pending ??= [];
    const channel: PanelChannel = new Channel({
      port: {
        send: (message) => void webview.postMessage(message),
        listen: (listener) => {
          const subscription = webview.onDidReceiveMessage(listener);
          return () => subscription.dispose();
        },
      },
      remote: panelContract,
      local: hostContract,
      handlers: { ...this.#handlers, ready: () => this.#becomeReady() },
      describe: (error) => this.#words.problem(error),
    });
    this.#open = { panel, channel };
    panel.onDidDispose(() => {
      channel.dispose();
      this.#open = undefined;
      this.#pending = undefined;
      this.#visibility.fire();
    });
    panel.onDidChangeViewState(() => {
      // A hidden panel's page is gone; when it shows again it starts over with `ready`.
      if (!panel.visible) this.#pending ??= [];
      this.#visibility.fire();
    });
    this.#opening();
    webview.html = panelHtml(webview, this.#extension, this.#words);
  }

  /** Tells the panel something, if there is one; a panel that is loading hears it once it is ready. */
  tell<N extends keyof PanelContract & string>(name: N, params: Params<PanelContract, N>): void {
    const send = (channel: PanelChannel) => {
      channel.call(name, params).catch((error) => this.#log.debug(`panel: ${name}`, error));
    };
    if (!this.#open) return;
    if (this.#pending) this.#pending.push(send);
    else send(this.#open.channel);
  }

  /** Shows the panel and puts images into its mix: at the end, or instead of it. */
  addImages(images: DraftImage[], replace: boolean): void {
    this.show();
    this.tell('addImages', { images, replace });
  }

  /** Shows the panel with a whole mix in place of the present one. */
  openDraft(draft: Draft): void {
    this.show();
    this.tell('replaceDraft', { draft });
  }

  async #becomeReady() {
    const state = await this.#handlers.ready(null);
    // What waited goes out after the reply that it builds upon.
    setImmediate(() => {
      const pending = this.#pending ?? [];
      this.#pending = undefined;
      if (this.#open) for (const send of pending) send(this.#open.channel);
    });
    return state;
  }
}

/** Where this host has no panel, the tabs that show one: after a crash they stay and answer nobody. */
function orphanedTabs(): vscode.Tab[] {
  const tabs = vscode.window.tabGroups.all.flatMap((group) => group.tabs);
  // VS Code puts a prefix of its own before the type.
  return tabs.filter(({ input }) => input instanceof vscode.TabInputWebview && input.viewType.endsWith(panelType));
}
