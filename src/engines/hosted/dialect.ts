import type { DialectName } from '../../mix/limits.ts';
import type { RunnableRecipe } from '../../mix/recipe.ts';

/** What one mix request asks for; the sources are links that the service can fetch. */
export interface MixSubmission {
  readonly recipe: RunnableRecipe;
  readonly links: readonly string[];
  /** One for each link. */
  readonly weights: readonly number[];
  readonly seed: number;
  readonly samples: number;
}

/** A wire form of the hosted endpoint. Paths start below the base URL; bodies are without the key. */
export interface Dialect {
  readonly name: DialectName;
  /** The service's own host, used where no base URL is set. */
  readonly defaultBase: string;
  readonly mixPath: string;
  /** Pictures that one request can ask for; more samples become more requests. */
  readonly samplesPerRequest: number;
  readonly fetchPath: (id: string) => string;
  readonly uploadPath: string;
  /** Undefined where the service does not tell the balance. */
  readonly balancePath: string | undefined;
  /** How long the service surely keeps an upload, in milliseconds. */
  readonly uploadLifetime: number;
  readonly mixBody: (order: MixSubmission) => Record<string, unknown>;
  readonly uploadBody: (dataUri: string) => Record<string, unknown>;
}

/** The service keeps uploads for 24 hours; the last one is left out, so that a link does not die on its way. */
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
  mixBody: (order) => ({
    ...commonFields(order),
    init_image: order.links.map(withoutComma).join(','),
    init_image_weights: order.weights.map(decimal).join(','),
  }),
  // Without this very string the service crops the picture to a square.
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
  mixBody: (order) => ({ ...commonFields(order), init_image: order.links.map(withoutComma) }),
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

/** The link as it can stand in a list that is separated by commas. */
function withoutComma(link: string): string {
  return link.replaceAll(',', '%2C');
}

/** A weight without exponent and without the noise of binary fractions. */
function decimal(weight: number): string {
  return String(Number(weight.toFixed(6)));
}
