import { MixFailure } from '../../mix/failure.ts';
import type { ServerQuery, ServerReport, ServerState } from './comfyuiEngine.ts';
import { ComfyuiServer, type ServerServices } from './comfyuiServer.ts';
import { serverAddress } from './serverAddress.ts';
import { askServers, bestOf, mostTelling, type Planner, type Preference } from './serverOffer.ts';

export interface ServerPoolOptions extends ServerServices {
  /** The base URLs, as in the settings. */
  servers(): readonly string[];
}

/** A server that a job has to itself, among the jobs of this window, until it's released. */
export interface Lease {
  readonly server: ComfyuiServer;
  /** Does nothing the second time. */
  release(): void;
}

/** A server that was chosen for a job, with what it is mixed with there. */
export interface ChosenServer<Plan> extends Lease {
  readonly report: ServerReport;
  readonly plan: Plan;
}

/** A server of the settings, as it's written there. */
type SetServer =
  | { readonly url: string; readonly server: ComfyuiServer; readonly failure?: undefined }
  | { readonly url: string; readonly server?: undefined; readonly failure: MixFailure };

/** The servers of the settings. */
export class ServerPool {
  readonly #options: ServerPoolOptions;
  /** By base URL. Servers that aren't set any more stay while jobs have them. */
  readonly #servers = new Map<string, ComfyuiServer>();

  constructor(options: ServerPoolOptions) {
    this.#options = options;
  }

  /**
   * Chooses the server with the shortest queue of those that have what a job needs, and waits for the jobs before. A server that failed is
   * left out for a while, unless all did. If that happens to the one that is waited for, another is chosen if possible.
   * @throws MixFailure, or the signal's reason.
   */
  async choose<Plan>(
    plan: Planner<Plan>,
    signal: AbortSignal,
    prefer: Preference<Plan> = () => () => true,
  ): Promise<ChosenServer<Plan>> {
    const set = this.#configured();
    const servers = set.flatMap((one) => one.server ?? []);
    const awake = servers.filter(({ isResting }) => !isResting);
    const answers = await askServers(awake.length > 0 ? awake : servers, plan, signal);
    const first = bestOf(answers, prefer);
    if (!first) throw mostTelling([...answers, ...set].flatMap(({ failure }) => failure ?? []));
    for (let best = first; ; ) {
      const { server } = best;
      const { outage } = server;
      try {
        return { ...best, release: await server.take(AbortSignal.any([signal, outage])) };
      } catch (error) {
        if (error !== outage.reason || signal.aborted) throw error;
      }
      const others = servers.filter((other) => other !== server && !other.isResting);
      const next = bestOf(await askServers(others, plan, signal), prefer);
      if (!next) return { ...best, release: await server.take(signal) };
      best = next;
    }
  }

  /** Whether another server than this one can have a job. Those that failed a short while ago aren't asked. @throws the signal's reason. */
  async hasOther<Plan>(server: ComfyuiServer, plan: Planner<Plan>, signal: AbortSignal): Promise<boolean> {
    const servers = this.#configured().flatMap((one) => one.server ?? []);
    const others = servers.filter((other) => other !== server && !other.isResting);
    return (await askServers(others, plan, signal)).some(({ offer }) => offer !== undefined);
  }

  /** How many servers are set. */
  get size(): number {
    return this.#configured().length;
  }

  /** Waits for the server that a job began on, even if it isn't set any more. @throws MixFailure, or the signal's reason. */
  async acquire(url: string, signal: AbortSignal): Promise<Lease> {
    const server = this.serverAt(url);
    return { server, release: await server.take(signal) };
  }

  /** The server at a base URL, whether it's set or not, without waiting for it. @throws MixFailure if it isn't a valid URL. */
  serverAt(url: string): ComfyuiServer {
    const address = serverAddress(url);
    const server = this.#servers.get(address.base) ?? new ComfyuiServer(address, this.#options);
    this.#servers.set(address.base, server);
    return server;
  }

  /** The servers in the order of the settings. Never rejects. */
  async states({ refresh, signal = new AbortController().signal, onState }: ServerQuery = {}) {
    const states = this.#configured().map(async (one) => {
      const state = one.server ? await stateOf(one.server, refresh, signal) : { url: one.url, failure: one.failure };
      onState?.(state);
      return state;
    });
    return Promise.all(states);
  }

  /** Uses new connections from now on, and forgets what is known of the servers. */
  reconnect(): void {
    const set = new Set(this.#configured().map(({ server }) => server));
    for (const [base, server] of this.#servers) {
      if (set.has(server) || server.jobs > 0) server.reconnect();
      else {
        this.#servers.delete(base);
        void server.dispose(); // never rejects
      }
    }
  }

  async dispose(): Promise<void> {
    const servers = [...this.#servers.values()];
    this.#servers.clear();
    await Promise.all(servers.map((server) => server.dispose()));
  }

  /** Each server of the settings once, or what is wrong with its address. */
  #configured(): SetServer[] {
    const found = new Map<string, SetServer>();
    for (const url of this.#options.servers()) {
      try {
        const server = this.serverAt(url);
        const { place } = server.address;
        if (!found.has(place)) found.set(place, { url, server });
      } catch (error) {
        if (!(error instanceof MixFailure)) throw error;
        found.set(url, { url, failure: error });
      }
    }
    return [...found.values()];
  }
}

async function stateOf(server: ComfyuiServer, refresh: boolean | undefined, signal: AbortSignal): Promise<ServerState> {
  try {
    return await server.state({ refresh, signal });
  } catch (error) {
    if (!signal.aborted) throw error;
    return {
      url: server.address.url,
      failure: new MixFailure('network/timeout', { args: { host: server.address.name } }),
    };
  }
}
