import type { Fault } from './faults.ts';
import { defaultModels, type ModelFiles } from './modelFiles.ts';

/** What guards the server: nothing, or one of the things that proxies and login pages do. */
export type Door =
  | { readonly kind: 'open' }
  /** Requests without exactly this `Authorization` header get 401, WebSocket upgrades too. */
  | { readonly kind: 'authorization'; readonly value: string }
  /** Every request is redirected (302) to a login page. */
  | { readonly kind: 'login-redirect' }
  /** Every request gets the HTML of a login page with status 200. */
  | { readonly kind: 'login-page' }
  /** The server isn't ComfyUI: it answers every request with JSON of its own. */
  | { readonly kind: 'other-server' }
  /** Requests are served, but WebSocket upgrades get 502, as from a proxy that doesn't know them. */
  | { readonly kind: 'no-websocket' }
  /** Requests are served, but WebSocket upgrades get no answer. */
  | { readonly kind: 'hanging-websocket' };

/** A graphics card, as `/system_stats` reports it. Sizes in bytes. */
export interface Device {
  readonly name: string;
  readonly type: string;
  readonly vramTotal: number;
  readonly vramFree: number;
}

/** How the server behaves. All of it can be changed while it runs. */
export interface ComfyUISettings {
  /** `0.3.64` by default. Routes, error shapes and the rules for ids follow from it; see README.md. */
  readonly version: string;
  /** The path under which a proxy offers the server, such as `/comfy`; empty by default. */
  readonly basePath: string;
  /** Whether the server sends preview images; false by default, as in ComfyUI. */
  readonly previews: boolean;
  /** The duration of a sampling step, in milliseconds; 0 by default, which uses no timer. */
  readonly stepMs: number;
  /** The duration of loading a checkpoint, in milliseconds, which can't be interrupted; 0 by default. */
  readonly loadMs: number;
  /** Whether every list has the newer COMBO form; false by default. */
  readonly comboLists: boolean;
  /** The largest request body, in bytes; 100 MB by default. */
  readonly uploadLimit: number;
  readonly door: Door;
  readonly devices: readonly Device[];
  /** The model files by folder. */
  readonly models: ModelFiles;
  /** The `__metadata__` of `.safetensors` files, by name. */
  readonly modelMetadata: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Node classes that aren't installed. `IPAdapter` stands for the whole pack. */
  readonly missingClasses: readonly string[];
  /** How many requests for a prompt's history are answered `{}` between `execution_success` and the writing; 0 by default. */
  readonly lateHistory: number;
  /** Strangers' prompts that are queued whenever a client's prompt arrives, just ahead of it. */
  readonly strangersAhead: readonly { readonly clientId?: string }[];
  /** Bytes that the graphs of other users' prompts add to the answer about the queue; 0 by default. */
  readonly queueBytes: number;
  /** Whether a custom pack sends events of its own, and cached nodes without a result are `executed` with `output: null`. */
  readonly extraEvents: boolean;
  /** Whether history leaves out the outputs of cached nodes of prompts without a client id (builds of early 2026). */
  readonly omitsCachedOutputs: boolean;
  readonly fault: Fault | undefined;
}

export const defaultSettings: ComfyUISettings = {
  version: '0.3.64',
  basePath: '',
  previews: false,
  stepMs: 0,
  loadMs: 0,
  comboLists: false,
  uploadLimit: 100 * 1024 * 1024,
  door: { kind: 'open' },
  devices: [{ name: 'cuda:0 Stand-in', type: 'cuda', vramTotal: 8 * 1024 ** 3, vramFree: 7 * 1024 ** 3 }],
  models: defaultModels,
  modelMetadata: {},
  missingClasses: [],
  lateHistory: 0,
  strangersAhead: [],
  queueBytes: 0,
  extraEvents: false,
  omitsCachedOutputs: false,
  fault: undefined,
};
