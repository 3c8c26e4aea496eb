import { MixFailure } from '../../mix/failure.ts';
import type { ServerQuery, ServerReport, ServerState } from './comfyuiEngine.ts';
import { ComfyuiServer, type ServerServices } from './comfyuiServer.ts';
import { serverAddress } from './serverAddress.ts';

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

/** Plans a job on a server. @throws MixFailure if the server lacks something. */
export type Planner<Plan> = (report: ServerReport, server: ComfyuiServer) => Plan | Promise<Plan>;

/** Tells which of the plans on several servers, in the order of the settings, are preferred. If none is, they're all the same. */
export type Preference<Plan> = (plans: readonly Plan[]) => (plan: Plan) => boolean;

/** A server that was chosen for a job, with what it is mixed with there. */
export interface ChosenServer<Plan> extends Lease {
  readonly report: ServerReport;
  readonly plan: Plan;
}

interface Offer<Plan> {
  readonly server: ComfyuiServer;
  readonly report: ServerReport;
  readonly plan: Plan;
  readonly queueLength: number;
}

type Answer<Plan> =
  | { readonly offer: Offer<Plan>; readonly failure?: undefined }
  | { readonly offer?: undefined; readonly failure: MixFailure };

/** A server of the settings, as it's written there. */
type SetServer =
  | { readonly url: string; readonly server: ComfyuiServer; readonly failure?: undefined }
  | { readonly url: string; readonly server?: undefined; readonly failure: MixFailure };

/** Milliseconds that slower servers get once one that fits has answered. */
const grace = 1_000;

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
    const answers = await this.#ask(awake.length > 0 ? awake : servers, plan, signal);
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
      const next = bestOf(await this.#ask(others, plan, signal), prefer);
      if (!next) return { ...best, release: await server.take(signal) };
      best = next;
    }
  }

  /** Whether another server than this one can have a job. Those that failed a short while ago aren't asked. @throws the signal's reason. */
  async hasOther<Plan>(server: ComfyuiServer, plan: Planner<Plan>, signal: AbortSignal): Promise<boolean> {
    const servers = this.#configured().flatMap((one) => one.server ?? []);
    const others = servers.filter((other) => other !== server && !other.isResting);
    return (await this.#ask(others, plan, signal)).some(({ offer }) => offer !== undefined);
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

  #ask<Plan>(servers: readonly ComfyuiServer[], plan: Planner<Plan>, signal: AbortSignal): Promise<Answer<Plan>[]> {
    return firstAnswers(
      servers.map((server) => this.#offer(server, plan, signal)),
      (answer) => answer.offer !== undefined,
    );
  }

  async #offer<Plan>(server: ComfyuiServer, plan: Planner<Plan>, signal: AbortSignal): Promise<Answer<Plan>> {
    try {
      const known = await server.report({ signal });
      const queueLength = await server.queueLength(signal);
      const { report, planned } = await this.#planOn(server, known, plan, signal);
      return { offer: { server, report, plan: planned, queueLength } };
    } catch (error) {
      if (error instanceof MixFailure) return { failure: error };
      throw error;
    }
  }

  /** What a report lacks may have been added since it was read. */
  async #planOn<Plan>(
    server: ComfyuiServer,
    known: ServerReport,
    plan: Planner<Plan>,
    signal: AbortSignal,
  ): Promise<{ report: ServerReport; planned: Plan }> {
    try {
      return { report: known, planned: await plan(known, server) };
    } catch (error) {
      if (!(error instanceof MixFailure)) throw error;
      const report = await server.report({ refresh: true, signal });
      return { report, planned: await plan(report, server) };
    }
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

/** Of the preferred offers, or all, the one with the least before a new job; among equal ones, the first in the settings. */
function bestOf<Plan>(answers: readonly Answer<Plan>[], prefer: Preference<Plan>): Offer<Plan> | undefined {
  const offers = answers.flatMap(({ offer }) => offer ?? []);
  const isPreferred = prefer(offers.map(({ plan }) => plan));
  const preferred = offers.filter(({ plan }) => isPreferred(plan));
  return (preferred.length > 0 ? preferred : offers).sort((left, right) => load(left) - load(right))[0];
}

/** How much is before a new job: the jobs of this window, whose prompts are in the queue too, and others' prompts. */
function load({ server, queueLength }: Offer<unknown>): number {
  return server.jobs + Math.max(0, queueLength - server.prompts.size);
}

/** The failure to report: what a server lacks says more than that others can't be reached. */
function mostTelling(failures: readonly MixFailure[]): MixFailure {
  return (
    failures.find(({ code }) => code !== 'network' && code !== 'service-unavailable') ??
    failures[0] ??
    new MixFailure('service-unavailable/comfyui-none', { retryable: false })
  );
}

/** The answers in their order, once all are there, or some time after the first that is good. Rejects if one does before. */
function firstAnswers<One>(pending: readonly Promise<One>[], isGood: (answer: One) => boolean): Promise<One[]> {
  return new Promise((resolve, reject) => {
    const answers = new Map<number, One>();
    let timer: NodeJS.Timeout | undefined;
    if (pending.length === 0) return resolve([]);
    const finish = () => {
      clearTimeout(timer);
      resolve([...answers].sort(([left], [right]) => left - right).map(([, answer]) => answer));
    };
    for (const [at, promise] of pending.entries()) {
      promise.then((answer) => {
        answers.set(at, answer);
        if (answers.size === pending.length) finish();
        else if (isGood(answer)) timer ??= setTimeout(finish, grace);
      }, reject);
    }
  });
}
