import * as z from 'zod';
import type { Contract } from './contract.ts';

/** What the other side answered with instead of a result; `message` is in words. */
export class RemoteError extends Error {
  override readonly name = 'RemoteError';
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** The pipe under a channel: `postMessage` of the webview or of the extension. */
export interface Port {
  send(message: unknown): void;
  /** Calls the listener for each message; returns a function that stops it. */
  listen(listener: (message: unknown) => void): () => void;
}

export type Params<C extends Contract, N extends keyof C> = z.input<C[N]['params']>;
export type Result<C extends Contract, N extends keyof C> = z.output<C[N]['result']>;

/** The functions that answer a contract. What they throw goes back as an error reply. */
export type Handlers<C extends Contract> = {
  readonly [N in keyof C]: (
    params: z.output<C[N]['params']>,
  ) => Promise<z.input<C[N]['result']>> | z.input<C[N]['result']>;
};

const envelopeSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('call'), id: z.number(), name: z.string(), body: z.unknown() }),
  z.object({ kind: z.literal('reply'), id: z.number(), body: z.unknown() }),
  z.object({ kind: z.literal('error'), id: z.number(), code: z.string(), message: z.string() }),
]);

interface Waiting {
  readonly schema: z.ZodType;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly timer: ReturnType<typeof setTimeout> | undefined;
}

/**
 * One end of the conversation between extension and panel: calls with replies, errors and time-outs, both directions
 * checked against their contract. An unreadable message is dropped and reported, never thrown into the host.
 */
export class Channel<Remote extends Contract, Local extends Contract> {
  readonly #waiting = new Map<number, Waiting>();
  readonly #port: Port;
  readonly #remote: Remote;
  readonly #local: Local;
  readonly #handlers: Handlers<Local>;
  readonly #describe: (error: unknown) => { code: string; message: string };
  readonly #stop: () => void;
  #lastId = 0;

  /** @param options.describe turns what a handler threw into a code and a sentence for the other side. */
  constructor(options: {
    port: Port;
    remote: Remote;
    local: Local;
    handlers: Handlers<Local>;
    describe: (error: unknown) => { code: string; message: string };
  }) {
    this.#port = options.port;
    this.#remote = options.remote;
    this.#local = options.local;
    this.#handlers = options.handlers;
    this.#describe = options.describe;
    this.#stop = options.port.listen((message) => void this.#receive(message));
  }

  /** Calls the other side. @throws RemoteError with its answer, or with code `timeout`, `closed` or `bad-reply`. */
  call<N extends keyof Remote & string>(name: N, params: Params<Remote, N>): Promise<Result<Remote, N>> {
    const method = this.#remote[name];
    if (!method) return Promise.reject(new RemoteError('unknown-method', name));
    const id = ++this.#lastId;
    return new Promise<Result<Remote, N>>((resolve, reject) => {
      const timer =
        method.timeout === null
          ? undefined
          : setTimeout(() => {
              this.#waiting.delete(id);
              reject(new RemoteError('timeout', `No answer to ${name} within ${method.timeout} ms`));
            }, method.timeout);
      this.#waiting.set(id, {
        schema: method.result,
        resolve: (value) => resolve(value as Result<Remote, N>), // the schema below has just checked it
        reject,
        timer,
      });
      this.#port.send({ kind: 'call', id, name, body: params ?? null });
    });
  }

  /** Stops listening; whoever still waits for a reply gets `closed`. */
  dispose(): void {
    this.#stop();
    for (const waiting of this.#waiting.values()) {
      clearTimeout(waiting.timer);
      waiting.reject(new RemoteError('closed', 'The other side is gone'));
    }
    this.#waiting.clear();
  }

  async #receive(message: unknown): Promise<void> {
    const envelope = envelopeSchema.safeParse(message);
    if (!envelope.success) return; // not ours: VS Code and extensions of the page post messages too
    const { data } = envelope;
    if (data.kind === 'call') return this.#answer(data.id, data.name, data.body);
    const waiting = this.#waiting.get(data.id);
    if (!waiting) return; // timed out before
    this.#waiting.delete(data.id);
    clearTimeout(waiting.timer);
    if (data.kind === 'error') return waiting.reject(new RemoteError(data.code, data.message));
    const body = waiting.schema.safeParse(data.body);
    if (body.success) waiting.resolve(body.data);
    else waiting.reject(new RemoteError('bad-reply', body.error.message));
  }

  async #answer(id: number, name: string, body: unknown): Promise<void> {
    try {
      const method = this.#local[name];
      const handler = Object.hasOwn(this.#handlers, name) ? this.#handlers[name] : undefined;
      if (!method || !handler) throw new RemoteError('unknown-method', name);
      const params = method.params.parse(body);
      const result: unknown = await handler(params as z.output<Local[string]['params']>);
      this.#port.send({ kind: 'reply', id, body: result ?? null });
    } catch (error) {
      this.#port.send({ kind: 'error', id, ...this.#describe(error) });
    }
  }
}
