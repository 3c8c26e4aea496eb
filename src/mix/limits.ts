/** The engines that can run a mix. */
export const engineNames = ['local', 'comfyui', 'hosted'] as const;
export type EngineName = (typeof engineNames)[number];

/** The two versions of the hosted endpoint's API. */
export const dialectNames = ['v5', 'v6'] as const;
export type DialectName = (typeof dialectNames)[number];

/** An inclusive range of numbers. */
export interface Range {
  readonly min: number;
  readonly max: number;
}

/** The limits of a recipe, within which each engine has its own. Sides are in pixels. */
export const limits = {
  weight: { min: 0, max: 1 },
  side: { min: 64, max: 4096 },
  steps: { min: 1, max: 50 },
  guidanceScale: { min: 1, max: 20 },
  seed: { min: 0, max: 2 ** 32 - 1 },
  samples: { min: 1, max: 4 },
} as const satisfies Record<string, Range>;

/** Reframed samples show a part of an image up to this much larger, so the image is decoded this much larger. */
export const maxReframingScale = 1.35;

/** The image strength on a ComfyUI server: the sum of what all images weigh in the sampling. */
export const imageStrengthRange = { min: 0, max: 1.5 } as const satisfies Range;
/** The default. Above it, the prompt counts for little. */
export const usualImageStrength = 0.8;

/** The parts of a recipe that an engine may ignore. */
export const ignoredParts = ['prompt', 'negativePrompt', 'steps', 'weights', 'model'] as const;
export type IgnoredPart = (typeof ignoredParts)[number];

/** The parts of a mix that a ComfyUI workflow can leave out. */
export const unusedParts = [...ignoredParts, 'guidanceScale', 'seed', 'size'] as const;
export type UnusedPart = (typeof unusedParts)[number];

/** What an engine accepts, and which parts of a recipe it ignores. */
export interface EngineLimits {
  readonly images: Range;
  /** The width and the height of a result, in pixels. */
  readonly side: Range;
  readonly needsPrompt: boolean;
  readonly ignores: readonly IgnoredPart[];
}

const local: EngineLimits = {
  images: { min: 1, max: 10 },
  side: limits.side,
  needsPrompt: false,
  ignores: ['prompt', 'negativePrompt', 'steps', 'model'],
};

/** Which parts a ComfyUI model or workflow ignores isn't known before its server was asked. */
const comfyui: EngineLimits = {
  images: { min: 1, max: 10 },
  side: { min: limits.side.min, max: 2048 },
  needsPrompt: false,
  ignores: [],
};

/** The sides of the hosted service's results, in pixels. */
export const hostedSide: Range = { min: limits.side.min, max: 1024 };

const hosted: Readonly<Record<DialectName, EngineLimits>> = {
  v5: { images: { min: 1, max: 5 }, side: hostedSide, needsPrompt: true, ignores: ['model'] },
  v6: { images: { min: 1, max: 4 }, side: hostedSide, needsPrompt: true, ignores: ['weights', 'model'] },
};

/** The limits of an engine. Only the hosted one depends on the dialect. */
export function limitsOf(engine: EngineName, dialect: DialectName): EngineLimits {
  switch (engine) {
    case 'local':
      return local;
    case 'comfyui':
      return comfyui;
    case 'hosted':
      return hosted[dialect];
  }
}
