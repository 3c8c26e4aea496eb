import { createServer, request as forward, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Certificate } from '../../sandbox/listener.ts';

export interface ForwardProxyOptions {
  /** Where `host:port` leads to: a port of this machine. Anything else is unknown. */
  readonly routes: Readonly<Record<string, number>>;
  /** The `Proxy-Authorization` that it demands. */
  readonly authorization?: string;
  /** Speaks TLS itself. */
  readonly certificate?: Certificate;
  /** Takes connections and never answers. */
  readonly isSilent?: boolean;
}

/** What the proxy was asked: `CONNECT host:port`, or `GET http://…`. */
export interface AskedFor {
  readonly what: string;
  readonly authorization: string | undefined;
}

/** A forward proxy on loopback, by tunnels and by absolute addresses. */
export class ForwardProxy {
  readonly seen: AskedFor[] = [];
  readonly #server: Server;
  readonly #options: ForwardProxyOptions;
  readonly #sockets = new Set<Duplex>();

  private constructor(server: Server, options: ForwardProxyOptions) {
    this.#server = server;
    this.#options = options;
    server.on('connection', (socket) => this.#hold(socket));
    server.on('connect', (request: IncomingMessage, socket: Duplex) => this.#tunnel(request, socket));
    server.on('request', (request, response) => this.#pass(request, response));
  }

  static async start(options: ForwardProxyOptions): Promise<ForwardProxy> {
    const server = options.certificate ? createTlsServer({ ...options.certificate }) : createServer();
    const proxy = new ForwardProxy(server, options);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get url(): string {
    const { port } = this.#server.address() as AddressInfo; // listens on TCP, so it is no pipe's name
    return `${this.#options.certificate ? 'https' : 'http'}://127.0.0.1:${port}`;
  }

  /** Connections that are open now, to clients and to hosts. */
  get open(): number {
    return this.#sockets.size;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #hold(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => {}).on('close', () => this.#sockets.delete(socket));
  }

  /** The port behind an address, or the code of the answer that refuses it. */
  #admit(request: IncomingMessage, target: string): { port: number } | { status: number } {
    const authorization = request.headers['proxy-authorization'];
    this.seen.push({ what: `${request.method} ${request.url}`, authorization });
    if (authorization !== this.#options.authorization) return { status: 407 };
    const port = this.#options.routes[target];
    return port === undefined ? { status: 502 } : { port };
  }

  #tunnel(request: IncomingMessage, socket: Duplex): void {
    const way = this.#admit(request, request.url ?? '');
    if (this.#options.isSilent) {
      socket.on('end', () => socket.destroy()).resume();
      return;
    }
    if ('status' in way) {
      socket.end(`HTTP/1.1 ${way.status} No\r\n\r\n`);
      return;
    }
    const onward = connect(way.port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      onward.pipe(socket).pipe(onward);
    });
    this.#hold(onward);
    onward.on('close', () => socket.destroy());
    socket.on('error', () => {}).on('close', () => onward.destroy());
  }

  #pass(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '');
    const way = this.#admit(request, `${url.hostname}:${url.port || 80}`);
    if (this.#options.isSilent) return;
    if ('status' in way) {
      response.writeHead(way.status).end('no');
      return;
    }
    const { 'proxy-authorization': _, ...headers } = request.headers;
    const path = url.pathname + url.search;
    const onward = forward({ port: way.port, method: request.method, path, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    request.pipe(onward);
  }
}
