import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Certificate } from '../../sandbox/listener.ts';

export interface ForwardProxyOptions {
  /** Maps `host:port` to a port on this machine. Other hosts are unknown. */
  readonly routes: Readonly<Record<string, number>>;
  /** The required `Proxy-Authorization`. */
  readonly authorization?: string;
  /** Makes the proxy itself use TLS. */
  readonly certificate?: Certificate;
  /** Accepts connections and never answers. */
  readonly isSilent?: boolean;
}

/** A request to the proxy: `CONNECT host:port`, or `GET http://…`. */
export interface ProxyRequest {
  readonly what: string;
  readonly authorization: string | undefined;
}

/** A forward proxy on loopback, with tunnels and absolute URLs. */
export class ForwardProxy {
  readonly seen: ProxyRequest[] = [];
  readonly #server: Server;
  readonly #options: ForwardProxyOptions;
  readonly #sockets = new Set<Duplex>();

  private constructor(server: Server, options: ForwardProxyOptions) {
    this.#server = server;
    this.#options = options;
    server.on('connection', (socket) => this.#track(socket));
    server.on('connect', (request: IncomingMessage, socket: Duplex) => this.#tunnel(request, socket));
    server.on('request', (request, response) => this.#forward(request, response));
  }

  static async start(options: ForwardProxyOptions): Promise<ForwardProxy> {
    const server = options.certificate ? createTlsServer({ ...options.certificate }) : createServer();
    const proxy = new ForwardProxy(server, options);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get url(): string {
    const { port } = this.#server.address() as AddressInfo; // listens on TCP, so it isn't the name of a pipe
    return `${this.#options.certificate ? 'https' : 'http'}://127.0.0.1:${port}`;
  }

  /** The number of open connections, to clients and to hosts. */
  get open(): number {
    return this.#sockets.size;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #track(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => {}).on('close', () => this.#sockets.delete(socket));
  }

  /** The port for a target, or the HTTP status that refuses it. */
  #route(request: IncomingMessage, target: string): { port: number } | { status: number } {
    const authorization = request.headers['proxy-authorization'];
    this.seen.push({ what: `${request.method} ${request.url}`, authorization });
    if (authorization !== this.#options.authorization) return { status: 407 };
    const port = this.#options.routes[target];
    return port === undefined ? { status: 502 } : { port };
  }

  #tunnel(request: IncomingMessage, socket: Duplex): void {
    const route = this.#route(request, request.url ?? '');
    if (this.#options.isSilent) {
      socket.on('end', () => socket.destroy()).resume();
      return;
    }
    if ('status' in route) {
      socket.end(`HTTP/1.1 ${route.status} No\r\n\r\n`);
      return;
    }
    const upstream = connect(route.port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      upstream.pipe(socket).pipe(upstream);
    });
    this.#track(upstream);
    upstream.on('close', () => socket.destroy());
    socket.on('error', () => {}).on('close', () => upstream.destroy());
  }

  #forward(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '');
    const route = this.#route(request, `${url.hostname}:${url.port || 80}`);
    if (this.#options.isSilent) return;
    if ('status' in route) {
      response.writeHead(route.status).end('no');
      return;
    }
    const { 'proxy-authorization': _, ...headers } = request.headers;
    const path = url.pathname + url.search;
    const upstream = httpRequest({ port: route.port, method: request.method, path, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    request.pipe(upstream);
  }
}
