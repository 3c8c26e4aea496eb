import type { Disk } from '../disk.ts';
import type { Raster } from '../raster.ts';
import type { ComfyUISettings } from '../settings.ts';
import type { Abilities } from '../version.ts';
import type { Inputs, Value, ValueType } from './values.ts';

/** An input of a node class, as it's declared. */
export type InputSpec =
  | { readonly kind: 'link'; readonly type: ValueType }
  | {
      readonly kind: 'INT' | 'FLOAT';
      readonly default: number;
      readonly min: number;
      readonly max: number;
      readonly step: number;
    }
  | { readonly kind: 'STRING'; readonly default: string }
  | {
      readonly kind: 'choice';
      /** `combo`: always the COMBO form; `list`: the older form, unless `comboLists` is set. */
      readonly form: 'list' | 'combo';
      readonly options: (shelf: Shelf) => readonly string[];
    };

/** What choices are made from. */
export interface Shelf {
  readonly settings: ComfyUISettings;
  readonly disk: Disk;
}

/** What a running node can use of the server. */
export interface RunContext extends Shelf {
  readonly promptId: string;
  /** The graph of the prompt, which is written into PNG files. */
  readonly graph: unknown;
  /** Reports a step (from 1), with a preview if the server sends them. @throws Interrupted if the prompt is interrupted. */
  step(value: number, max: number, preview?: () => Promise<Raster>): Promise<void>;
  /** Takes the time of loading a model. */
  load(): Promise<void>;
}

export interface NamedFile {
  readonly filename: string;
  readonly subfolder: string;
  readonly type: string;
}

export interface NodeResult {
  readonly outputs: readonly Value[];
  /** What an output node shows. */
  readonly ui?: { readonly images: readonly NamedFile[] };
}

/** A kind of node. */
export interface NodeClass {
  readonly name: string;
  readonly displayName: string;
  readonly category: string;
  readonly required: Readonly<Record<string, InputSpec>>;
  readonly optional?: Readonly<Record<string, InputSpec>>;
  readonly outputs: readonly { readonly type: ValueType; readonly name: string }[];
  readonly isOutput?: boolean;
  /** Part of the IP-Adapter pack. */
  readonly isOfPack?: boolean;
  readonly exists?: (abilities: Abilities) => boolean;
  /** A check of one input instead of that against its list. `problem` returns what's wrong, or undefined. */
  readonly check?: { readonly input: string; readonly problem: (value: unknown, shelf: Shelf) => string | undefined };
  /** What the result depends on besides the inputs, such as the bytes of a file. */
  readonly fingerprint?: (constants: Readonly<Record<string, unknown>>, shelf: Shelf) => string;
  readonly run: (inputs: Inputs, context: RunContext) => NodeResult | Promise<NodeResult>;
}

export const link = (type: ValueType): InputSpec => ({ kind: 'link', type });
export const int = (value: number, min: number, max: number, step = 1): InputSpec => ({
  kind: 'INT',
  default: value,
  min,
  max,
  step,
});
export const float = (value: number, min: number, max: number, step = 0.01): InputSpec => ({
  kind: 'FLOAT',
  default: value,
  min,
  max,
  step,
});
export const text = (value = ''): InputSpec => ({ kind: 'STRING', default: value });
export const choice = (...options: readonly string[]): InputSpec => ({
  kind: 'choice',
  form: 'list',
  options: () => options,
});

/** A choice of the files in a folder of models. */
export const fileIn = (folder: string, form: 'list' | 'combo' = 'list'): InputSpec => ({
  kind: 'choice',
  form,
  options: ({ settings }) => settings.models[folder] ?? [],
});

/** Names the outputs by their types. */
export const outputs = (...types: readonly ValueType[]): NodeClass['outputs'] =>
  types.map((type) => ({ type, name: type }));
