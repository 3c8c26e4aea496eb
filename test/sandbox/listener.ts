import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';

/** A certificate and its key, as PEM. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** A port of this machine that can stop listening and start again. */
export class Listener {
  readonly #server: Server;
  readonly #host: string;
  readonly #scheme: 'http' | 'https';
  #port: number;

  constructor(host: string, port: number, certificate: Certificate | undefined, handler: RequestListener) {
    this.#host = host;
    this.#port = port;
    this.#scheme = certificate ? 'https' : 'http';
    this.#server = certificate ? createTlsServer({ ...certificate }, handler) : createServer(handler);
  }

  /** `http://127.0.0.1:PORT`, without a slash at the end. */
  get origin(): string {
    const host = this.#host.includes(':') ? `[${this.#host}]` : this.#host;
    return `${this.#scheme}://${host}:${this.#port}`;
  }

  /** Starts listening, on the same port as before. Does nothing if it is already listening. */
  async open(): Promise<void> {
    if (this.#server.listening) return;
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(this.#port, this.#host, () => {
        this.#server.off('error', reject);
        resolve();
      });
    });
    // A TCP server's address always has this type.
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  /** Refuses new connections from now on. Requests in progress continue. */
  refuse(): void {
    if (this.#server.listening) this.#server.close();
  }

  /** Stops listening and closes every connection. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      if (this.#server.listening) this.#server.close(() => resolve());
      else resolve();
    });
    this.#server.closeAllConnections();
    await closed;
  }
}
