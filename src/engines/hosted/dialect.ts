import type { DialectName } from '../../mix/limits.ts';
import type { RunnableRecipe } from '../../mix/recipe.ts';

/** The contents of one mix request; the sources are links that the service can fetch. */
export interface MixSubmission {
  readonly recipe: RunnableRecipe;
  readonly links: readonly string[];
  /** One for each link. */
  readonly weights: readonly number[];
  readonly seed: number;
  readonly samples: number;
}

/** A version of the hosted API. Paths are relative to the base URL; bodies don't include the key. */
export interface Dialect {
  readonly name: DialectName;
  /** The base URL if none is set. */
  readonly defaultBase: string;
  readonly mixPath: string;
  /** Most samples in one request; a job with more samples needs more requests. */
  readonly samplesPerRequest: number;
  readonly fetchPath: (id: string) => string;
  readonly uploadPath: string;
  /** Undefined if the API has no endpoint for the balance. */
  readonly balancePath: string | undefined;
  /** How long the service keeps an upload, in milliseconds. */
  readonly uploadLifetime: number;
  readonly mixBody: (submission: MixSubmission) => Record<string, unknown>;
  readonly uploadBody: (dataUri: string) => Record<string, unknown>;
}

/** The service keeps uploads for 24 hours. One hour less, so that a link doesn't expire before the service opens it. */
const uploadLifetime = 23 * 3_600_000;

const v5: Dialect = {
  name: 'v5',
  defaultBase: 'https://stablediffusionapi.com/api',
  mixPath: '/v5/img_mixer',
  samplesPerRequest: 4,
  fetchPath: (id) => `/v3/fetch/${encodeURIComponent(id)}`,
  uploadPath: '/v3/base64_crop',
  balancePath: undefined,
  uploadLifetime,
  mixBody: (submission) => ({
    ...commonFields(submission),
    init_image: submission.links.map(escapeCommas).join(','),
    init_image_weights: submission.weights.map(formatWeight).join(','),
  }),
  // Without exactly this string the service crops the image to a square.
  uploadBody: (dataUri) => ({ image: dataUri, crop: 'false' }),
};

const v6: Dialect = {
  name: 'v6',
  defaultBase: 'https://modelslab.com/api',
  mixPath: '/v6/image_editing/img_mixer',
  samplesPerRequest: 1,
  fetchPath: (id) => `/v6/image_editing/fetch/${encodeURIComponent(id)}`,
  uploadPath: '/v6/base64_to_url',
  balancePath: '/wallet_balance',
  uploadLifetime,
  mixBody: (submission) => ({ ...commonFields(submission), init_image: submission.links.map(escapeCommas) }),
  uploadBody: (dataUri) => ({ base64_string: dataUri }),
};

/** The dialects by name. */
export const dialects: Readonly<Record<DialectName, Dialect>> = { v5, v6 };

function commonFields({ recipe, seed, samples }: MixSubmission): Record<string, unknown> {
  return {
    prompt: recipe.prompt,
    negative_prompt: recipe.negativePrompt,
    width: recipe.width,
    height: recipe.height,
    steps: recipe.steps,
    guidance_scale: recipe.guidanceScale,
    seed,
    samples,
    webhook: recipe.webhook,
    track_id: recipe.trackId,
  };
}

/** Escapes commas, which separate the links of a list. */
function escapeCommas(link: string): string {
  return link.replaceAll(',', '%2C');
}

/** A weight in decimal notation, without an exponent and rounded to 6 digits. */
function formatWeight(weight: number): string {
  return String(Number(weight.toFixed(6)));
}
