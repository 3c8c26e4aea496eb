import * as z from 'zod';
import { dialectNames } from '../../mix/limits.ts';
import { seedOfSample } from '../../mix/recipe.ts';
import type { MixTask } from '../engine.ts';
import type { Service } from './service.ts';

/**
 * How far one request of a job is.
 * - `new`: nothing was sent, or what was sent certainly did no work.
 * - `posting`: the paid request may be on its way; found at a start, its fate is unknown.
 * - `accepted`: the service works on it and can be asked.
 * - `answered`: the pictures' links are known.
 */
export const phases = ['new', 'posting', 'accepted', 'answered'] as const;

const requestSchema = z.object({
  /** Position of its first picture among the job's samples. */
  first: z.int().min(0),
  samples: z.int().min(1),
  seed: z.int().min(0),
  phase: z.enum(phases),
  id: z.string().optional(),
  fetchUrl: z.string().optional(),
  links: z.array(z.string()),
  /** Milliseconds of polling in which the service could be reached. */
  waited: z.number().min(0),
});
/** One paid request of a job, as the journal keeps it. */
export type RequestState = z.infer<typeof requestSchema>;

const stateSchema = z.object({
  version: z.literal(1),
  /** Where the work was ordered: a changed setting must not look for it elsewhere. */
  baseUrl: z.string(),
  dialect: z.enum(dialectNames),
  requests: z.array(requestSchema).min(1),
});
/** What the hosted engine keeps of a job in the journal. */
export type HostedState = z.infer<typeof stateSchema>;

/** The state of a job that starts: one request for as many samples as the dialect allows, each with its own seed. */
export function createHostedState(task: MixTask, service: Service): HostedState {
  const { samples, seed } = task.recipe;
  const each = service.dialect.samplesPerRequest;
  return {
    version: 1,
    baseUrl: service.base,
    dialect: service.dialect.name,
    requests: Array.from({ length: Math.ceil(samples / each) }, (_, at) => ({
      first: at * each,
      samples: Math.min(each, samples - at * each),
      seed: seedOfSample(seed, at),
      phase: 'new' as const,
      links: [],
      waited: 0,
    })),
  };
}

/** Whether a job may have ordered work that the service charges for, by what is kept of it. */
export function mayHaveSubmitted(saved: unknown): boolean {
  if (saved === undefined) return false;
  return parseHostedState(saved)?.requests.some(({ phase }) => phase !== 'new') ?? true;
}

/** Reads a saved state; undefined where there is none or it is not one. */
export function parseHostedState(saved: unknown): HostedState | undefined {
  return stateSchema.safeParse(saved).data;
}
