import type { Codec } from '../../images/codec.ts';
import type { SourceReader } from '../../images/sourceReader.ts';
import type { MixFailure } from '../../mix/failure.ts';
import type { Connect } from '../../network/connections.ts';
import type { Clock } from '../clock.ts';
import type { Engine } from '../engine.ts';

/** The ComfyUI engine's dependencies. Functions are called again for every job. */
export interface ComfyuiEngineOptions {
  /** The base URLs of the servers, as in the settings. */
  servers(): readonly string[];
  /** Seconds that a server may take for one sample, once it has started it. */
  timeoutSeconds(): number;
  /** The value of the authorization header for an origin; undefined if none is stored. */
  authorization(origin: string): Promise<string | undefined>;
  readonly connect: Connect;
  readonly codec: Codec;
  readonly reader: SourceReader;
  readonly clock: Clock;
  /** Returns a new UUID. */
  newId(): string;
  readonly log: (event: ComfyuiLogEvent) => void;
}

/** One line for the log. No values of the authorization, and no server paths. */
export interface ComfyuiLogEvent {
  readonly level: 'debug' | 'info' | 'warn';
  readonly jobId?: string;
  readonly event: string;
  readonly args: Readonly<Record<string, string | number>>;
}

/** What a mix lacks on a server. */
export interface MissingModel {
  /** The file, or the node pack. */
  readonly file: string;
  /** The folder of the server it belongs into: `models/ipadapter`. */
  readonly folder: string;
  /** Where it can be had: the name of its repository. */
  readonly source: string;
}

/** The kind of model that a checkpoint is, as far as its metadata or its name tells. The built-in graphs can't use `other`. */
export type ModelFamily = 'sd15' | 'sdxl' | 'flux' | 'other' | 'unknown';

/** A model that a mix can be made with, as the server names it: a checkpoint, or a Flux model with its other parts in separate files. */
export interface ServerModel {
  readonly name: string;
  readonly family: ModelFamily;
  readonly loader: 'checkpoint' | 'unet';
}

/** The files besides the model that a mix with Flux and Redux needs: as the server names them, or what is missing. */
export interface ReduxFiles {
  readonly styleModel: string | MissingModel;
  readonly clipVision: string | MissingModel;
  /** Text encoders and VAE, which a checkpoint has inside. */
  readonly clip: string | MissingModel;
  readonly t5: string | MissingModel;
  readonly vae: string | MissingModel;
}

/** What a server is and has. */
export interface ServerReport {
  /** The base URL as in the settings. */
  readonly url: string;
  readonly version: string;
  /** Bytes. */
  readonly devices: readonly { readonly name: string; readonly memory: number; readonly freeMemory: number }[];
  /** How many prompts run or wait there. */
  readonly queueLength: number;
  readonly checkpoints: readonly ServerModel[];
  /** The presets of the IP-Adapter. Those with missing files can't be used. */
  readonly presets: readonly {
    readonly name: string;
    readonly family: 'sd15' | 'sdxl';
    readonly missing: readonly MissingModel[];
  }[];
  readonly redux: ReduxFiles;
  /** What the built-in graphs lack altogether, such as the IP-Adapter pack. */
  readonly missing: readonly MissingModel[];
}

/** A server as it answered, or why it can't be used. */
export type ServerState = ServerReport | { readonly url: string; readonly failure: MixFailure };

/** The engine that mixes on the user's own ComfyUI servers. */
export interface ComfyuiEngine extends Engine {
  /** The servers in the order of the settings, as they last answered. Never rejects. @param refresh asks them again. */
  servers(options?: { refresh?: boolean; signal?: AbortSignal }): Promise<readonly ServerState[]>;
  /** Uses new connections from now on, and asks the servers again. Call it when settings, authorizations or the network change. */
  reconnect(): void;
  dispose(): Promise<void>;
}

/** Creates the ComfyUI engine. It doesn't connect before it is used. */
export function createComfyuiEngine(_options: ComfyuiEngineOptions): ComfyuiEngine {
  throw new TypeError('Not built yet');
}
