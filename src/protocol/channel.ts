import * as z from 'zod';
import type { Contract } from './contract.ts';

/** An error reply of the other side. `message` is a sentence that can be shown to the user. */
export class RemoteError extends Error {
  override readonly name = 'RemoteError';
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** The transport of a channel: `postMessage` of the webview or of the extension. */
export interface Port {
  send(message: unknown): void;
  /** Calls the listener for each message. Returns a function that removes it. */
  listen(listener: (message: unknown) => void): () => void;
}

export type Params<C extends Contract, N extends keyof C> = z.input<C[N]['params']>;
export type Result<C extends Contract, N extends keyof C> = z.output<C[N]['result']>;

/** The implementation of a contract. Whatever a handler throws is sent back as an error reply. */
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

interface PendingCall {
  readonly schema: z.ZodType;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly timer: ReturnType<typeof setTimeout> | undefined;
}

/**
 * One end of the connection between extension and panel: calls with replies, errors and time-outs. Messages in both directions are
 * validated against their contract. Messages of another format are ignored.
 */
export class Channel<Remote extends Contract, Local extends Contract> {
  readonly #pending = new Map<number, PendingCall>();
  readonly #port: Port;
  readonly #remote: Remote;
  readonly #local: Local;
  readonly #handlers: Handlers<Local>;
  readonly #describeError: (error: unknown) => { code: string; message: string };
  readonly #stop: () => void;
  #lastId = 0;

  /** @param options.describe turns an error of a handler into the code and sentence of the error reply. */
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
    this.#describeError = options.describe;
    this.#stop = options.port.listen((message) => void this.#receive(message));
  }

  /**
   * Calls the other side.
   * @throws RemoteError with the code and message of an error reply, or with code `timeout`, `closed`, `bad-reply` or
   * `unknown-method`.
   */
  call<N extends keyof Remote & string>(name: N, params: Params<Remote, N>): Promise<Result<Remote, N>> {
    const method = this.#remote[name];
    if (!method) return Promise.reject(new RemoteError('unknown-method', name));
    const id = ++this.#lastId;
    return new Promise<Result<Remote, N>>((resolve, reject) => {
      const timer =
        method.timeout === null
          ? undefined
          : setTimeout(() => {
              this.#pending.delete(id);
              reject(new RemoteError('timeout', `No answer to ${name} within ${method.timeout} ms`));
            }, method.timeout);
      this.#pending.set(id, {
        schema: method.result,
        resolve: (value) => resolve(value as Result<Remote, N>), // validated by the schema
        reject,
        timer,
      });
      this.#port.send({ kind: 'call', id, name, body: params ?? null });
    });
  }

  /** Stops listening. Pending calls fail with code `closed`. */
  dispose(): void {
    this.#stop();
    for (const call of this.#pending.values()) {
      clearTimeout(call.timer);
      call.reject(new RemoteError('closed', 'The other side is gone'));
    }
    this.#pending.clear();
  }

  async #receive(message: unknown): Promise<void> {
    const envelope = envelopeSchema.safeParse(message);
    if (!envelope.success) return; // VS Code and browser extensions post other messages
    const { data } = envelope;
    if (data.kind === 'call') return this.#answer(data.id, data.name, data.body);
    const call = this.#pending.get(data.id);
    if (!call) return; // already timed out
    this.#pending.delete(data.id);
    clearTimeout(call.timer);
    if (data.kind === 'error') return call.reject(new RemoteError(data.code, data.message));
    const body = call.schema.safeParse(data.body);
    if (body.success) call.resolve(body.data);
    else call.reject(new RemoteError('bad-reply', body.error.message));
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
      this.#port.send({ kind: 'error', id, ...this.#describeError(error) });
    }
  }
}
