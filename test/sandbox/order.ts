import { z } from 'zod';
import type { DialectName } from './stages.ts';

/** A requested mix, independent of the dialect. */
export interface MixOrder {
  readonly dialect: DialectName;
  readonly sources: readonly string[];
  /** One for each source; all equal if the dialect has no weights. */
  readonly weights: readonly number[];
  readonly prompt: string;
  readonly width: number;
  readonly height: number;
  readonly steps: number;
  readonly guidanceScale: number;
  readonly seed: number | null;
  readonly samples: number;
  readonly webhook: string | null;
  readonly trackId: string | number | null;
  /** The body without the key, for `meta`. */
  readonly fields: Readonly<Record<string, unknown>>;
}

/** The service's form of a validation error: the problems of each field. */
export type FieldErrors = Record<string, string[]>;

const sourceUrl = z.url({ protocol: /^https?$/ });
const numeric = (range: { min: number; max?: number }, whole: boolean) => {
  const number = (whole ? z.int() : z.number()).min(range.min);
  return range.max === undefined ? number : number.max(range.max);
};
const seed = z.union([z.int().min(0), z.string().regex(/^\d+$/).transform(Number)]).nullish();
const common = {
  key: z.string(),
  prompt: z.string().trim().min(1),
  negative_prompt: z.string().nullish(),
  width: numeric({ min: 1, max: 1024 }, true).default(512),
  height: numeric({ min: 1, max: 1024 }, true).default(512),
  // The reference page says at most 50, but sends 100 in its example.
  steps: numeric({ min: 1, max: 100 }, true).default(30),
  guidance_scale: numeric({ min: 1, max: 20 }, false).default(7.5),
  seed,
  track_id: z.union([z.string(), z.number()]).nullish(),
};
const webhook = (strict: boolean) => z.url({ protocol: strict ? /^https$/ : /^https?$/ }).nullish();

const commaUrls = z
  .string()
  .min(1)
  .transform((list) => list.split(','))
  .pipe(z.array(sourceUrl).min(1).max(5));
const commaWeights = z
  .string()
  .regex(/^[^,]+(,[^,]+)*$/)
  .transform((list) => list.split(',').map((weight) => (weight.trim() === '' ? Number.NaN : Number(weight))));

const v5 = (strict: boolean) =>
  z
    .looseObject({
      ...common,
      init_image: commaUrls,
      init_image_weights: commaWeights.pipe(
        z.array(
          z
            .number()
            .min(0)
            .max(strict ? 1 : 5),
        ),
      ),
      samples: numeric({ min: 1, max: 4 }, true).default(1),
      webhook: webhook(strict),
    })
    .refine(({ init_image, init_image_weights }) => init_image.length === init_image_weights.length, {
      path: ['init_image_weights'],
      message: 'The init image weights must be as many as the images.',
    });

const v6 = (strict: boolean) =>
  z.looseObject({
    ...common,
    init_image: z.array(sourceUrl).min(1).max(4),
    samples: numeric({ min: 1, max: 1 }, true).default(1),
    webhook: webhook(strict),
  });

const documented: Record<DialectName, ReadonlySet<string>> = {
  v5: new Set([...Object.keys(common), 'init_image', 'init_image_weights', 'samples', 'webhook']),
  v6: new Set([...Object.keys(common), 'init_image', 'samples', 'webhook']),
};

/** Parses the body of a mix request. `strict` also rejects undocumented fields, weights and webhooks. */
export function readOrder(
  dialect: DialectName,
  body: Readonly<Record<string, unknown>>,
  strict: boolean,
): { order: MixOrder } | { errors: FieldErrors } {
  const parsed = dialect === 'v5' ? v5(strict).safeParse(body) : v6(strict).safeParse(body);
  if (!parsed.success) return { errors: fieldErrors(parsed.error, body) };
  const unknown = Object.keys(body).filter((field) => !documented[dialect].has(field));
  if (strict && unknown.length > 0) {
    return { errors: Object.fromEntries(unknown.map((field) => [field, [`The ${words(field)} field is unknown.`]])) };
  }
  const { data } = parsed;
  const { key: _, ...fields } = body;
  return {
    order: {
      dialect,
      sources: data.init_image,
      weights: Array.isArray(data.init_image_weights)
        ? data.init_image_weights.map(Number)
        : data.init_image.map(() => 1),
      prompt: data.prompt,
      width: data.width,
      height: data.height,
      steps: data.steps,
      guidanceScale: data.guidance_scale,
      seed: data.seed ?? null,
      samples: data.samples,
      webhook: data.webhook ?? null,
      trackId: data.track_id ?? null,
      fields,
    },
  };
}

/** The errors of a body, in the service's words if they are known. */
export function fieldErrors(error: z.ZodError, body: Readonly<Record<string, unknown>>): FieldErrors {
  const errors: FieldErrors = {};
  for (const { path, message } of error.issues) {
    const field = String(path[0]);
    const missing = body[field] === undefined || body[field] === '';
    const text = missing ? `The ${words(field)} field is required.` : message;
    errors[field] = [...new Set([...(errors[field] ?? []), text])];
  }
  return errors;
}

const words = (field: string): string => field.replaceAll('_', ' ');
