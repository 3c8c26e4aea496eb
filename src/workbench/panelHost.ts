import * as vscode from 'vscode';
import type { Background } from '../app/background.ts';
import type { ImageLoader } from '../app/imageLoader.ts';
import type { Messages } from '../app/messages/messages.ts';
import type { Draft, DraftImage } from '../mix/draft.ts';
import { MixFailure } from '../mix/failure.ts';
import { limitsOf } from '../mix/limits.ts';
import { Channel, type Handlers, type Params, RemoteError } from '../protocol/channel.ts';
import { type HostContract, hostContract, type PanelContract, panelContract } from '../protocol/contract.ts';
import { previewSides } from '../protocol/previewSides.ts';
import { panelHtml, panelRoots } from './panelHtml.ts';

const panelType = 'imageMixer.panel';

/** The most images that a mix has. */
const maxImages = limitsOf('local', 'v5').images.max;

type PanelChannel = Channel<PanelContract, HostContract>;

/** The panel of a window: opens it, shows it, and holds back messages while it loads. */
export class PanelHost {
  readonly #extension: vscode.Uri;
  readonly #handlers: Handlers<HostContract>;
  readonly #loader: Pick<ImageLoader, 'pixels'>;
  readonly #messages: Messages;
  readonly #background: Background;
  readonly #log: vscode.LogOutputChannel;
  readonly #onOpening: () => void;
  readonly #visibility = new vscode.EventEmitter<void>();
  /** Fires when the panel was shown, hidden or closed. */
  readonly onVisibility = this.#visibility.event;
  #open: { panel: vscode.WebviewPanel; channel: PanelChannel } | undefined;
  /** Messages for a panel that hasn't called `ready` yet. */
  #pending: ((channel: PanelChannel) => void)[] | undefined;

  constructor(options: {
    extension: vscode.Uri;
    handlers: Handlers<HostContract>;
    loader: Pick<ImageLoader, 'pixels'>;
    messages: Messages;
    background: Background;
    log: vscode.LogOutputChannel;
    /** Called when a panel opens, while its page loads. */
    onOpening: () => void;
  }) {
    this.#extension = options.extension;
    this.#handlers = options.handlers;
    this.#loader = options.loader;
    this.#messages = options.messages;
    this.#background = options.background;
    this.#log = options.log;
    this.#onOpening = options.onOpening;
  }

  get isVisible(): boolean {
    return this.#open?.panel.visible ?? false;
  }

  /** Shows the panel, and opens it first if needed. */
  show(): void {
    if (this.#open) {
      this.#open.panel.reveal();
      return;
    }
    const orphans = orphanedTabs();
    const column = orphans[0]?.group.viewColumn ?? vscode.ViewColumn.Active;
    const options = { enableScripts: true, localResourceRoots: panelRoots(this.#extension) };
    this.attach(vscode.window.createWebviewPanel(panelType, this.#messages.say('product.name'), column, options));
    this.#background(vscode.window.tabGroups.close(orphans, true));
  }

  /** Replaces a visible panel whose extension host crashed. */
  replaceOrphan(): void {
    if (!this.#open && orphanedTabs().some(({ isActive }) => isActive)) this.show();
  }

  /** Connects a panel: a new one, or one that VS Code restored after a reload. */
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
        send: (message) => {
          // The reply to a call may come after the panel was closed, and its page throws at once then.
          const post = async () => webview.postMessage(message);
          if (this.#open?.panel === panel) this.#background(post());
        },
        listen: (listener) => {
          const subscription = webview.onDidReceiveMessage(listener);
          return () => subscription.dispose();
        },
      },
      remote: panelContract,
      local: hostContract,
      handlers: { ...this.#handlers, ready: () => this.#becomeReady() },
      describe: (error) => this.#messages.problem(error),
    });
    this.#open = { panel, channel };
    panel.onDidDispose(() => {
      channel.dispose();
      this.#open = undefined;
      this.#pending = undefined;
      this.#visibility.fire();
    });
    panel.onDidChangeViewState(() => {
      // VS Code discards a hidden panel's page. When it is shown again it starts over with `ready`.
      if (!panel.visible) this.#pending ??= [];
      this.#visibility.fire();
    });
    this.#onOpening();
    webview.html = panelHtml(webview, this.#extension, this.#messages);
  }

  /** Sends a message to the panel, if it is open. A panel that is loading gets it once it is ready. */
  notify<N extends keyof PanelContract & string>(name: N, params: Params<PanelContract, N>): void {
    const send = (channel: PanelChannel) => void this.#send(channel, name, params);
    if (!this.#open) return;
    if (this.#pending) this.#pending.push(send);
    else send(this.#open.channel);
  }

  /** Sends a message to a panel that is ready, and resolves once it has it. Otherwise the message is dropped. Never rejects. */
  async deliver<N extends keyof PanelContract & string>(name: N, params: Params<PanelContract, N>): Promise<void> {
    if (this.#open && !this.#pending) await this.#send(this.#open.channel, name, params);
  }

  /** Shows the panel and adds images to its mix, or replaces the mix with them. */
  addImages(images: DraftImage[], replace: boolean): void {
    const isOpening = !this.#open;
    this.show();
    this.notify('addImages', { images, replace });
    // Decoded while the page loads: to wait for its requests would take about as long again.
    if (isOpening) for (const { uri } of images.slice(0, maxImages)) this.#background(this.#sendFirstPixels(uri));
  }

  /** Shows the panel and replaces its mix. */
  openDraft(draft: Draft): void {
    this.show();
    this.notify('replaceDraft', { draft });
  }

  async #sendFirstPixels(uri: string): Promise<void> {
    try {
      const { width, height, data } = await this.#loader.pixels(uri, previewSides.first, previewSides.first);
      this.notify('firstPixels', { uri, raster: { width, height, data: new Uint8Array(data.buffer) } });
    } catch (error) {
      if (!(error instanceof MixFailure)) throw error;
      // The panel requests the image itself then, and shows why it fails.
    }
  }

  async #send<N extends keyof PanelContract & string>(
    channel: PanelChannel,
    name: N,
    params: Params<PanelContract, N>,
  ): Promise<void> {
    try {
      await channel.call(name, params);
    } catch (error) {
      // The panel may be closing, or too busy to answer. It asks for everything when it is opened again.
      const isExpected = error instanceof RemoteError && (error.code === 'closed' || error.code === 'timeout');
      this.#log[isExpected ? 'debug' : 'warn'](`panel: ${name}`, String(error));
    }
  }

  async #becomeReady() {
    const state = await this.#handlers.ready(null);
    // The panel applies messages that were held back to this state before it shows anything.
    const pending = this.#pending ?? [];
    this.#pending = undefined;
    if (this.#open) for (const send of pending) send(this.#open.channel);
    return state;
  }
}

/** Tabs of panels that this extension host doesn't know: after a crash they stay open without a host. */
function orphanedTabs(): vscode.Tab[] {
  const tabs = vscode.window.tabGroups.all.flatMap((group) => group.tabs);
  // VS Code adds a prefix to the type.
  return tabs.filter(({ input }) => input instanceof vscode.TabInputWebview && input.viewType.endsWith(panelType));
}
