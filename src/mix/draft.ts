import * as z from 'zod';

const typedNumber = z.union([z.number(), z.string()]);

/** An image of a draft. */
export const draftImageSchema = z.object({
  /** Unique within the draft. */
  id: z.string(),
  /** `file:` URI or http(s) URL. */
  uri: z.string(),
  /** The name to display: the path within the workspace, a file name, or the URL. */
  path: z.string(),
  weight: typedNumber,
  enabled: z.boolean(),
});
export type DraftImage = z.infer<typeof draftImageSchema>;

/** A recipe as it is edited in the panel. An invalid number is kept as the text that was typed, so no input is lost. */
export const draftSchema = z.object({
  images: z.array(draftImageSchema),
  prompt: z.string(),
  negativePrompt: z.string(),
  width: typedNumber,
  height: typedNumber,
  steps: typedNumber,
  guidanceScale: typedNumber,
  /** Null draws a new seed for every mix. */
  seed: typedNumber.nullable(),
  samples: typedNumber,
  /** The model, where the engine has a choice; null leaves it to the settings. */
  model: z.string().nullable().default(null),
  /** Keys of a recipe that the panel doesn't show, unchanged. */
  extra: z.record(z.string(), z.unknown()),
});
export type Draft = z.infer<typeof draftSchema>;

/** A draft without images, with every default. */
export const emptyDraft: Draft = {
  images: [],
  prompt: '',
  negativePrompt: '',
  width: 768,
  height: 768,
  steps: 30,
  guidanceScale: 7.5,
  seed: null,
  samples: 1,
  model: null,
  extra: {},
};

/** A draft as the JSON of a recipe, not validated. Each image's URI is its `source`. */
export function recipeOfDraft(draft: Draft): Record<string, unknown> {
  const { images, extra, ...fields } = draft;
  return {
    version: 1,
    ...extra,
    ...fields,
    images: images.map(({ uri, weight, enabled }) => ({ source: uri, weight, enabled })),
  };
}
