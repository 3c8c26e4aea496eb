import type { DialectName, RequestStage } from './stages.ts';

/** A request as the sandbox received it. */
export interface SeenRequest {
  /** Milliseconds since 1970, by the sandbox's clock. */
  readonly at: number;
  /** False for the second origin, which a client must never send a key to. */
  readonly toService: boolean;
  /** `source`: an uploaded image was read; `other`: not a route of the service. */
  readonly stage: RequestStage | 'source' | 'other';
  readonly dialect: DialectName | undefined;
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The parsed JSON, or the text if it isn't JSON; undefined without a body. */
  readonly body: unknown;
}

interface Waiter {
  readonly stage: SeenRequest['stage'];
  readonly count: number;
  readonly resolve: (request: SeenRequest) => void;
}

/** Records every request, and resolves the promises that wait for one. */
export class RequestLog {
  readonly requests: SeenRequest[] = [];
  readonly #waiters = new Set<Waiter>();

  add(request: SeenRequest): void {
    this.requests.push(request);
    for (const waiter of this.#waiters) this.#settle(waiter);
  }

  /** Resolves with the `count`th request of a stage (from 1), at once if it was already received. */
  waitFor(stage: SeenRequest['stage'], count: number): Promise<SeenRequest> {
    return new Promise((resolve) => {
      const waiter = { stage, count, resolve };
      this.#waiters.add(waiter);
      this.#settle(waiter);
    });
  }

  #settle(waiter: Waiter): void {
    const request = this.requests.filter(({ stage }) => stage === waiter.stage)[waiter.count - 1];
    if (!request) return;
    this.#waiters.delete(waiter);
    waiter.resolve(request);
  }
}
