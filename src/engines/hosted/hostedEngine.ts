import { MixFailure } from '../../mix/failure.ts';
import { type Connect, createNetwork } from '../../network/connections.ts';
import { RequestError } from '../../network/requestError.ts';
import type { Engine, MixContext, MixTask } from '../engine.ts';
import { ServiceClient } from './client.ts';
import { HostedJob } from './hostedJob.ts';
import type { HostedJobServices } from './hostedJobOptions.ts';
import { createHostedState, parseHostedState } from './hostedState.ts';
import { describeError } from './redaction.ts';
import { type ServiceSettings, serviceOf } from './service.ts';
import { SubmissionInterval } from './submissionInterval.ts';
import { type Timeouts, Transport } from './transport.ts';
import type { WalletBalance } from './wallet.ts';

/** The hosted engine's dependencies. Functions are called again for every job. */
export interface HostedEngineOptions extends HostedJobServices {
  /** What this window is set to: how long the service may take for a mix, and the service of the balance. A job has its own service. */
  settings(): ServiceSettings & { readonly timeoutSeconds: number };
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
  const interval = new SubmissionInterval(options.clock);
  return {
    name: 'hosted',
    async run(task: MixTask, context: MixContext): Promise<void> {
      const saved = parseHostedState(context.saved);
      if (!saved && context.saved !== undefined) throw new MixFailure('interrupted/state-lost');
      const settings = saved ?? task.service;
      if (!settings) throw new TypeError('A hosted job needs a service');
      const service = serviceOf(settings);
      const state = saved ?? createHostedState(task, service);
      const timeout = 1000 * options.settings().timeoutSeconds;
      await new HostedJob({ ...options, task, context, service, state, transport, interval, timeout }).run();
    },
    canCheckAgain: (saved) => {
      const requests = parseHostedState(saved)?.requests ?? [];
      return requests.some(({ phase }) => phase === 'accepted' || phase === 'answered');
    },
    async balance() {
      const { signal } = new AbortController();
      try {
        const service = serviceOf(options.settings());
        const { origin, dialect } = service;
        if (dialect.balancePath === undefined) return undefined;
        const key = await options.apiKey(origin);
        return await new ServiceClient({ service, key, transport, clock: options.clock }).balance(signal);
      } catch (error) {
        // A mix reports the same problem in detail.
        if (error instanceof MixFailure || error instanceof RequestError) return undefined;
        options.log({ level: 'warn', event: 'balance-failed', args: { error: describeError(error) } });
        return undefined;
      }
    },
    reconnect: () => transport.renew(),
    dispose: () => transport.close(),
  };
}
