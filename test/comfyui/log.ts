import type { IncomingHttpHeaders } from 'node:http';

/** A request as the server received it. */
export interface SeenRequest {
  readonly method: string;
  /** The path with its query, without the base path. */
  readonly path: string;
  /** The path with its query, as requested. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  /** Whether it asks for a WebSocket. */
  readonly upgrade: boolean;
  /** The parsed JSON; undefined for other bodies. */
  readonly body: unknown;
}

interface Waiter {
  readonly method: string;
  readonly path: string;
  readonly count: number;
  readonly resolve: (request: SeenRequest) => void;
}

/** Records every request whose body has arrived, and resolves the promises that wait for one. */
export class RequestLog {
  readonly requests: SeenRequest[] = [];
  readonly #waiters = new Set<Waiter>();

  add(request: SeenRequest): void {
    this.requests.push(request);
    for (const waiter of this.#waiters) this.#settle(waiter);
  }

  /** Resolves with the `count`th request (from 1) of a method whose path begins like this, with or without `/api`. */
  waitFor(method: string, path: string, count: number): Promise<SeenRequest> {
    return new Promise((resolve) => {
      const waiter = { method, path, count, resolve };
      this.#waiters.add(waiter);
      this.#settle(waiter);
    });
  }

  #settle(waiter: Waiter): void {
    const found = this.requests.filter(
      ({ method, path }) => method === waiter.method && path.replace(/^\/api\//, '/').startsWith(waiter.path),
    )[waiter.count - 1];
    if (!found) return;
    this.#waiters.delete(waiter);
    waiter.resolve(found);
  }
}
