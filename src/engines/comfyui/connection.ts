import { randomUUID } from 'node:crypto';
import type { Dispatcher } from 'undici';
import type * as z from 'zod';
import type { MixFailure } from '../../mix/failure.ts';
import type { Connect } from '../../network/connections.ts';
import { exchange, type HttpReply } from '../../network/exchange.ts';
import { RequestError } from '../../network/requestError.ts';
import { parseJson } from '../../storage/json.ts';
import { apiUrl, type ServerAddress, socketRules } from './serverAddress.ts';
import { answerFailure, replyFailure, requestFailure } from './serverFailure.ts';

/** Milliseconds: to connect, between two chunks of a response, for a small request, and for one with a file. */
const times = { connect: 10_000, silence: 30_000, call: 30_000, file: 180_000 };

/** One request to a path of the API. */
export interface ServerCall {
  readonly path: string;
  /** Sent as JSON. */
  readonly json?: unknown;
  /** Sent as a form. */
  readonly form?: Form;
  /** Bytes of the response. */
  readonly maxBytes: number;
  /** Whether the request or its response has a file, which takes longer. */
  readonly hasFile?: boolean;
  /** The statuses besides success that the caller interprets itself. */
  readonly expected?: readonly number[];
}

/** A form with a file. */
export interface Form {
  readonly fields: Readonly<Record<string, string>>;
  readonly file: { readonly field: string; readonly name: string; readonly bytes: Uint8Array };
}

export interface ConnectionOptions {
  readonly address: ServerAddress;
  readonly connect: Connect;
  /** The value of the authorization header for an origin; undefined if none is stored. */
  authorization(origin: string): Promise<string | undefined>;
}

/** The HTTP connections to one server. Only here, and for its WebSocket, is the server's authorization used. */
export class ServerConnection {
  readonly address: ServerAddress;
  readonly #options: ConnectionOptions;
  #dispatcher: Dispatcher | undefined;

  constructor(options: ConnectionOptions) {
    this.address = options.address;
    this.#options = options;
  }

  /** Connects for HTTP requests and for the WebSocket. @throws MixFailure if connections aren't possible at all. */
  get dispatcher(): Dispatcher {
    this.#dispatcher ??= this.#options.connect(socketRules(this.address, times.connect));
    return this.#dispatcher;
  }

  /** The headers that authorize a request to the server. @throws MixFailure if secrets can't be read. */
  async authorization(): Promise<Readonly<Record<string, string>>> {
    const authorization = await this.#options.authorization(this.address.origin);
    return authorization === undefined ? {} : { authorization };
  }

  /**
   * Sends a request: a POST if it has a body, else a GET. Follows no redirects and keeps no cookies.
   * @throws MixFailure for whatever goes wrong, or the signal's reason. The cause of a request without a response is a RequestError.
   */
  async send(call: ServerCall, signal: AbortSignal): Promise<HttpReply> {
    const authorization = await this.authorization();
    const reply = await this.#exchange(call, authorization, signal);
    if (call.expected?.includes(reply.status)) return reply;
    const failure = replyFailure(reply, this.address, 'authorization' in authorization);
    if (failure) throw failure;
    return reply;
  }

  /** The JSON of a reply, as its schema reads it. @throws MixFailure `unexpected-response`. */
  parse<Output>(reply: HttpReply, schema: z.ZodType<Output>): Output {
    const parsed = schema.safeParse(parseJson(reply.body.toString('utf8')));
    if (parsed.success) return parsed.data;
    throw this.unexpected(parsed.error);
  }

  /** The failure for an answer whose content isn't ComfyUI's. */
  unexpected(cause: unknown): MixFailure {
    return answerFailure(this.address, cause);
  }

  /** Uses new connections from now on; requests in progress finish on the old ones. */
  renew(): void {
    const dispatcher = this.#dispatcher;
    this.#dispatcher = undefined;
    void dispatcher?.close(); // rejects only if it was closed before
  }

  /** Closes every connection. */
  async close(): Promise<void> {
    const dispatcher = this.#dispatcher;
    this.#dispatcher = undefined;
    await dispatcher?.destroy();
  }

  async #exchange(
    call: ServerCall,
    authorization: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<HttpReply> {
    const { body, type } = bodyOf(call);
    const request = {
      url: apiUrl(this.address, call.path),
      method: body === undefined ? ('GET' as const) : ('POST' as const),
      headers: { accept: '*/*', ...(type === undefined ? {} : { 'content-type': type }), ...authorization },
      body,
      timeout: call.hasFile ? times.file : times.call,
      silence: times.silence,
      maxBytes: call.maxBytes,
    };
    for (let tries = 1; ; tries++) {
      try {
        return await exchange(this.dispatcher, request, signal);
      } catch (error) {
        if (!(error instanceof RequestError)) throw error;
        // Whoever is in front of the server may have closed a connection that was kept open.
        const isStale = error.reason === 'connection-lost' && body === undefined && tries === 1;
        if (!isStale) throw requestFailure(error, this.address);
      }
    }
  }
}

function bodyOf({ json, form }: ServerCall): { body?: string | Uint8Array; type?: string } {
  if (form) return encodeForm(form);
  return json === undefined ? {} : { body: JSON.stringify(json), type: 'application/json' };
}

/** A form as multipart/form-data (RFC 7578). */
function encodeForm({ fields, file }: Form): { body: Uint8Array; type: string } {
  const boundary = `image-mixer-${randomUUID()}`;
  const head = (disposition: string) => `--${boundary}\r\nContent-Disposition: form-data; ${disposition}\r\n`;
  const parts = Object.entries(fields).map(([name, value]) => `${head(`name="${quoted(name)}"`)}\r\n${value}\r\n`);
  const disposition = `name="${quoted(file.field)}"; filename="${quoted(file.name)}"`;
  const before = `${parts.join('')}${head(disposition)}Content-Type: image/png\r\n\r\n`;
  const body = Buffer.concat([Buffer.from(before), file.bytes, Buffer.from(`\r\n--${boundary}--\r\n`)]);
  return { body, type: `multipart/form-data; boundary=${boundary}` };
}

function quoted(text: string): string {
  return text.replace(/[\r\n"]/g, encodeURIComponent);
}
