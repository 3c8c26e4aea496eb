import * as z from 'zod';
import { dialectNames } from '../../mix/limits.ts';
import { seedOfSample } from '../../mix/recipe.ts';
import type { MixTask } from '../engine.ts';
import type { Service } from './service.ts';

/**
 * The progress of one request.
 * - `new`: nothing was sent, or the service certainly did no work.
 * - `posting`: the paid request may have reached the service. If a later run finds this phase, the outcome is unknown.
 * - `accepted`: the service is working on it and can be polled.
 * - `answered`: the links to the results are known.
 */
const phases = ['new', 'posting', 'accepted', 'answered'] as const;

/** The longest wait that the settings allow, in milliseconds. */
const maxWaited = 86_400_000;

/** Paid work must not be lost because of one damaged field, so each that isn't needed to find the results has a substitute. */
const fieldsSchema = z.object({
  /** Index of its first result among the job's samples. */
  first: z.int().min(0),
  samples: z.int().min(1),
  seed: z.int().min(0),
  phase: z.enum(phases).catch('posting'),
  id: z
    .union([z.string(), z.number().transform(String)])
    .optional()
    .catch(undefined),
  fetchUrl: z.string().optional().catch(undefined),
  links: z
    .array(z.unknown())
    .catch([])
    .transform((links) => links.filter((link) => typeof link === 'string').filter((link) => URL.canParse(link))),
  /** Milliseconds that the service had: from the submission to its response, and while polling as long as it was reachable. */
  waited: z
    .number()
    .catch(0)
    .transform((waited) => Math.min(Math.max(waited, 0), maxWaited)),
});

const requestSchema = fieldsSchema.transform((request) => ({ ...request, phase: knownPhase(request) }));
/** One paid request of a job, as stored on disk. */
export type RequestState = z.infer<typeof requestSchema>;

const stateSchema = z.object({
  version: z.literal(1),
  /** Where the requests were submitted. A later run asks there, even if the setting has changed. */
  baseUrl: z.string(),
  dialect: z.enum(dialectNames),
  requests: z.array(requestSchema).min(1),
});
/** The hosted engine's state of a job, as stored on disk. */
export type HostedState = z.infer<typeof stateSchema>;

/** The state of a new job. Each request has as many samples as the dialect allows and its own seed. */
export function createHostedState(task: MixTask, service: Service): HostedState {
  const { samples, seed } = task.recipe;
  const perRequest = service.dialect.samplesPerRequest;
  return {
    version: 1,
    baseUrl: service.base,
    dialect: service.dialect.name,
    requests: Array.from({ length: Math.ceil(samples / perRequest) }, (_, index) => ({
      first: index * perRequest,
      samples: Math.min(perRequest, samples - index * perRequest),
      seed: seedOfSample(seed, index),
      phase: 'new' as const,
      links: [],
      waited: 0,
    })),
  };
}

/** Whether a job with this saved state may have submitted work that the service charges for. True if the state is unreadable. */
export function mayHaveSubmitted(saved: unknown): boolean {
  if (saved === undefined) return false;
  return parseHostedState(saved)?.requests.some(({ phase }) => phase !== 'new') ?? true;
}

/**
 * The phase, unless other fields say that the service accepted the request, or that nothing is left to ask it for.
 * Never `new` instead of another one.
 */
function knownPhase({ phase, id, fetchUrl, links }: z.infer<typeof fieldsSchema>): (typeof phases)[number] {
  if (phase === 'new') return phase;
  const canPoll = id !== undefined || fetchUrl !== undefined;
  if (links.length > 0) return phase === 'accepted' && canPoll ? phase : 'answered';
  return canPoll ? 'accepted' : 'posting';
}

/** Parses a saved state; undefined if it is missing or invalid. */
export function parseHostedState(saved: unknown): HostedState | undefined {
  return stateSchema.safeParse(saved).data;
}
