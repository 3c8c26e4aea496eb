import { createApp } from './app.ts';
import type { Generation } from './generation.ts';
import { type Certificate, Listener } from './listener.ts';
import { RequestLog, type SeenRequest } from './log.ts';
import { scenarioNamed } from './scenarios.ts';
import { Service } from './service.ts';
import type { RequestStage } from './stages.ts';
import { type ScenarioOptions, Switchboard } from './switchboard.ts';
import { callWebhook } from './webhook.ts';

/** The key that a sandbox accepts by default. */
export const sandboxKey = 'sandbox-key-7f3d91c2';

/** A port that nothing listens on: it's reserved for an obsolete system service. */
const UNUSED_PORT = 2;

export interface SandboxOptions {
  /** By default 0, which means any free port. */
  readonly port?: number;
  /** A loopback address; `127.0.0.1` by default. */
  readonly host?: string;
  readonly key?: string;
  /** The scenarios active at the start, at most one per stage. */
  readonly scenarios?: readonly string[];
  /** Rejects undocumented fields, weights and webhooks. */
  readonly strict?: boolean;
  /** The seed of the chaos; 1 by default. */
  readonly seed?: number;
  /** The estimate in processing answers, in seconds; 0.3 by default. The actual duration is counted in fetches. */
  readonly eta?: number;
  /** The delay of every answer, in milliseconds. */
  readonly latency?: number;
  /** Serves HTTPS. */
  readonly certificate?: Certificate;
  /** Milliseconds since 1970; the machine's clock by default. */
  readonly now?: () => number;
}

/** A running sandbox. */
export interface Sandbox {
  /** The base URL for the client: `http://127.0.0.1:PORT/api`. */
  readonly baseUrl: string;
  readonly origin: string;
  /** A second origin that serves the same content. A client must never send it a key. */
  readonly elsewhere: string;
  readonly key: string;
  /** Every request received, oldest first. */
  readonly requests: readonly SeenRequest[];
  /** The paid work, oldest first. */
  readonly generations: readonly Generation[];
  /** Activates a scenario for its stage, replacing the previous one. @throws Error for an unknown name. */
  scenario(name: string, options?: ScenarioOptions): Promise<void>;
  /** Deactivates all scenarios. */
  reset(): Promise<void>;
  /** Resolves with the `count`th request of a stage (1 by default), at once if it was already received. */
  waitFor(stage: SeenRequest['stage'], count?: number): Promise<SeenRequest>;
  /** Holds requests of this stage: they're received and counted, but not answered until the returned function is called. */
  hold(stage: RequestStage): () => void;
  close(): Promise<void>;
}

/** Starts a sandbox on loopback. */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const { port = 0, host = '127.0.0.1', key = sandboxKey, now = Date.now, certificate } = options;
  const initial = (options.scenarios ?? []).map(scenarioNamed);
  const log = new RequestLog();
  const switchboard = new Switchboard(options.seed ?? 1);
  const holds = new Map<RequestStage, Promise<void>>();
  const service = new Service({
    key,
    strict: options.strict ?? false,
    eta: options.eta ?? 0.3,
    ended: (generation, origins) => void callWebhook(generation, origins, switchboard.webhooks),
  });
  const app = await createApp({
    service,
    switchboard,
    log,
    now,
    held: (stage) => holds.get(stage),
    latency: options.latency ?? 0,
    elsewhere: () => other.origin,
    nowhere: () => other.origin.replace(/\d+$/, String(UNUSED_PORT)),
    refuse: () => main.refuse(),
  });
  const main = new Listener(host, port, certificate, app.service);
  const other = new Listener(host, 0, certificate, app.elsewhere);
  await Promise.all([main.open(), other.open()]);
  const sandbox: Sandbox = {
    baseUrl: `${main.origin}/api`,
    origin: main.origin,
    elsewhere: other.origin,
    key,
    requests: log.requests,
    generations: service.generations,
    async scenario(name, how = {}) {
      switchboard.set(scenarioNamed(name), how);
      if (switchboard.closed) main.refuse();
      else await main.open();
    },
    async reset() {
      switchboard.clear();
      await main.open();
    },
    waitFor: (stage, count = 1) => log.waitFor(stage, count),
    hold(stage) {
      let release = (): void => undefined;
      const held = new Promise<void>((resolve) => {
        release = resolve;
      });
      holds.set(stage, held);
      return () => {
        holds.delete(stage);
        release();
      };
    },
    async close() {
      await Promise.all([main.close(), other.close()]);
    },
  };
  for (const { name } of initial) await sandbox.scenario(name);
  return sandbox;
}
