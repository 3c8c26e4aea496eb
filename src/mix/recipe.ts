import * as z from 'zod';
import { type FailureDetails, MixFailure, type Notice } from './failure.ts';
import { type EngineLimits, limits, type Range } from './limits.ts';

const inRange = ({ min, max }: Range) => z.number().min(min).max(max);
const wholeInRange = ({ min, max }: Range) => z.int().min(min).max(max);

/** A seed: a whole number of 32 bits, given as a number or as its decimal digits; null means random. */
const seedSchema = z
  .union([z.number(), z.string().trim().regex(/^\d+$/).transform(Number)])
  .pipe(wholeInRange(limits.seed))
  .nullable()
  .default(null);

/** One source image of a recipe. */
export const recipeImageSchema = z.looseObject({
  source: z.string().min(1).describe('Path relative to the recipe, or an http(s) URL.'),
  weight: inRange(limits.weight).default(0.5).describe('Weight of the image, 0 to 1.'),
  enabled: z.boolean().default(true).describe('False leaves the image out.'),
});
export type RecipeImage = z.infer<typeof recipeImageSchema>;

/** A recipe, version 1. Unknown keys are kept. `steps` has no upper bound here: more than the limit is sent as is, with a notice. */
export const recipeSchema = z.looseObject({
  version: z.literal(1).default(1).describe('Version of the recipe format.'),
  images: z.array(recipeImageSchema).min(1).describe('The source images: up to 10 local, 5 or 4 hosted.'),
  prompt: z.string().default('').describe('What the picture should show. Needed by the hosted engine.'),
  negativePrompt: z.string().default('').describe('What the picture should not show.'),
  width: wholeInRange(limits.side).default(768).describe('Width in pixels.'),
  height: wholeInRange(limits.side).default(768).describe('Height in pixels.'),
  steps: z.int().min(limits.steps.min).default(30).describe('Denoising steps of the hosted engine, 1 to 50.'),
  guidanceScale: inRange(limits.guidanceScale).default(7.5).describe('1 (loose) to 20 (strict).'),
  seed: seedSchema.describe('A whole number of 32 bits; null or absent: random.'),
  samples: wholeInRange(limits.samples).default(1).describe('How many pictures to make.'),
  webhook: z
    .url({ protocol: /^https$/ })
    .nullable()
    .default(null),
  trackId: z
    .union([z.string(), z.number().transform(String)])
    .nullable()
    .default(null)
    .describe('Id that the service hands to the webhook.'),
});
export type Recipe = z.infer<typeof recipeSchema>;

/** A recipe that can run: every value in range, at least one image with weight, the seed drawn. */
export type RunnableRecipe = Recipe & { seed: number };

const knownKeys = new Set(Object.keys(recipeSchema.shape));
const knownImageKeys = new Set(Object.keys(recipeImageSchema.shape));

/** Reads a recipe from parsed JSON. @throws MixFailure `invalid-recipe`, naming the first field at fault. */
export function parseRecipe(json: unknown): { recipe: Recipe; notices: Notice[] } {
  const parsed = recipeSchema.safeParse(json);
  if (!parsed.success) throw new MixFailure('invalid-recipe', recipeIssues(json)[0] ?? {});
  const recipe = parsed.data;
  const unknown = [
    ...Object.keys(recipe).filter((key) => !knownKeys.has(key)),
    ...recipe.images.flatMap((image) => Object.keys(image).filter((key) => !knownImageKeys.has(key))),
  ];
  return { recipe, notices: [...new Set(unknown)].map((key) => ({ code: 'unknown-key', args: { key } })) };
}

/** Everything wrong with a recipe's values, one entry a field; empty where it is valid. */
export function recipeIssues(json: unknown): FailureDetails[] {
  const parsed = recipeSchema.safeParse(json);
  return parsed.success ? [] : parsed.error.issues.map((issue) => describeIssue(issue.path, json));
}

function describeIssue(path: readonly PropertyKey[], json: unknown): FailureDetails {
  const field = path.map(String).join('.');
  if (field === '') return { reason: 'not-a-recipe' };
  if (field === 'images') return { reason: 'no-images', field };
  const value = path.reduce<unknown>(
    (at, key) => (typeof at === 'object' && at !== null ? Reflect.get(at, key) : undefined),
    json,
  );
  const key = String(path.at(-1));
  const image = path[0] === 'images' ? Number(path[1]) : undefined;
  const range = rangeOf(key);
  return {
    field,
    reason: range ? 'out-of-range' : 'bad-value',
    args: {
      field: image === undefined ? field : key,
      value: showValue(value),
      ...range,
      ...(image === undefined ? {} : { number: image + 1 }),
    },
    ...(image === undefined ? {} : { image }),
  };
}

function showValue(value: unknown): string {
  const text = value === undefined ? '' : (JSON.stringify(value) ?? '');
  return text.length > 40 ? `${text.slice(0, 39)}…` : text;
}

/** The limits of a recipe field by its name, where it has any. */
export function rangeOf(field: string): Range | undefined {
  switch (field) {
    case 'width':
    case 'height':
      return limits.side;
    case 'weight':
    case 'steps':
    case 'guidanceScale':
    case 'seed':
    case 'samples':
      return limits[field];
    default:
      return undefined;
  }
}

/** The images that take part: enabled ones, with their position in the recipe. A weight of 0 stays in. */
export function enabledImages(recipe: Recipe): { index: number; image: RecipeImage }[] {
  return recipe.images.map((image, index) => ({ index, image })).filter(({ image }) => image.enabled);
}

/**
 * Checks a recipe against an engine's limits and draws the seed where it is null.
 * @param drawSeed returns a whole number from 0 to 2³²−1.
 * @throws MixFailure `invalid-recipe`.
 */
export function prepareRecipe(
  recipe: Recipe,
  engine: EngineLimits,
  drawSeed: () => number,
): { recipe: RunnableRecipe; notices: Notice[] } {
  const used = enabledImages(recipe);
  if (used.length === 0) throw new MixFailure('invalid-recipe/nothing-enabled', { field: 'images' });
  if (used.every(({ image }) => image.weight === 0)) {
    throw new MixFailure('invalid-recipe/no-weight', { field: 'images' });
  }
  if (used.length > engine.images.max) {
    throw new MixFailure('invalid-recipe/too-many-images', {
      field: 'images',
      args: { count: used.length, max: engine.images.max },
    });
  }
  if (engine.needsPrompt && recipe.prompt.trim() === '') {
    throw new MixFailure('invalid-recipe/prompt-required', { field: 'prompt' });
  }
  const notices: Notice[] = [];
  const ignored = engine.ignores.filter((part) => isSet(recipe, part));
  for (const part of ignored) notices.push({ code: 'ignored', args: { part } });
  if (recipe.steps > limits.steps.max && !engine.ignores.includes('steps')) {
    notices.push({ code: 'steps-over-limit', args: { value: recipe.steps, max: limits.steps.max } });
  }
  return { recipe: { ...recipe, seed: recipe.seed ?? drawSeed() }, notices };
}

function isSet(recipe: Recipe, part: EngineLimits['ignores'][number]): boolean {
  switch (part) {
    case 'prompt':
    case 'negativePrompt':
      return recipe[part].trim() !== '';
    case 'weights': {
      const weights = enabledImages(recipe).map(({ image }) => image.weight);
      return weights.some((weight) => weight !== weights[0]);
    }
    case 'steps':
      return false;
  }
}

/** The seed of sample `index` (from 0): seeds count up and wrap at 2³². */
export function seedOfSample(seed: number, index: number): number {
  return (seed + index) % 2 ** 32;
}
