import type { Clock } from '../engines/clock.ts';
import type { ServerQuery, ServerState } from '../engines/comfyui/comfyuiEngine.ts';
import type { Disposable } from './ports.ts';
import type { Services } from './services.ts';

/** A server of the settings, with its last answer, if it has given one. */
export interface KnownServer {
  /** The base URL as in the settings. */
  readonly url: string;
  readonly state: ServerState | undefined;
  readonly isChecking: boolean;
}

export interface ServerStatesOptions {
  /** The base URLs of the settings. */
  readonly urls: () => readonly string[];
  readonly services: Pick<Services, 'comfyuiServers'>;
  readonly clock: Pick<Clock, 'monotonic'>;
}

/** Milliseconds after which an answer is out of date: the queue and the free memory change all the time. */
const maxAge = 60_000;

/** The ComfyUI servers as they last answered. They're asked while the user looks at the panel and they're needed, never on a timer. */
export class ServerStates {
  readonly #urls: () => readonly string[];
  readonly #services: Pick<Services, 'comfyuiServers'>;
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #listeners = new Set<() => void>();
  /** The last request, while it runs. */
  #request: AbortController | undefined;
  #known: readonly KnownServer[] = [];
  /** When they were last asked, since they last changed. */
  #askedAt = Number.NEGATIVE_INFINITY;

  constructor(options: ServerStatesOptions) {
    this.#urls = options.urls;
    this.#services = options.services;
    this.#clock = options.clock;
  }

  /** In the order of the settings. Empty before they're first asked. */
  get known(): readonly KnownServer[] {
    return this.#known;
  }

  onChange(listener: () => void): Disposable {
    this.#listeners.add(listener);
    return { dispose: () => this.#listeners.delete(listener) };
  }

  /** Asks the servers, unless they all answered well a short while ago. @throws MixFailure `untrusted-workspace` in Restricted Mode. */
  async ask(): Promise<void> {
    const isFresh = this.#clock.monotonic() - this.#askedAt <= maxAge;
    const hasFailed = this.#known.some(({ state, isChecking }) => !isChecking && state && 'failure' in state);
    if (!isFresh || hasFailed) await this.refresh();
  }

  /** Asks the servers again. Until they answer, they stay as they were. @throws MixFailure `untrusted-workspace` in Restricted Mode. */
  async refresh(): Promise<void> {
    this.#request?.abort();
    const request = new AbortController();
    const { signal } = request;
    this.#request = request;
    this.#askedAt = this.#clock.monotonic();
    this.#set(this.#urls().map((url) => ({ url, state: this.#stateOf(url), isChecking: true })));
    const onState = (state: ServerState) => {
      if (signal.aborted) return; // the reply to an outdated request
      const isThis = ({ url }: KnownServer) => url === state.url;
      this.#set(this.#known.map((server) => (isThis(server) ? { ...server, state, isChecking: false } : server)));
    };
    try {
      const states = await this.#services.comfyuiServers({ refresh: true, signal, onState });
      if (!signal.aborted) this.#set(states.map((state) => ({ url: state.url, state, isChecking: false })));
    } catch (error) {
      if (!signal.aborted) this.forget();
      throw error;
    }
  }

  /** Asks the servers for a caller, and remembers what they answer. @throws MixFailure `untrusted-workspace` in Restricted Mode. */
  async query(query: ServerQuery): Promise<readonly ServerState[]> {
    const states = await this.#services.comfyuiServers(query);
    if (query.signal?.aborted) return states; // they may not all have answered
    this.#request?.abort();
    this.#askedAt = this.#clock.monotonic();
    this.#set(states.map((state) => ({ url: state.url, state, isChecking: false })));
    return states;
  }

  /** Call this when the servers, or what they are reached with, changed. */
  forget(): void {
    this.#request?.abort();
    this.#askedAt = Number.NEGATIVE_INFINITY;
    this.#set([]);
  }

  #stateOf(url: string): ServerState | undefined {
    return this.#known.find((server) => server.url === url)?.state;
  }

  #set(known: readonly KnownServer[]): void {
    this.#known = known;
    for (const listener of this.#listeners) listener();
  }
}
