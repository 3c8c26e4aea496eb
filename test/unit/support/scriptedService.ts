import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Certificate } from '../../sandbox/listener.ts';

/** What a request is for, told by its path. */
export type Purpose = 'upload' | 'mix' | 'fetch' | 'picture';

/** A request that came in. */
export interface Seen {
  readonly purpose: Purpose;
  readonly path: string;
  readonly body: Record<string, unknown>;
  readonly headers: IncomingMessage['headers'];
  /** The port of the client's end: the same for two requests on one connection. */
  readonly clientPort: number | undefined;
}

/** What one request gets: JSON with code 200, or whatever the function does. */
export type Step = object | ((response: ServerResponse, seen: Seen) => void);

/** A loopback HTTP server that answers what the test wrote down, in order; the last answer of a purpose stays. */
export class ScriptedService {
  readonly seen: Seen[] = [];
  readonly #server: Server;
  readonly #script: Record<Purpose, Step[]> = { upload: [], mix: [], fetch: [], picture: [] };
  #port = 0;
  readonly #watchers = new Set<() => void>();

  private constructor(server: Server) {
    this.#server = server;
    server.on('request', (request, response) => void this.#serve(request, response));
  }

  /** @param certificate for HTTPS. */
  static async start(certificate?: Certificate, host = '127.0.0.1'): Promise<ScriptedService> {
    const server = certificate ? createTlsServer({ ...certificate }) : createServer();
    server.listen(0, host);
    await once(server, 'listening');
    return new ScriptedService(server);
  }

  get port(): number {
    return this.#server.listening ? this.#address().port : this.#port;
  }

  get origin(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get baseUrl(): string {
    return `${this.origin}/api`;
  }

  /** The address of a picture on this server. */
  picture(name: string): string {
    return `${this.origin}/out/${name}`;
  }

  script(purpose: Purpose, ...steps: Step[]): void {
    this.#script[purpose] = steps;
  }

  of(purpose: Purpose): Seen[] {
    return this.seen.filter((seen) => seen.purpose === purpose);
  }

  /** Resolves once `count` requests of a purpose came in. */
  async came(purpose: Purpose, count = 1): Promise<void> {
    while (this.of(purpose).length < count) {
      await new Promise<void>((resolve) => this.#watchers.add(resolve));
    }
  }

  /** Nobody listens until `resume`. */
  async pause(): Promise<void> {
    this.#port = this.#address().port;
    await this.close();
  }

  async resume(): Promise<void> {
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #address(): AddressInfo {
    return this.#server.address() as AddressInfo; // listens on TCP, so it is no pipe's name
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? '';
    const seen: Seen = {
      purpose: purposeOf(path),
      path,
      body: await bodyOf(request),
      headers: request.headers,
      clientPort: request.socket.remotePort,
    };
    const steps = this.#script[seen.purpose];
    const step = steps.length > 1 ? steps.shift() : steps[0];
    this.seen.push(seen);
    for (const watcher of this.#watchers) watcher();
    this.#watchers.clear();
    if (typeof step === 'function') step(response, seen);
    else json(step ?? { status: 'error', message: 'nothing was scripted' })(response);
  }
}

/** An answer of JSON with an HTTP code. */
export function json(body: object, status = 200, headers: Record<string, string> = {}) {
  return (response: ServerResponse): void => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
  };
}

/** An answer of anything. */
export function raw(body: string | Uint8Array, status = 200, headers: Record<string, string> = {}) {
  return (response: ServerResponse): void => {
    response.writeHead(status, headers).end(body);
  };
}

/** Ends the connection without an answer. */
export function reset(response: ServerResponse): void {
  response.socket?.resetAndDestroy();
}

function purposeOf(path: string): Purpose {
  if (path.includes('img_mixer')) return 'mix';
  if (path.includes('/fetch/')) return 'fetch';
  if (path.includes('base64')) return 'upload';
  return 'picture';
}

async function bodyOf(request: IncomingMessage): Promise<Record<string, unknown>> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString();
  return text === '' ? {} : JSON.parse(text);
}
