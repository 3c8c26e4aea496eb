import { type Draft, recipeOfDraft } from '../../mix/draft.ts';
import { type MessageArgs, MixFailure } from '../../mix/failure.ts';
import { limits } from '../../mix/limits.ts';
import { prepareRecipe, recipeIssues, recipeSchema } from '../../mix/recipe.ts';
import type { EngineView } from '../../protocol/contract.ts';
import type { PanelStringId } from '../../protocol/panelStrings.ts';
import type { Say } from './text.ts';

/** What is wrong with a draft as it stands, in words, by field: `width`, `prompt`, `images`, `weight:ID`. */
export type Issues = ReadonlyMap<string, string>;

/** Checks a draft against the recipe's limits and the engine's. An empty list of images is no issue here: it is where everyone starts. */
export function draftIssues(draft: Draft, engine: EngineView, say: Say): Issues {
  const recipe = recipeOfDraft(draft);
  const found =
    draft.images.length === 0 ? recipeIssues({ ...recipe, images: [{ source: '-' }] }) : recipeIssues(recipe);
  const issues = new Map<string, string>();
  for (const issue of found) issues.set(fieldKey(draft, issue), tell(issue, say));
  if (found.length === 0 && draft.images.length > 0) {
    const refused = refusal(recipe, engine);
    if (refused) issues.set(refused.field ?? 'images', tell(refused, say));
  }
  return issues;
}

function refusal(recipe: unknown, engine: EngineView): MixFailure | undefined {
  try {
    prepareRecipe(
      recipeSchema.parse(recipe),
      { images: { min: 1, max: engine.maxImages }, needsPrompt: engine.needsPrompt, ignores: engine.ignores },
      () => 0,
    );
  } catch (error) {
    if (error instanceof MixFailure) return error;
    throw error;
  }
  return undefined;
}

interface Issue {
  readonly reason?: string | undefined;
  readonly args?: MessageArgs | undefined;
  readonly field?: string | undefined;
  readonly image?: number | undefined;
}

/** The field an issue belongs to; images are named by their id, since they move. */
function fieldKey(draft: Draft, { field, image }: Issue): string {
  const id = image === undefined ? undefined : draft.images[image]?.id;
  if (id === undefined) return field ?? 'images';
  return field?.endsWith('.weight') ? `weight:${id}` : `image:${id}`;
}

const sentences: Readonly<Record<string, PanelStringId>> = {
  'no-images': 'panel.issue.noImages',
  'nothing-enabled': 'panel.issue.nothingEnabled',
  'no-weight': 'panel.issue.noWeight',
  'too-many-images': 'panel.issue.tooManyImages',
  'prompt-required': 'panel.issue.promptRequired',
};

const fractional: ReadonlySet<string | number | undefined> = new Set(['weight', 'guidanceScale']);

function tell({ reason, args }: Issue, say: Say): string {
  const sentence = sentences[reason ?? ''];
  if (sentence) return say(sentence, args);
  if (args?.field === 'steps') return say('panel.issue.atLeast', { min: limits.steps.min });
  if (reason !== 'out-of-range') return say('panel.issue.badValue');
  return say(fractional.has(args?.field) ? 'panel.issue.number' : 'panel.issue.wholeNumber', args);
}
