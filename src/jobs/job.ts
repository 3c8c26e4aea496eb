import * as z from 'zod';
import { failureRecordSchema } from '../mix/failure.ts';
import { engineNames } from '../mix/limits.ts';
import { noticeSchema } from '../mix/notice.ts';
import { recipeSchema } from '../mix/recipe.ts';
import { destinationSchema } from '../output/outputFolder.ts';

const locationSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('file'), path: z.string() }),
  z.object({ kind: z.literal('url'), url: z.string() }),
]);

/** All that a job is asked to do, as it stands in the journal. */
export const jobRequestSchema = z.object({
  engine: z.enum(engineNames),
  /** The recipe as run: sources as they go into the saved picture, the seed drawn. */
  recipe: recipeSchema.extend({ seed: z.int() }),
  sources: z.array(z.object({ index: z.int(), name: z.string(), weight: z.number(), location: locationSchema })),
  destination: destinationSchema,
  /** What people call the job: the start of the prompt or the names of the images. */
  name: z.string(),
  notices: z.array(noticeSchema),
});
export type JobRequest = z.infer<typeof jobRequestSchema>;

/** `running` on disk means running or left behind by a window that closed. */
export const jobStates = ['waiting', 'running', 'done', 'failed', 'cancelled'] as const;

/** A picture of a job: named before it is written, so that a crash in between writes it once. */
export const savedPictureSchema = z.object({
  index: z.int(),
  seed: z.int(),
  path: z.string(),
  written: z.boolean(),
});

/** A job as the journal keeps it. */
export const jobRecordSchema = z.object({
  version: z.literal(1),
  id: z.string(),
  createdAt: z.number(),
  finishedAt: z.number().optional(),
  request: jobRequestSchema,
  state: z.enum(jobStates),
  /** The engine's own state; only the engine reads it. */
  engineState: z.unknown().optional(),
  pictures: z.array(savedPictureSchema),
  notices: z.array(noticeSchema),
  failure: failureRecordSchema.optional(),
  /** A failed job that holds work which another look may still bring in: pictures at the service, or kept but not yet saved. */
  checkable: z.boolean(),
});
export type JobRecord = z.infer<typeof jobRecordSchema>;

/** Whether a job waits or runs, or did so when its window closed. */
export function isOpen({ state }: JobRecord): boolean {
  return state === 'waiting' || state === 'running';
}
