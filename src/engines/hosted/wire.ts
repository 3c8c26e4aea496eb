import * as z from 'zod';
import { parseJson } from '../../storage/json.ts';

/** A response as received over HTTP. */
interface RawResponse {
  readonly status: number;
  readonly body: string;
  /** Seconds, from the `Retry-After` header. */
  readonly retryAfter?: number | undefined;
}

/** Why the service refused a request, independent of its wording. */
type RefusalReason =
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

/** A response of the service in one form for every dialect and endpoint. `http` is its HTTP status. */
export type ServiceResponse = { readonly http: number } & (
  | {
      readonly kind: 'success' | 'processing';
      /** Links to results or to an upload; empty while processing. */
      readonly links: readonly string[];
      readonly id: string | undefined;
      readonly fetchUrl: string | undefined;
      /** Seconds. */
      readonly eta: number | undefined;
    }
  | {
      readonly kind: 'refused';
      readonly reason: RefusalReason;
      /** The service's own message, as received. */
      readonly message: string;
      /** The field of the request that a validation error names. */
      readonly field: string | undefined;
      /** Seconds. */
      readonly retryAfter: number | undefined;
      /** Whether the body has a `status`. Then the response comes from the service itself, not from a gateway. */
      readonly fromService: boolean;
    }
  | { readonly kind: 'unreadable'; readonly problem: 'empty' | 'html' | 'cut' | 'shape' }
);

/** A field that becomes undefined if it has the wrong type. */
const lenient = <T extends z.ZodType>(schema: T) => schema.optional().catch(undefined);
const textSchema = z.unknown().optional().transform(joinStrings);
const linksSchema = z
  .unknown()
  .optional()
  .transform((value) => collectStrings(value).filter(isHttpUrl));
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
  fetch_result: lenient(z.string().refine(isHttpUrl)),
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

const processingStatuses = new Set(['processing', 'pending', 'queued']);
const successStatuses = new Set(['success', 'ready']);
const failureStatuses = new Set(['failed', 'error']);

/** Interprets a response. The body's `status` takes precedence; the HTTP status counts only without it. Never throws. */
export function normalizeResponse(raw: RawResponse): ServiceResponse {
  const { status: http } = raw;
  const text = raw.body.replace(/^\uFEFF/, '').trim();
  const json = parseJson(text);
  if (json === undefined) {
    if (http >= 400 && http < 500) return refusalFromStatus(raw, '');
    const problem = text === '' ? 'empty' : text.startsWith('<') ? 'html' : 'cut';
    return { kind: 'unreadable', http, problem };
  }
  const body = Array.isArray(json) ? undefined : bodySchema.safeParse(json).data;
  if (body) return interpretBody(body, raw);
  return http >= 400 && http < 500 ? refusalFromStatus(raw, '') : { kind: 'unreadable', http, problem: 'shape' };
}

function interpretBody(body: Body, raw: RawResponse): ServiceResponse {
  const { status: http } = raw;
  const status = body.status ?? '';
  const links = [...body.output, ...body.link];
  const common = { http, id: body.id, fetchUrl: body.fetch_result, eta: body.eta };
  if (processingStatuses.has(status)) return { kind: 'processing', links: [], ...common };
  if (successStatuses.has(status)) return { kind: 'success', links, ...common };
  const message = joinStrings(body.message) || joinStrings(body.messege);
  const retryAfter = body.retry_after ?? raw.retryAfter;
  if (failureStatuses.has(status)) {
    return {
      kind: 'refused',
      http,
      reason: refusalReason(message, status, body, http),
      message,
      field: invalidField(body),
      retryAfter,
      fromService: true,
    };
  }
  if (http >= 400) return refusalFromStatus({ ...raw, retryAfter }, message);
  if (status === '' && links.length > 0) return { kind: 'success', links, ...common };
  return { kind: 'unreadable', http, problem: 'shape' };
}

/** What the service's messages mean, more specific patterns first. */
const messagePatterns: readonly (readonly [RegExp, RefusalReason])[] = [
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

function refusalReason(message: string, status: string, body: Body, http: number): RefusalReason {
  const field = invalidField(body);
  if (field !== undefined) return field === 'key' ? 'invalid-api-key' : 'invalid-request';
  const reason = messagePatterns.find(([pattern]) => pattern.test(message))?.[1];
  const tips = [body.tip, body.tips, body.tip_1].join(' ');
  if (reason === 'rate-limited' && /same request multiple times/i.test(tips)) return 'duplicate';
  if (reason) return reason;
  if (status === 'failed') return 'generation-failed';
  return reasonOfStatus(http) ?? 'refused';
}

function reasonOfStatus(http: number): RefusalReason | undefined {
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

function refusalFromStatus({ status: http, retryAfter }: RawResponse, message: string): ServiceResponse {
  const reason = reasonOfStatus(http);
  if (!reason) return { kind: 'unreadable', http, problem: 'shape' };
  return { kind: 'refused', http, reason, message, field: undefined, retryAfter, fromService: false };
}

/** The first field of a validation error, which is an object of arrays. */
function invalidField(body: Body): string | undefined {
  const message = body.message ?? body.messege;
  if (typeof message !== 'object' || message === null || Array.isArray(message)) return undefined;
  return Object.keys(message)[0];
}

/** Every string in a value of any shape, in order, down to five levels. */
function collectStrings(value: unknown, depth = 0): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null || depth > 4) return [];
  return Object.values(value).flatMap((item) => collectStrings(item, depth + 1));
}

/** All strings of a value on one line. Its length is limited, because the service may send anything and patterns are matched against it. */
function joinStrings(value: unknown): string {
  return collectStrings(value).join(' ').replace(/\s+/g, ' ').trim().slice(0, 20_000);
}

function isHttpUrl(text: string): boolean {
  return /^https?:\/\//i.test(text) && URL.canParse(text);
}
