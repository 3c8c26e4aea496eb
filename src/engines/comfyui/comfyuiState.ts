import * as z from 'zod';
import { seedOfSample } from '../../mix/recipe.ts';
import type { MixTask } from '../engine.ts';
import type { ModelPlan } from './graph.ts';

/**
 * How far a sample is.
 * - `new`: the server doesn't have its prompt, for certain.
 * - `posting`: the prompt may have reached the server, whose queue and history tell.
 * - `queued`: the server has it, or had it.
 * - `done`: delivered.
 */
const phases = ['new', 'posting', 'queued', 'done'] as const;

const sampleSchema = z.object({
  seed: z.int().min(0),
  /** A UUID of our own, on disk before the prompt is sent. */
  promptId: z.string().min(1),
  phase: z.enum(phases).catch('posting'),
  /** Whether the server lost an earlier prompt of the sample. */
  isRetried: z.boolean().catch(false),
});
/** One sample of a job, which is one prompt, as stored on disk. */
export type SampleState = z.infer<typeof sampleSchema>;

const reduxModelSchema = z.discriminatedUnion('loader', [
  z.object({
    loader: z.literal('unet'),
    file: z.string(),
    clips: z.tuple([z.string(), z.string()]),
    vae: z.string(),
  }),
  z.object({ loader: z.literal('checkpoint'), file: z.string() }),
]);
const planSchema: z.ZodType<ModelPlan> = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('adapter'), checkpoint: z.string(), preset: z.string() }),
  z.object({
    kind: z.literal('redux'),
    model: reduxModelSchema,
    clipVision: z.string(),
    styleModel: z.string(),
  }),
]);

const stateSchema = z.object({
  version: z.literal(1),
  /** The base URL of the server that has the job, as written in the settings at that time. */
  server: z.string(),
  /** What the server knows the sender of the prompts by: their events go to the socket with this id. */
  clientId: z.string(),
  /** The version of ComfyUI there. */
  serverVersion: z.string(),
  /** The models of the built-in graph; null for a workflow of the user's own. All samples are made with the same. */
  plan: planSchema.nullable(),
  /** The node with the results; empty before the first graph is made. */
  output: z.string(),
  /** In the order of the samples. */
  samples: z.array(sampleSchema).min(1),
});
/** The ComfyUI engine's state of a job, as stored on disk. */
export type ComfyuiState = z.infer<typeof stateSchema>;

/** The state of a job that has just been given to a server. */
export function createComfyuiState(
  { recipe }: MixTask,
  chosen: Pick<ComfyuiState, 'server' | 'clientId' | 'serverVersion' | 'plan'>,
  newId: () => string,
): ComfyuiState {
  const samples = Array.from({ length: recipe.samples }, (_, index) => ({
    seed: seedOfSample(recipe.seed, index),
    promptId: newId(),
    phase: 'new' as const,
    isRetried: false,
  }));
  return { version: 1, ...chosen, output: '', samples };
}

/**
 * Parses a saved state. Undefined if it is missing or damaged: then the job starts anew, which costs nothing on a server of one's own, and
 * what it has delivered isn't mixed again.
 */
export function parseComfyuiState(saved: unknown): ComfyuiState | undefined {
  return stateSchema.safeParse(saved).data;
}

/** Whether the server may have, or get, a result that isn't delivered. */
export function isPending({ phase }: SampleState): boolean {
  return phase === 'posting' || phase === 'queued';
}

/** Whether no server has a prompt of the job that can still bring a result. */
export function isUnsent({ samples }: ComfyuiState): boolean {
  return samples.every(({ phase }) => phase === 'new');
}
