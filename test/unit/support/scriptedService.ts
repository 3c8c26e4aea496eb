import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Certificate } from '../../sandbox/listener.ts';

/** What a request is for, according to its path. */
export type Purpose = 'upload' | 'mix' | 'fetch' | 'result';

/** A request that the service received. */
export interface ReceivedRequest {
  readonly purpose: Purpose;
  readonly path: string;
  readonly body: Record<string, unknown>;
  readonly headers: IncomingMessage['headers'];
  /** The client's port: equal for two requests on one connection. */
  readonly clientPort: number | undefined;
}

/** The response to one request: JSON with HTTP status 200, or whatever the function sends. */
export type Step = object | ((response: ServerResponse, request: ReceivedRequest) => void);

/** A loopback HTTP server with scripted responses, in order by purpose. The last one is repeated. */
export class ScriptedService {
  readonly requests: ReceivedRequest[] = [];
  readonly #server: Server;
  readonly #script: Record<Purpose, Step[]> = { upload: [], mix: [], fetch: [], result: [] };
  #port = 0;
  readonly #onRequest = new Set<() => void>();

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

  /** The URL of a result on this server. */
  resultUrl(name: string): string {
    return `${this.origin}/out/${name}`;
  }

  script(purpose: Purpose, ...steps: Step[]): void {
    this.#script[purpose] = steps;
  }

  requestsFor(purpose: Purpose): ReceivedRequest[] {
    return this.requests.filter((request) => request.purpose === purpose);
  }

  /** Resolves once `count` requests for a purpose were received. */
  async waitForRequests(purpose: Purpose, count = 1): Promise<void> {
    while (this.requestsFor(purpose).length < count) {
      await new Promise<void>((resolve) => this.#onRequest.add(resolve));
    }
  }

  /** Closes the port until `resume`. */
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
    return this.#server.address() as AddressInfo; // never a string, because the server listens on TCP
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? '';
    const received: ReceivedRequest = {
      purpose: purposeOf(path),
      path,
      body: await bodyOf(request),
      headers: request.headers,
      clientPort: request.socket.remotePort,
    };
    const steps = this.#script[received.purpose];
    const step = steps.length > 1 ? steps.shift() : steps[0];
    this.requests.push(received);
    for (const notify of this.#onRequest) notify();
    this.#onRequest.clear();
    if (typeof step === 'function') step(response, received);
    else json(step ?? { status: 'error', message: 'nothing was scripted' })(response);
  }
}

/** A JSON response. */
export function json(body: object, status = 200, headers: Record<string, string> = {}) {
  return (response: ServerResponse): void => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
  };
}

/** A response with any body. */
export function raw(body: string | Uint8Array, status = 200, headers: Record<string, string> = {}) {
  return (response: ServerResponse): void => {
    response.writeHead(status, headers).end(body);
  };
}

/** Resets the connection instead of responding. */
export function reset(response: ServerResponse): void {
  response.socket?.resetAndDestroy();
}

function purposeOf(path: string): Purpose {
  if (path.includes('img_mixer')) return 'mix';
  if (path.includes('/fetch/')) return 'fetch';
  if (path.includes('base64')) return 'upload';
  return 'result';
}

async function bodyOf(request: IncomingMessage): Promise<Record<string, unknown>> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString();
  return text === '' ? {} : JSON.parse(text);
}
