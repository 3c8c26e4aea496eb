import type { EngineName } from './limits.ts';
import { portableObject } from './portable.ts';
import type { RunnableRecipe } from './recipe.ts';

/** What a saved picture tells of how it was made. */
export interface Provenance {
  /** The recipe as run, with `engine`, `engineVersion` and, for hosted, `id`; plain JSON. */
  readonly recipe: Readonly<Record<string, unknown>>;
  /** The same in the form that other image tools read. */
  readonly parameters: string;
}

/** How one picture of a run was made. */
export interface Making {
  readonly engine: EngineName;
  readonly engineVersion: string;
  /** The service's id of the generation. */
  readonly serviceId?: string;
  /** The picture's own seed. */
  readonly seed: number;
}

/** What a picture carries into the world: no key, no webhook, no absolute path, no URL that gives access. */
export function provenanceOf(recipe: RunnableRecipe, { engine, engineVersion, serviceId, seed }: Making): Provenance {
  const { prompt, negativePrompt, trackId } = recipe;
  const { webhook: _, ...rest } = withoutMaking(recipe);
  return {
    recipe: {
      ...portableObject(rest),
      // Free text stays as it was typed: a prompt may begin with a slash.
      prompt,
      negativePrompt,
      trackId,
      engine,
      engineVersion,
      ...(serviceId === undefined ? {} : { id: serviceId }),
    },
    parameters: parametersOf(recipe, seed),
  };
}

const makingKeys: ReadonlySet<string> = new Set(['engine', 'engineVersion', 'id']);

/** The recipe in what a picture carries, without how it was made. */
export function withoutMaking(json: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(json).filter(([key]) => !makingKeys.has(key)));
}

function parametersOf(recipe: RunnableRecipe, seed: number): string {
  const { prompt, negativePrompt, steps, guidanceScale, width, height } = recipe;
  return [
    prompt,
    ...(negativePrompt ? [`Negative prompt: ${negativePrompt}`] : []),
    `Steps: ${steps}, CFG scale: ${guidanceScale}, Seed: ${seed}, Size: ${width}x${height}`,
  ].join('\n');
}
