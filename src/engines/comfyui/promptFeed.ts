import type { Clock } from '../clock.ts';
import type { PreviewImage } from '../engine.ts';
import type { ServerSocket, SocketEvent } from './socket.ts';
import type { StepMeter } from './stepMeter.ts';
import { wakeableSleep } from './wakeableSleep.ts';
import type { ServerFile } from './wire/answers.ts';
import type { HistoryEntry } from './wire/history.ts';

/** Milliseconds: how long the queue must be unchanged before it's asked for, and until a feed without events counts as quiet. */
const times = { settle: 300, quiet: 3_000 };

export interface PromptFeedOptions {
  readonly promptId: string;
  readonly socket: ServerSocket;
  readonly clock: Clock;
  readonly meter: StepMeter;
  /** The node with the results. */
  readonly output: () => string;
  /** Called when more of the prompt is done. */
  onProgress(): void;
  onPreview(image: PreviewImage): void;
}

/** What the socket says about one prompt. Some of it may be missed, so the queue and the history decide. */
export class PromptFeed {
  readonly #options: PromptFeedOptions;
  readonly #unsubscribe: () => void;
  readonly #images = new Map<string, ServerFile[]>();
  #entry: HistoryEntry | undefined;
  #hasStarted = false;
  #isOver = false;
  #hasGaps = true;
  #events = 0;
  #lastEvent = Number.NEGATIVE_INFINITY;
  #news: 'none' | 'queue' | 'finished' = 'none';
  #wake: AbortController | undefined;

  constructor(options: PromptFeedOptions) {
    this.#options = options;
    this.#unsubscribe = options.socket.subscribe(options.promptId, (event) => this.#receive(event));
  }

  /** The prompt is sent now. From here on, gaps count. */
  begin(): void {
    this.#hasGaps = !this.#options.socket.isOpen;
  }

  /** The server was out of reach: it may have been restarted. */
  addGap(): void {
    this.#hasGaps = true;
  }

  /** The queue says that the prompt runs. */
  setStarted(): void {
    this.#hasStarted = true;
  }

  get hasStarted(): boolean {
    return this.#hasStarted;
  }

  /** Whether events may have been missed since the prompt was sent. */
  get hasGaps(): boolean {
    return this.#hasGaps;
  }

  /** Whether the prompt is over. Its history may not be written yet. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** How many events about the prompt came. */
  get events(): number {
    return this.#events;
  }

  get isQuiet(): boolean {
    return this.#options.clock.monotonic() - this.#lastEvent > times.quiet;
  }

  /** How the prompt ended, as far as events tell, for a server whose history is lost. */
  get entry(): HistoryEntry | undefined {
    return this.#entry;
  }

  /** From 0 to 1; undefined if not known. */
  get fraction(): number | undefined {
    return this.#options.meter.fraction;
  }

  /** Waits for `ms` milliseconds, or until the queue or the history should be asked. @throws the signal's reason. */
  async wait(ms: number, signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    if (this.#news === 'none') {
      this.#wake = new AbortController();
      await wakeableSleep(clock, ms, this.#wake.signal, signal);
    }
    if (this.#news === 'queue') {
      // Changes come in groups: a prompt ends, the next one begins.
      this.#wake = new AbortController();
      this.#news = 'none';
      await wakeableSleep(clock, Math.min(times.settle, ms), this.#wake.signal, signal);
    }
    this.#news = 'none';
    this.#wake = undefined;
  }

  close(): void {
    this.#unsubscribe();
  }

  #receive(event: SocketEvent): void {
    switch (event.kind) {
      case 'connected':
        break;
      case 'disconnected':
        this.#hasGaps = true;
        this.#suggestLook();
        break;
      case 'queue':
        if (!this.#hasStarted) this.#suggestLook();
        break;
      default:
        this.#hasStarted = true;
        this.#events++;
        this.#lastEvent = this.#options.clock.monotonic();
        this.#follow(event);
    }
  }

  #suggestLook(): void {
    if (this.#news !== 'none') return;
    this.#news = 'queue';
    this.#wake?.abort();
  }

  #follow(event: Exclude<SocketEvent, { kind: 'connected' | 'disconnected' | 'queue' }>): void {
    const { meter, output, onProgress, onPreview } = this.#options;
    switch (event.kind) {
      case 'start':
        onProgress();
        break;
      case 'cached':
        for (const node of event.nodes) meter.update(node, 1, 1);
        break;
      case 'executing':
        break;
      case 'progress':
        meter.update(event.node, event.value, event.max);
        onProgress();
        break;
      case 'preview':
        onPreview(event.image);
        break;
      case 'executed':
        if (event.images.length > 0) this.#images.set(event.node, [...event.images]);
        break;
      case 'success':
        this.#isOver = true;
        if (this.#images.has(output())) this.#entry = { outcome: 'success', images: this.#images };
        break;
      case 'failed':
        this.#isOver = true;
        this.#entry = { outcome: 'failed', images: this.#images, error: event.error };
        break;
      case 'interrupted':
        this.#isOver = true;
        this.#entry = { outcome: 'interrupted', images: this.#images };
        break;
      case 'finished':
        this.#isOver = true;
        this.#news = 'finished';
        this.#wake?.abort();
        break;
    }
  }
}
