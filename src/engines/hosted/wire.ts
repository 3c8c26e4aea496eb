import * as z from 'zod';

/** What came back over HTTP, before it is understood. */
export interface RawResponse {
  readonly status: number;
  readonly body: string;
  /** Seconds, from the `Retry-After` header. */
  readonly retryAfter?: number | undefined;
}

/** Why the service refused, whatever words and codes it chose. */
export type RefusalReason =
  | 'invalid-api-key'
  | 'invalid-request'
  | 'image-not-fetched'
  | 'duplicate'
  | 'rate-limited'
  | 'insufficient-credits'
  | 'plan-required'
  | 'unavailable'
  | 'generation-failed'
  | 'not-found'
  | 'refused';

/** An answer of the service in one form, for every dialect and endpoint. */
export type ServiceResponse = { readonly http: number } & (
  | {
      readonly kind: 'success' | 'processing';
      /** Pictures or an upload; empty while processing. */
      readonly links: readonly string[];
      readonly id: string | undefined;
      readonly fetchUrl: string | undefined;
      /** Seconds. */
      readonly eta: number | undefined;
    }
  | {
      readonly kind: 'refused';
      readonly why: RefusalReason;
      /** The service's own words, as they came. */
      readonly message: string;
      /** The field of the request that a validation error names. */
      readonly field: string | undefined;
      /** Seconds. */
      readonly retryAfter: number | undefined;
      /** Whether the body had a `status`: then the service itself speaks, not something before it. */
      readonly stated: boolean;
    }
  | { readonly kind: 'unreadable'; readonly what: 'empty' | 'html' | 'cut' | 'shape' }
);

/** A field that is left out where it has another type than expected. */
const lenient = <T extends z.ZodType>(schema: T) => schema.optional().catch(undefined);
const textSchema = z.unknown().optional().transform(sentence);
const linksSchema = z
  .unknown()
  .optional()
  .transform((value) => texts(value).filter(isWebAddress));
const secondsSchema = z
  .union([
    z.number(),
    z
      .string()
      .trim()
      .regex(/^\d+(\.\d+)?$/)
      .transform(Number),
  ])
  .pipe(z.number().min(0));

const bodySchema = z.object({
  status: lenient(z.string().transform((status) => status.trim().toLowerCase())),
  id: lenient(z.union([z.string().trim().min(1).max(200), z.number().transform(String)])),
  fetch_result: lenient(z.string().refine(isWebAddress)),
  eta: lenient(secondsSchema),
  retry_after: lenient(secondsSchema),
  output: linksSchema,
  link: linksSchema,
  message: z.unknown().optional(),
  messege: z.unknown().optional(),
  tip: textSchema,
  tips: textSchema,
  tip_1: textSchema,
});
type Body = z.output<typeof bodySchema>;

const running = new Set(['processing', 'pending', 'queued']);
const finished = new Set(['success', 'ready']);
const broken = new Set(['failed', 'error']);

/** Understands an answer: the `status` of the body wins, the HTTP code decides only where there is none. Never throws. */
export function normalizeResponse(received: RawResponse): ServiceResponse {
  const { status: http } = received;
  const text = received.body.replace(/^\uFEFF/, '').trim();
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    if (http >= 400 && http < 500) return refusedByCode(received, '');
    const what = text === '' ? 'empty' : text.startsWith('<') ? 'html' : 'cut';
    return { kind: 'unreadable', http, what };
  }
  const parsed = Array.isArray(json) ? undefined : bodySchema.safeParse(json).data;
  if (!parsed)
    return http >= 400 && http < 500 ? refusedByCode(received, '') : { kind: 'unreadable', http, what: 'shape' };
  return fromBody(parsed, received);
}

function fromBody(body: Body, received: RawResponse): ServiceResponse {
  const { status: http } = received;
  const status = body.status ?? '';
  const links = [...body.output, ...body.link];
  const common = { http, id: body.id, fetchUrl: body.fetch_result, eta: body.eta };
  if (running.has(status)) return { kind: 'processing', links: [], ...common };
  if (finished.has(status)) return { kind: 'success', links, ...common };
  const message = sentence(body.message) || sentence(body.messege);
  if (broken.has(status)) {
    const tips = [body.tip, body.tips, body.tip_1].join(' ');
    return {
      kind: 'refused',
      http,
      why: reasonOf(message, tips, status, body, http),
      message,
      field: invalidField(body),
      retryAfter: body.retry_after ?? received.retryAfter,
      stated: true,
    };
  }
  if (http >= 400) return refusedByCode({ ...received, retryAfter: body.retry_after ?? received.retryAfter }, message);
  if (status === '' && links.length > 0) return { kind: 'success', links, ...common };
  return { kind: 'unreadable', http, what: 'shape' };
}

/** The service's words for each refusal, the more exact ones first. */
const phrases: readonly (readonly [RegExp, RefusalReason])[] = [
  [/request not found/i, 'not-found'],
  [/invalid api ?key|api key .*(invalid|required|missing|expired)/i, 'invalid-api-key'],
  [/unable to fetch .*image/i, 'image-not-fetched'],
  [/same request multiple times/i, 'duplicate'],
  [/rate limit|too many requests/i, 'rate-limited'],
  [/(insufficient|not enough|out of) .*(credit|balance|fund)/i, 'insufficient-credits'],
  [/(premium|requires?|upgrade) .*(subscription|plan)/i, 'plan-required'],
  [/internal server error|temporarily unavailable|under maintenance|overloaded/i, 'unavailable'],
  [/failed, try again/i, 'generation-failed'],
  [/invalid api request/i, 'invalid-request'],
];

function reasonOf(message: string, tips: string, status: string, body: Body, http: number): RefusalReason {
  const field = invalidField(body);
  if (field !== undefined) return field === 'key' ? 'invalid-api-key' : 'invalid-request';
  const said = phrases.find(([phrase]) => phrase.test(message))?.[1];
  if (said === 'rate-limited' && /same request multiple times/i.test(tips)) return 'duplicate';
  if (said) return said;
  if (status === 'failed') return 'generation-failed';
  return reasonOfCode(http) ?? 'refused';
}

function reasonOfCode(http: number): RefusalReason | undefined {
  if (http >= 500) return 'unavailable';
  switch (http) {
    case 400:
    case 413:
    case 415:
    case 422:
      return 'invalid-request';
    case 401:
      return 'invalid-api-key';
    case 402:
      return 'insufficient-credits';
    case 403:
      return 'plan-required';
    case 429:
      return 'rate-limited';
    default:
      return undefined;
  }
}

function refusedByCode({ status: http, retryAfter }: RawResponse, message: string): ServiceResponse {
  const why = reasonOfCode(http);
  if (!why) return { kind: 'unreadable', http, what: 'shape' };
  return { kind: 'refused', http, why, message, field: undefined, retryAfter, stated: false };
}

/** The first field of a validation error, which is an object of arrays. */
function invalidField(body: Body): string | undefined {
  const message = body.message ?? body.messege;
  if (typeof message !== 'object' || message === null || Array.isArray(message)) return undefined;
  return Object.keys(message)[0];
}

/** Every text in a value of any shape, in order, up to a sane depth. */
function texts(value: unknown, depth = 0): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null || depth > 4) return [];
  return Object.values(value).flatMap((item) => texts(item, depth + 1));
}

/** All texts of a value as one line, bounded: it is searched and shown, and the service may send anything. */
function sentence(value: unknown): string {
  return texts(value).join(' ').replace(/\s+/g, ' ').trim().slice(0, 20_000);
}

function isWebAddress(text: string): boolean {
  return /^https?:\/\//i.test(text) && URL.canParse(text);
}
