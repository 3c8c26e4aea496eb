import { MixFailure } from '../../mix/failure.ts';
import type { DialectName } from '../../mix/limits.ts';
import { type Connect, createNetwork } from '../../network/connections.ts';
import type { Engine, MixContext, MixTask } from '../engine.ts';
import { ServiceClient } from './client.ts';
import { HostedJob, type HostedJobServices } from './hostedJob.ts';
import { createHostedState, parseHostedState } from './hostedState.ts';
import { serviceOf } from './service.ts';
import { type Timeouts, Transport } from './transport.ts';
import type { WalletBalance } from './wallet.ts';

/** The hosted engine's dependencies. Functions are called again for every job. */
export interface HostedEngineOptions extends HostedJobServices {
  settings(): { baseUrl: string; dialect: DialectName; timeoutSeconds: number };
  /** Creates connections; by default direct ones, without a proxy. */
  readonly connect?: Connect;
  readonly timeouts?: Timeouts;
}

/** Time to establish a connection, in milliseconds. */
const connectTimeout = 15_000;

/** The engine that submits mixes to the hosted service. */
export interface HostedEngine extends Engine {
  /** The balance of the account that the stored key belongs to; undefined if it is unknown. Never rejects. */
  balance(): Promise<WalletBalance | undefined>;
  /** Uses new connections from now on; requests in progress finish on the old ones. Call it when proxy settings change. */
  reconnect(): void;
  /** Closes all connections. */
  dispose(): Promise<void>;
}

/** Creates the hosted engine. It doesn't connect before its first job. */
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
      await new HostedJob({ ...options, task, context, service, state, transport, timeoutSeconds }).run();
    },
    canCheckAgain: (saved) => {
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
        return undefined; // a mix reports the same problem in detail
      }
    },
    reconnect: () => transport.renew(),
    dispose: () => transport.close(),
  };
}
