import type { HoldPoint } from './gate.ts';
import type { SeenRequest } from './log.ts';
import type { ComfyUISettings } from './settings.ts';

/** A point that prompts don't pass until it's released. */
export interface Hold {
  /** Resolves with the id of the first prompt that got to the point. */
  readonly reached: Promise<string>;
  /** Lets prompts pass. Does nothing the second time. */
  release(): void;
}

/** A node that began to run; cached nodes don't count. */
export interface NodeRun {
  readonly promptId: string;
  readonly nodeId: string;
  readonly classType: string;
  /** The same for nodes with the same class, inputs and ancestors. */
  readonly key: string;
  /** The node's inputs in the graph. */
  readonly inputs: Readonly<Record<string, unknown>>;
}

/** How a prompt that was accepted ended: `lost` with the process, or `deleted` before it ran. */
export interface PromptEnding {
  readonly promptId: string;
  readonly outcome: 'success' | 'failed' | 'deleted' | 'lost';
}

export type FolderType = 'input' | 'output' | 'temp';

/** A file in one of the server's folders, which are kept in memory. */
export interface StoredFile {
  readonly type: FolderType;
  readonly subfolder: string;
  readonly name: string;
  readonly bytes: Buffer;
}

export interface ComfyUIOptions extends Partial<ComfyUISettings> {
  /** By default 0, which means any free port. */
  readonly port?: number;
  /** Scenarios applied one after another to the settings. */
  readonly scenarios?: readonly string[];
}

/** A running stand-in for a ComfyUI server. */
export interface ComfyUIServer {
  /** The base URL for the client, without a slash at the end: `http://127.0.0.1:PORT` and the base path. */
  readonly url: string;
  readonly settings: ComfyUISettings;
  /** Every request so far, oldest first, WebSocket upgrades too. */
  readonly requests: readonly SeenRequest[];
  /** Every node that began to run, oldest first. */
  readonly runs: readonly NodeRun[];
  /** The end of every prompt so far, oldest first. */
  readonly endings: readonly PromptEnding[];
  /** The files in the input, output and temp folders. */
  readonly files: readonly StoredFile[];
  /** The ids of the prompts that run or wait, in the order in which they run. */
  readonly queue: readonly string[];
  /** The client ids of the sockets that the server sends to. */
  readonly sockets: readonly string[];
  configure(change: Partial<ComfyUISettings>): void;
  /** Adds the settings of a scenario to the current ones. @throws Error for an unknown name. */
  scenario(name: string): void;
  /** Returns to the settings at the start. */
  reset(): void;
  /** Resolves with the `count`th request (1 by default) of this method and path prefix, at once if it was already received. */
  waitFor(method: string, path: string, count?: number): Promise<SeenRequest>;
  /** Resolves once the server sends to this many sockets. */
  waitForSockets(count: number): Promise<void>;
  /** Resolves once no prompt runs or waits. */
  idle(): Promise<void>;
  /** Stops every prompt that gets to a point, until it's released. */
  hold(point: HoldPoint): Hold;
  /** Kills the process and starts it again on the same port: only the input and output folders are left. */
  restart(): Promise<void>;
  /** Kills the process: connections are refused until `start` is called. */
  stop(): Promise<void>;
  start(): Promise<void>;
  /** Closes the sockets of one client, or of all, without a closing handshake (1006). */
  dropSockets(clientId?: string): void;
  /** Sends nothing more to the sockets open now, but leaves them open until their client opens a new one. */
  silenceSockets(): void;
  forgetHistory(): void;
  /** Deletes a pending prompt, as another user can. */
  deletePending(promptId: string): void;
  /** Removes the files of a folder. */
  removeFiles(type: FolderType): void;
  /** Queues another user's prompt without images, and returns its id. Without a client id, its progress is broadcast. */
  queueStranger(options?: { clientId?: string; steps?: number }): string;
  close(): Promise<void>;
}
