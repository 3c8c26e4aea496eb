import { Mutex } from 'async-mutex';
import { abortable } from '../../images/abortable.ts';
import { MixFailure } from '../../mix/failure.ts';
import type { Connect } from '../../network/connections.ts';
import { loadWebSocket } from '../../network/webSocket.ts';
import type { Clock } from '../clock.ts';
import { ComfyuiClient } from './comfyuiClient.ts';
import type { ComfyuiLogEvent, ServerReport, ServerState } from './comfyuiEngine.ts';
import { ServerConnection } from './connection.ts';
import { QueueLook } from './queueLook.ts';
import type { ServerAddress } from './serverAddress.ts';
import { readServer } from './serverReport.ts';
import { ServerSocket } from './socket.ts';

/** What a server is reached with. */
export interface ServerServices {
  readonly connect: Connect;
  authorization(origin: string): Promise<string | undefined>;
  readonly clock: Clock;
  newId(): string;
  readonly log: (event: ComfyuiLogEvent) => void;
}

/** Milliseconds: for a whole report, and how long a server that failed is left out, at first and at most. */
const times = { report: 20_000, firstRest: 5_000, longestRest: 120_000 };

/** A server as this window knows it: its connections, its last report, and the jobs that wait for it. */
export class ComfyuiServer {
  readonly address: ServerAddress;
  readonly client: ComfyuiClient;
  readonly socket: ServerSocket;
  readonly queue: QueueLook;
  /** The ids of the prompts that jobs of this window have there. */
  readonly prompts = new Set<string>();
  /** By client id: those of this window, and those of closed windows whose prompts it follows. */
  readonly #sockets = new Map<string, ServerSocket>();
  readonly #connection: ServerConnection;
  readonly #services: ServerServices;
  readonly #disposal = new AbortController();
  /** One job of this window at a time. */
  readonly #turns = new Mutex();
  #jobs = 0;
  #report: Promise<ServerReport> | undefined;
  #lastState: ServerState | undefined;
  #failures = 0;
  #restsUntil = Number.NEGATIVE_INFINITY;
  #outage = new AbortController();

  constructor(address: ServerAddress, services: ServerServices) {
    const connection = new ServerConnection({ address, ...services });
    this.address = address;
    this.client = new ComfyuiClient(connection);
    this.#connection = connection;
    this.#services = services;
    this.queue = new QueueLook(this.client, services.clock, this.#disposal.signal);
    this.socket = this.socketOf(services.newId());
  }

  /** The socket that gets the events of prompts with this client id. */
  socketOf(clientId: string): ServerSocket {
    const { clock, log } = this.#services;
    const connection = this.#connection;
    const socket =
      this.#sockets.get(clientId) ??
      new ServerSocket({
        address: this.address,
        clientId,
        loadWebSocket,
        prepare: async () => ({ headers: await connection.authorization(), dispatcher: connection.dispatcher }),
        onLost: () => this.forget(),
        clock,
        log,
      });
    this.#sockets.set(clientId, socket);
    return socket;
  }

  /** How many jobs of this window have the server or wait for it. */
  get jobs(): number {
    return this.#jobs;
  }

  /** Whether it failed a short while ago, and is left out for now. */
  get isResting(): boolean {
    return this.#services.clock.monotonic() < this.#restsUntil;
  }

  /** Aborted when the server is out of reach the next time. */
  get outage(): AbortSignal {
    return this.#outage.signal;
  }

  /** What the server is and has, as last read. @param refresh reads it again. @throws MixFailure, or the signal's reason. */
  async report({ refresh, signal }: { refresh?: boolean | undefined; signal: AbortSignal }): Promise<ServerReport> {
    if (refresh || !this.#report) this.#report = this.#read();
    return abortable(this.#report, signal);
  }

  /** The report, or why there is none. @throws the signal's reason. */
  async state(options: { refresh?: boolean | undefined; signal: AbortSignal }): Promise<ServerState> {
    if (!options.refresh && this.#lastState) return this.#lastState;
    try {
      return await this.report(options);
    } catch (error) {
      if (!(error instanceof MixFailure)) throw error;
      return { url: this.address.url, failure: error };
    }
  }

  /** How many prompts run or wait there. @throws MixFailure, or the signal's reason. */
  async queueLength(signal: AbortSignal): Promise<number> {
    try {
      const length = await this.client.queueLength(signal);
      this.#recover();
      return length;
    } catch (error) {
      if (error instanceof MixFailure) this.rest();
      throw error;
    }
  }

  /** Waits until the jobs before have released the server. @returns what releases it. @throws the signal's reason. */
  async take(signal: AbortSignal): Promise<() => void> {
    this.#jobs++;
    const turn = this.#turns.acquire();
    try {
      const endTurn = await abortable(turn, signal);
      let isHeld = true;
      return () => {
        if (!isHeld) return;
        isHeld = false;
        this.#jobs--;
        endTurn();
      };
    } catch (error) {
      this.#jobs--;
      void turn.then((endTurn) => endTurn());
      throw error;
    }
  }

  /** Uses new connections from now on, and forgets what is known of the server. */
  reconnect(): void {
    this.forget();
    this.#lastState = undefined;
    this.#recover();
    this.#connection.renew();
    for (const socket of this.#sockets.values()) socket.renew();
  }

  /** The server may have changed: it's asked again what it is and has before the next job. */
  forget(): void {
    this.#report = undefined;
  }

  /** It's out of reach, so it is left out for a while. Tries meanwhile don't make that longer. */
  rest(): void {
    this.forget();
    this.#outage.abort();
    this.#outage = new AbortController();
    if (this.isResting) return;
    const rest = Math.min(times.firstRest * 2 ** this.#failures, times.longestRest);
    this.#failures++;
    this.#restsUntil = this.#services.clock.monotonic() + rest;
    this.#services.log({
      level: 'info',
      event: 'server-left-out',
      args: { server: this.address.name, seconds: rest / 1000 },
    });
  }

  async dispose(): Promise<void> {
    this.#disposal.abort();
    await Promise.all([...this.#sockets.values()].map((socket) => socket.dispose()));
    await this.#connection.close();
  }

  /** Reads a report for whoever asks meanwhile. A failure isn't kept. */
  #read(): Promise<ServerReport> {
    const limit = AbortSignal.timeout(times.report);
    const read = readServer(this.client, AbortSignal.any([limit, this.#disposal.signal])).catch((error: unknown) => {
      if (error !== limit.reason) throw error;
      throw new MixFailure('network/timeout', { args: { host: this.address.name }, cause: error });
    });
    const isLast = () => this.#report === read;
    read.then(
      (report) => {
        if (!isLast()) return;
        this.#lastState = report;
        this.#recover();
      },
      (error: unknown) => {
        if (!isLast()) return;
        this.#report = undefined;
        if (!(error instanceof MixFailure)) return; // whoever asked gets it
        this.#lastState = { url: this.address.url, failure: error };
        this.rest();
      },
    );
    return read;
  }

  #recover(): void {
    this.#failures = 0;
    this.#restsUntil = Number.NEGATIVE_INFINITY;
  }
}
