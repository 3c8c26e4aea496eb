import type { Architecture } from '../modelFiles.ts';
import type { Ingredient, Mask, Raster } from '../raster.ts';

/** Models that nothing is known of but their kind. */
export type OpaqueType =
  | 'CLIP'
  | 'VAE'
  | 'CLIP_VISION'
  | 'STYLE_MODEL'
  | 'IPADAPTER'
  | 'UPSCALE_MODEL'
  | 'BACKGROUND_REMOVAL';

/** What flows along a link. Models are stand-ins: they only carry what the sampler needs to mix. */
export type Value =
  | { readonly type: 'MODEL'; readonly architecture: Architecture; readonly images: readonly Ingredient[] }
  | { readonly type: OpaqueType }
  | {
      readonly type: 'CONDITIONING';
      readonly text: string;
      readonly images: readonly Ingredient[];
      readonly guidance: number | undefined;
    }
  | { readonly type: 'CLIP_VISION_OUTPUT'; readonly raster: Raster }
  | { readonly type: 'IPADAPTER_PARAMS' | 'EMBEDS'; readonly images: readonly Ingredient[] }
  | { readonly type: 'IMAGE'; readonly rasters: readonly Raster[] }
  | { readonly type: 'MASK'; readonly masks: readonly Mask[] }
  | { readonly type: 'LATENT'; readonly width: number; readonly height: number; readonly rasters: readonly Raster[] };

export type ValueType = Value['type'];
export type ValueOf<T extends ValueType> = Value & { readonly type: T };

function isOf<T extends ValueType>(value: Value, type: T): value is ValueOf<T> {
  return value.type === type;
}

/** The inputs of a node that runs: constants from the graph and values from links. */
export class Inputs {
  readonly #values: ReadonlyMap<string, unknown>;
  readonly #links: ReadonlyMap<string, Value>;

  constructor(constants: ReadonlyMap<string, unknown>, links: ReadonlyMap<string, Value>) {
    this.#values = constants;
    this.#links = links;
  }

  /** @throws Error if the input isn't there or has another type. */
  value<T extends ValueType>(name: string, type: T): ValueOf<T> {
    const value = this.optional(name, type);
    if (!value) throw new Error(`'NoneType' object has no attribute '${name}'`);
    return value;
  }

  /** @throws Error if the input has another type. */
  optional<T extends ValueType>(name: string, type: T): ValueOf<T> | undefined {
    const value = this.#links.get(name);
    if (!value) return undefined;
    if (!isOf(value, type)) throw new Error(`${name} is a ${value.type}, not a ${type}`);
    return value;
  }

  number(name: string): number {
    return Number(this.#values.get(name));
  }

  text(name: string): string {
    return String(this.#values.get(name) ?? '');
  }
}
