import type { EngineName } from './limits.ts';
import { portableObject } from './portable.ts';
import type { RunnableRecipe } from './recipe.ts';

/** How a result was made, in the form saved in the result. */
export interface Provenance {
  /** The recipe as run, with `engine`, `engineVersion` and, for hosted, `id`, for comfyui, `comfyui`; plain JSON. */
  readonly recipe: Readonly<Record<string, unknown>>;
  /** The same in the form that other image tools read. */
  readonly parameters: string;
}

/** What made a result, besides the recipe. */
export interface GenerationInfo {
  readonly engine: EngineName;
  readonly engineVersion: string;
  /** The service's id of the generation. */
  readonly serviceId?: string;
  /** The model that made it, if the engine has several. */
  readonly model?: string;
  /** How the images were weighed on a ComfyUI server. */
  readonly comfyui?: { readonly preset: string; readonly imageStrength: number };
  /** The seed of this result. */
  readonly seed: number;
}

/** The provenance of a result, without keys, webhook, absolute paths and URLs that give access. */
export function createProvenance(
  recipe: RunnableRecipe,
  { engine, engineVersion, serviceId, model, comfyui, seed }: GenerationInfo,
): Provenance {
  const { prompt, negativePrompt, trackId } = recipe;
  const { webhook: _, ...rest } = recipeOfProvenance(recipe);
  return {
    recipe: {
      ...portableObject(rest),
      // Free text isn't a path, even if it begins with a slash.
      prompt,
      negativePrompt,
      trackId,
      engine,
      engineVersion,
      ...(serviceId === undefined ? {} : { id: serviceId }),
      ...(comfyui === undefined ? {} : { comfyui }),
    },
    parameters: parametersOf(recipe, seed, model),
  };
}

const generationKeys: ReadonlySet<string> = new Set(['engine', 'engineVersion', 'id', 'comfyui']);

/** The recipe in a result's provenance, without the keys that say what made it. */
export function recipeOfProvenance(json: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(json).filter(([key]) => !generationKeys.has(key)));
}

function parametersOf(recipe: RunnableRecipe, seed: number, model: string | undefined): string {
  const { prompt, negativePrompt, steps, guidanceScale, width, height } = recipe;
  return [
    prompt,
    ...(negativePrompt ? [`Negative prompt: ${negativePrompt}`] : []),
    [
      `Steps: ${steps}, CFG scale: ${guidanceScale}, Seed: ${seed}, Size: ${width}x${height}`,
      ...(model === undefined ? [] : [`Model: ${parameterOf(model)}`]),
    ].join(', '),
  ].join('\n');
}

/** A value of the last line. One that could be mistaken for more than one is quoted, as the tools that read it do. */
function parameterOf(text: string): string {
  return /[,:"\n]/.test(text) ? JSON.stringify(text) : text;
}
