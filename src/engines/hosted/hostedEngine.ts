import type { Codec } from '../../images/codec.ts';
import type { SourceReader } from '../../images/sourceReader.ts';
import { MixFailure } from '../../mix/failure.ts';
import type { DialectName } from '../../mix/limits.ts';
import { type Connect, createNetwork } from '../../network/connections.ts';
import type { Clock } from '../clock.ts';
import type { Engine, MixContext, MixTask } from '../engine.ts';
import { ServiceClient } from './client.ts';
import type { WriteLogEvent } from './engineLog.ts';
import { HostedJob } from './hostedJob.ts';
import { createHostedState, parseHostedState } from './hostedState.ts';
import { serviceOf } from './service.ts';
import type { SharedStore } from './sharedStore.ts';
import { type Timeouts, Transport } from './transport.ts';
import type { WalletBalance } from './wallet.ts';

/** What the hosted engine is made of. Functions are asked anew for every job. */
export interface HostedEngineOptions {
  settings(): { baseUrl: string; dialect: DialectName; timeoutSeconds: number };
  /** The API key that is stored for exactly this origin. */
  apiKey(origin: string): Promise<string | undefined>;
  readonly codec: Codec;
  /** Reads sources, and pictures from where the service keeps them. */
  readonly reader: SourceReader;
  /** Uploads and orders of the last hours; all windows share it. */
  readonly store: SharedStore;
  /** Whether files of this machine may go to the service. */
  mayUpload(): Promise<boolean>;
  readonly clock: Clock;
  /** From 0 to 1. */
  random(): number;
  readonly log: WriteLogEvent;
  /** How requests connect; straight to the service when absent. */
  readonly connect?: Connect;
  readonly timeouts?: Timeouts;
}

/** Milliseconds until an address that does not answer is given up. */
const connectTimeout = 15_000;

/** The engine that orders mixes from the hosted service. `dispose` ends its connections. */
export interface HostedEngine extends Engine {
  /** What is left in the account that the stored key belongs to; undefined where that can't be known. Never rejects. */
  balance(): Promise<WalletBalance | undefined>;
  /** Makes new connections from now on; what is under way ends on the old ones. For when the rules of the network have changed. */
  reconnect(): void;
  dispose(): Promise<void>;
}

/** Makes the hosted engine; it connects to nothing before its first job. */
export function createHostedEngine(options: HostedEngineOptions): HostedEngine {
  const connect = options.connect ?? createNetwork();
  const transport = new Transport(() => connect({ timeout: connectTimeout }), options.timeouts);
  return {
    name: 'hosted',
    async run(task: MixTask, context: MixContext): Promise<void> {
      const { timeoutSeconds, ...settings } = options.settings();
      const saved = parseHostedState(context.saved);
      if (!saved && context.saved !== undefined) throw new MixFailure('interrupted/state-lost');
      const service = serviceOf(saved ?? settings);
      const state = saved ?? createHostedState(task, service);
      await new HostedJob({ ...options, task, context, service, state, transport, timeoutSeconds }).finish();
    },
    canResume: (saved) => {
      const requests = parseHostedState(saved)?.requests ?? [];
      return requests.some(({ phase }) => phase === 'accepted' || phase === 'answered');
    },
    async balance() {
      try {
        const service = serviceOf(options.settings());
        const key = service.dialect.balancePath && (await options.apiKey(service.origin));
        if (!key) return undefined;
        const client = new ServiceClient({ service, key, transport, clock: options.clock });
        return await client.balance(new AbortController().signal);
      } catch {
        return undefined; // whatever is wrong, a mix will tell
      }
    },
    reconnect: () => transport.renew(),
    dispose: () => transport.close(),
  };
}
