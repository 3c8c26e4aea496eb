import { type Draft, recipeOfDraft } from '../../mix/draft.ts';
import { MixFailure } from '../../mix/failure.ts';
import { limits, type Range } from '../../mix/limits.ts';
import { prepareRecipe, rangeOf, recipeIssues, recipeSchema } from '../../mix/recipe.ts';
import type { EngineView } from '../../protocol/contract.ts';
import type { Say } from './say.ts';

/** The messages about a draft, by field: `width`, `prompt`, `images`, `weight:ID`. */
export type FieldMessages = ReadonlyMap<string, string>;

/**
 * Checks a draft against the limits of the recipe and of the engine. An empty list of images is not an issue, since every new mix
 * starts with one.
 */
export function draftIssues(draft: Draft, engine: EngineView, say: Say): FieldMessages {
  const recipe = recipeOfDraft(draft);
  const isEmpty = draft.images.length === 0;
  const found = recipeIssues(isEmpty ? { ...recipe, images: [{ source: '-' }] } : recipe);
  if (found.length === 0 && !isEmpty) found.push(...engineIssues(recipe, engine));
  return new Map(found.map((issue) => [fieldKey(draft, issue), describeIssue(issue, draft, engine, say)]));
}

/** The sides that a result of the engine can have, in pixels. */
export function sideRange({ maxSide }: Pick<EngineView, 'maxSide'>): Range {
  return { min: limits.side.min, max: maxSide };
}

/** What the engine rejects in a valid recipe: one failure at most. */
function engineIssues(recipe: unknown, engine: EngineView): MixFailure[] {
  try {
    prepareRecipe(
      recipeSchema.parse(recipe),
      {
        images: { min: 1, max: engine.maxImages },
        side: sideRange(engine),
        needsPrompt: engine.needsPrompt,
        ignores: [], // each field says so itself
      },
      () => 0,
    );
  } catch (error) {
    if (error instanceof MixFailure) return [error];
    throw error;
  }
  return [];
}

/** The key of the field that an issue is about. Images go by id, since their position changes. */
function fieldKey(draft: Draft, { field, image }: MixFailure): string {
  const id = image === undefined ? undefined : draft.images[image]?.id;
  if (id === undefined) return field ?? 'images';
  return field?.endsWith('.weight') ? `weight:${id}` : `image:${id}`;
}

const fractionalFields: ReadonlySet<string> = new Set(['weight', 'guidanceScale']);

/** The sentence shown at the field. It leaves out the field's name and value, which are right above it. */
function describeIssue({ key, field = '' }: MixFailure, draft: Draft, engine: EngineView, say: Say): string {
  switch (key) {
    case 'invalid-recipe/no-images':
      return say('panel.issue.noImages');
    case 'invalid-recipe/nothing-enabled':
      return say('panel.issue.nothingEnabled');
    case 'invalid-recipe/no-weight':
      return say('panel.issue.noWeight');
    case 'invalid-recipe/prompt-required':
      return say('panel.issue.promptRequired');
    case 'invalid-recipe/too-many-images': {
      const count = draft.images.filter(({ enabled }) => enabled).length;
      return say('panel.issue.tooManyImages', { count, max: engine.maxImages });
    }
  }
  const name = field.split('.').at(-1) ?? '';
  if (name === 'steps') return say('panel.issue.atLeast', { min: limits.steps.min });
  const isSide = name === 'width' || name === 'height';
  const range = isSide ? sideRange(engine) : rangeOf(name);
  if ((key !== 'invalid-recipe/out-of-range' && key !== 'invalid-recipe/side-over-limit') || !range)
    return say('panel.issue.badValue');
  const { min, max } = range;
  return say(fractionalFields.has(name) ? 'panel.issue.number' : 'panel.issue.wholeNumber', { min, max });
}
