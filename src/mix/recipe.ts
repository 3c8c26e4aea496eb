import * as z from 'zod';
import { MixFailure } from './failure.ts';
import { type EngineLimits, limits, type Range } from './limits.ts';
import { makeNotice, type Notice } from './notice.ts';

const inRange = ({ min, max }: Range) => z.number().min(min).max(max);
const wholeInRange = ({ min, max }: Range) => z.int().min(min).max(max);

/** A seed: an unsigned 32-bit integer, as a number or as decimal digits. Null means random. */
const seedSchema = z
  .union([z.number(), z.string().trim().regex(/^\d+$/).transform(Number)])
  .pipe(wholeInRange(limits.seed))
  .nullable()
  .default(null);

/** One source image of a recipe. */
export const recipeImageSchema = z.looseObject({
  source: z.string().min(1).describe('A path relative to the recipe file, or an http or https URL.'),
  weight: inRange(limits.weight).default(0.5).describe('The weight of the image, from 0 to 1.'),
  enabled: z.boolean().default(true).describe('Set to false to leave the image out of the mix.'),
});
export type RecipeImage = z.infer<typeof recipeImageSchema>;

/** A recipe, version 1. Unknown keys are kept. `steps` has no upper limit here: larger values are sent, with a notice. */
export const recipeSchema = z.looseObject({
  version: z.literal(1).default(1).describe('The version of the recipe format.'),
  images: z
    .array(recipeImageSchema)
    .min(1)
    .describe(
      'The images to mix: up to 10 with the local engine and ComfyUI, up to 5 (v5) or 4 (v6) with the hosted engine.',
    ),
  prompt: z.string().default('').describe('What the result should show. The hosted engine needs a prompt.'),
  negativePrompt: z.string().default('').describe("What the result shouldn't show."),
  width: wholeInRange(limits.side)
    .default(768)
    .describe(
      'The width of the result in pixels: up to 4096 with the local engine, 2048 with ComfyUI, and 1024 with the hosted engine.',
    ),
  height: wholeInRange(limits.side)
    .default(768)
    .describe(
      'The height of the result in pixels: up to 4096 with the local engine, 2048 with ComfyUI, and 1024 with the hosted engine.',
    ),
  steps: z
    .int()
    .min(limits.steps.min)
    .default(30)
    .describe('The number of denoising steps, from 1 to 50. The local engine has none.'),
  guidanceScale: inRange(limits.guidanceScale)
    .default(7.5)
    .describe('The guidance scale, from 1 (loose) to 20 (strict).'),
  seed: seedSchema.describe('A whole number from 0 to 4294967295. If null or missing, a random seed is used.'),
  samples: wholeInRange(limits.samples).default(1).describe('The number of results to create, from 1 to 4.'),
  webhook: z
    .url({ protocol: /^https$/ })
    .nullable()
    .default(null),
  trackId: z
    .union([z.string(), z.number().transform(String)])
    .nullable()
    .default(null)
    .describe('The id that the service passes to the webhook.'),
  model: z
    .string()
    .trim()
    .min(1)
    .nullable()
    .default(null)
    .describe(
      'The checkpoint of the ComfyUI engine, as its server names it. If null or missing, the one in the settings.',
    ),
});
export type Recipe = z.infer<typeof recipeSchema>;

/** A recipe that can run: every value is in range, at least one image has a weight above 0, and the seed is drawn. */
export type RunnableRecipe = Recipe & { seed: number };

const knownKeys = new Set(Object.keys(recipeSchema.shape));
const knownImageKeys = new Set(Object.keys(recipeImageSchema.shape));

/** Parses a recipe's JSON. @throws MixFailure `invalid-recipe`, naming the first field at fault. */
export function parseRecipe(json: unknown): { recipe: Recipe; notices: Notice[] } {
  const parsed = recipeSchema.safeParse(json);
  if (!parsed.success) throw recipeIssues(json)[0] ?? new MixFailure('invalid-recipe');
  const recipe = parsed.data;
  const unknown = [
    ...Object.keys(recipe).filter((key) => !knownKeys.has(key)),
    ...recipe.images.flatMap((image) => Object.keys(image).filter((key) => !knownImageKeys.has(key))),
  ];
  return { recipe, notices: [...new Set(unknown)].map((key) => makeNotice('unknown-key', { key })) };
}

/** Everything that is wrong with a recipe's values: one `invalid-recipe` failure a field, none if the recipe is valid. */
export function recipeIssues(json: unknown): MixFailure[] {
  const parsed = recipeSchema.safeParse(json);
  return parsed.success ? [] : parsed.error.issues.map((issue) => issueOf(issue.path, json));
}

function issueOf(path: readonly PropertyKey[], json: unknown): MixFailure {
  const field = path.map(String).join('.');
  if (field === '') return new MixFailure('invalid-recipe/not-a-recipe');
  if (field === 'images') return new MixFailure('invalid-recipe/no-images', { field });
  const value = path.reduce<unknown>(
    (at, key) => (typeof at === 'object' && at !== null ? Reflect.get(at, key) : undefined),
    json,
  );
  const key = String(path.at(-1));
  const image = path[0] === 'images' ? Number(path[1]) : undefined;
  const args = { field: image === undefined ? field : key, value: showValue(value) };
  const range = rangeOf(key);
  return range
    ? new MixFailure('invalid-recipe/out-of-range', { field, image, args: { ...args, ...range } })
    : new MixFailure('invalid-recipe/bad-value', { field, image, args });
}

function showValue(value: unknown): string {
  const json = value === undefined ? '' : (JSON.stringify(value) ?? '');
  const text = json.replace(/:\/\/.*@/s, '://…@'); // a password
  return text.length > 40 ? `${text.slice(0, 39)}…` : text;
}

/** The range of a recipe field by its name. Fields that aren't numbers have none. */
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

/** The enabled images with their positions in the recipe, including those with a weight of 0. */
export function enabledImages(recipe: Recipe): { index: number; image: RecipeImage }[] {
  return recipe.images.map((image, index) => ({ index, image })).filter(({ image }) => image.enabled);
}

/**
 * Checks a recipe against an engine's limits and draws the seed if it is null.
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
  for (const field of ['width', 'height'] as const) {
    if (recipe[field] <= engine.side.max) continue;
    const args = { field, value: recipe[field], max: engine.side.max };
    throw new MixFailure('invalid-recipe/side-over-limit', { field, args });
  }
  const notices: Notice[] = [];
  const ignored = engine.ignores.filter((part) => isSet(recipe, part));
  for (const part of ignored) notices.push(makeNotice('ignored', { part }));
  if (recipe.steps > limits.steps.max && !engine.ignores.includes('steps')) {
    notices.push(makeNotice('steps-over-limit', { value: recipe.steps, max: limits.steps.max }));
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
    case 'model':
      return recipe.model !== null;
    case 'steps':
      return false;
  }
}

/** The seed of the sample at `index`, from 0: seeds count up and wrap at 2³². */
export function seedOfSample(seed: number, index: number): number {
  return (seed + index) % 2 ** 32;
}
