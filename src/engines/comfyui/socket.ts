import { MixFailure } from '../../mix/failure.ts';
import type { OpenWebSocket } from '../../network/webSocket.ts';
import type { Clock } from '../clock.ts';
import type { ComfyuiLogEvent } from './comfyuiEngine.ts';
import { type ServerAddress, socketUrl } from './serverAddress.ts';
import { runSocket, type SocketTarget } from './socketConnection.ts';
import { wakeableSleep } from './wakeableSleep.ts';
import type { PromptEvent } from './wire/events.ts';
import { readMessage } from './wire/frames.ts';

/** What a subscriber hears: what happens to its prompt, the length of the server's queue, and whether the socket is connected. */
export type SocketEvent =
  | PromptEvent
  | { readonly kind: 'queue'; readonly length: number }
  | { readonly kind: 'connected' }
  /** Events are missed from now on. */
  | { readonly kind: 'disconnected' };

export interface ServerSocketOptions {
  readonly address: ServerAddress;
  /** A UUID of this window and server alone: the server sends the events of a prompt to one socket. */
  readonly clientId: string;
  readonly loadWebSocket: () => Promise<OpenWebSocket>;
  /** What the next connection is made with. @throws MixFailure if none is possible. */
  readonly prepare: () => Promise<Omit<SocketTarget, 'url'>>;
  /** Called when a connection ends that wasn't closed here. */
  readonly onLost?: () => void;
  readonly clock: Clock;
  readonly log: (event: ComfyuiLogEvent) => void;
}

/** Milliseconds: between two attempts to connect, and until an unused socket is closed. */
const times = { firstDelay: 1_000, maxDelay: 30_000, unused: 5_000 };
/** A connection that lasted so long, in milliseconds, doesn't count as a failed attempt. */
const goodConnection = 10_000;

interface Subscription {
  readonly promptId: string;
  readonly listener: (event: SocketEvent) => void;
}

/**
 * The WebSocket of a server, which all jobs share. It's connected while anyone subscribes, and again if it's lost. It gives progress and
 * speed only: events can be missed, so the queue and the history decide.
 */
export class ServerSocket {
  readonly clientId: string;
  readonly #options: ServerSocketOptions;
  readonly #subscriptions = new Set<Subscription>();
  /** Resolved at the next change: connected, or an attempt failed. */
  readonly #waiting = new Set<() => void>();
  /** Ends with the last subscription. */
  #use: AbortController | undefined;
  /** The end of the loop before: a new socket must not be opened before the old one is closed, or the server drops both. */
  #ended: Promise<void> = Promise.resolve();
  #connection: AbortController | undefined;
  #isOpen = false;
  /** Whether the last attempt failed, or has taken too long so far. */
  #isFailing = false;
  #hasPreviewMetadata = false;
  /** The prompt that the server runs, as far as its events tell. */
  #runningId: string | undefined;
  #hasLoggedDamage = false;

  constructor(options: ServerSocketOptions) {
    this.#options = options;
    this.clientId = options.clientId;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Passes on the events of a prompt, and connects if necessary. @returns what ends the subscription. */
  subscribe(promptId: string, listener: (event: SocketEvent) => void): () => void {
    const subscription = { promptId, listener };
    this.#subscriptions.add(subscription);
    if (!this.#use) {
      const use = new AbortController();
      this.#use = use;
      this.#ended = this.#ended.then(() => this.#keepConnected(use.signal));
    }
    return () => {
      this.#subscriptions.delete(subscription);
      void this.#stopIfUnused(this.#use);
    };
  }

  /** Whether the socket is connected. Waits until it is, or an attempt has failed. Someone must subscribe before. */
  async opened(): Promise<boolean> {
    if (!this.#isOpen && this.#use) await new Promise<void>((resolve) => this.#waiting.add(resolve));
    return this.#isOpen;
  }

  /** Waits until the socket is connected, but no longer than `ms` milliseconds, and not if the last attempt failed. @throws the signal's reason. */
  async waitUntilOpen(ms: number, signal: AbortSignal): Promise<void> {
    if (this.#isOpen || this.#isFailing) return;
    const settled = new AbortController();
    void this.opened().then(() => settled.abort());
    await wakeableSleep(this.#options.clock, ms, settled.signal, signal);
    this.#isFailing = !this.#isOpen;
  }

  /** Replaces the connection, because nothing arrives on it. */
  renew(): void {
    this.#isFailing = false;
    this.#connection?.abort();
  }

  /** Closes the socket. Resolves once it's closed. */
  async dispose(): Promise<void> {
    this.#subscriptions.clear();
    this.#stop(this.#use);
    await this.#ended;
  }

  async #stopIfUnused(use: AbortController | undefined): Promise<void> {
    if (this.#subscriptions.size > 0 || !use) return;
    await this.#sleep(times.unused, use.signal);
    if (this.#subscriptions.size === 0) this.#stop(use);
  }

  #stop(use: AbortController | undefined): void {
    if (this.#use === use) this.#use = undefined;
    use?.abort();
    this.#connection?.abort();
    this.#settleWaiting();
  }

  async #keepConnected(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    for (let failures = 0; !signal.aborted; ) {
      const start = clock.monotonic();
      const connection = new AbortController();
      this.#connection = connection;
      await this.#connect(connection.signal);
      const wasLost = this.#isOpen && !connection.signal.aborted;
      this.#closed(connection.signal.aborted);
      if (wasLost) this.#options.onLost?.();
      failures = connection.signal.aborted || clock.monotonic() - start > goodConnection ? 0 : failures + 1;
      const delay = failures === 0 ? 0 : Math.min(times.firstDelay * 2 ** (failures - 1), times.maxDelay);
      if (delay > 0) await this.#sleep(delay, signal);
    }
  }

  /** Resolves when it's aborted, too. */
  async #sleep(ms: number, signal: AbortSignal): Promise<void> {
    await this.#options.clock.sleep(ms, signal).catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
  }

  /** One connection, from its beginning to its end. */
  async #connect(signal: AbortSignal): Promise<void> {
    const { address, prepare, loadWebSocket } = this.#options;
    try {
      const target = { url: socketUrl(address, this.clientId), ...(await prepare()) };
      const on = { open: () => this.#opened(), message: (data: unknown) => this.#receive(data) };
      await runSocket(await loadWebSocket(), target, on, signal);
    } catch (error) {
      // The requests of the job meet the same problem, and report it. Messages of other errors can contain the authorization.
      this.#log(
        'debug',
        error instanceof MixFailure ? error.key : `socket-error ${error instanceof Error && error.name}`,
      );
    }
  }

  #opened(): void {
    this.#isOpen = true;
    this.#isFailing = false;
    this.#hasPreviewMetadata = false;
    this.#runningId = undefined;
    this.#log('debug', 'socket-opened');
    this.#settleWaiting();
    this.#tellAll({ kind: 'connected' });
  }

  #closed(isIntended: boolean): void {
    const wasOpen = this.#isOpen;
    this.#isOpen = false;
    if (!wasOpen && !isIntended) this.#isFailing = true;
    this.#log('debug', wasOpen ? 'socket-closed' : 'socket-refused');
    this.#settleWaiting();
    if (wasOpen) this.#tellAll({ kind: 'disconnected' });
  }

  #receive(data: unknown): void {
    const message = readMessage(data);
    switch (message?.kind) {
      case undefined:
        if (!this.#hasLoggedDamage) this.#log('warn', 'socket-message-unreadable');
        this.#hasLoggedDamage = true;
        break;
      case 'queue':
        this.#tellAll(message);
        break;
      case 'features':
        this.#hasPreviewMetadata = message.previewMetadata;
        break;
      case 'preview':
        // It has no id. Those of other clients' prompts come this way even if ours have one.
        if (!this.#hasPreviewMetadata && this.#runningId !== undefined) this.#tell(this.#runningId, message);
        break;
      case 'prompt':
        this.#follow(message.promptId, message.event);
        this.#tell(message.promptId, message.event);
        break;
      case 'other':
        break;
    }
  }

  /** The server runs one prompt at a time. */
  #follow(promptId: string, { kind }: PromptEvent): void {
    const isOver = kind === 'finished' || kind === 'success' || kind === 'failed' || kind === 'interrupted';
    this.#runningId = isOver ? undefined : promptId;
  }

  #tell(promptId: string, event: SocketEvent): void {
    for (const one of [...this.#subscriptions]) if (one.promptId === promptId) one.listener(event);
  }

  #tellAll(event: SocketEvent): void {
    for (const { listener } of [...this.#subscriptions]) listener(event);
  }

  #settleWaiting(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }

  #log(level: ComfyuiLogEvent['level'], event: string): void {
    this.#options.log({ level, event, args: { server: this.#options.address.name } });
  }
}
