import * as z from 'zod';
import { comfyuiSettingsSchema } from '../engines/comfyui/comfyuiSettings.ts';
import { serviceSettingsSchema } from '../engines/hosted/service.ts';
import { failureRecordSchema } from '../mix/failureRecord.ts';
import { engineNames } from '../mix/limits.ts';
import { noticeSchema } from '../mix/notice.ts';
import { recipeSchema } from '../mix/recipe.ts';
import { destinationSchema } from '../output/outputFolder.ts';

/** Where a job belongs, and what it was allowed to do when it was created. Another window that takes it up keeps to that. */
export const homeSchema = z.object({
  /** Absolute path of the workspace's storage, where its results are listed. It identifies the workspace. */
  storage: z.string(),
  /** False if the workspace was in Restricted Mode. */
  isTrusted: z.boolean(),
  /** Whether images of the workspace may be uploaded to the service. */
  mayUpload: z.boolean(),
});
export type Home = z.infer<typeof homeSchema>;

const locationSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('file'), path: z.string() }),
  z.object({ kind: z.literal('url'), url: z.string() }),
]);

/** Everything a job needs to run, as the job store keeps it. */
export const jobRequestSchema = z.object({
  home: homeSchema,
  engine: z.enum(engineNames),
  /** The service that a hosted job is for, whatever the settings of the window that runs it. */
  service: serviceSettingsSchema.optional(),
  /** How a mix on a ComfyUI server is made, whatever the settings of the window that runs it. */
  comfyui: comfyuiSettingsSchema.optional(),
  /** The recipe as run: its sources as they are saved with the result, its seed drawn. */
  recipe: recipeSchema.extend({ seed: z.int() }),
  sources: z.array(z.object({ index: z.int(), name: z.string(), weight: z.number(), location: locationSchema })),
  destination: destinationSchema,
  /** The job's display name: the prompt, or the names of its images. */
  name: z.string(),
  notices: z.array(noticeSchema),
});
export type JobRequest = z.infer<typeof jobRequestSchema>;

/** On disk, `running` can also mean that the job's window closed or crashed. */
const jobStates = ['waiting', 'running', 'done', 'failed', 'cancelled'] as const;

/** A result of a job. Its path is recorded before the file is written, so that a crash in between can't write it twice. */
const savedResultSchema = z.object({
  index: z.int(),
  seed: z.int(),
  path: z.string(),
  written: z.boolean(),
});

/** A job as the job store keeps it. */
export const jobRecordSchema = z.object({
  version: z.literal(1),
  id: z.string(),
  createdAt: z.number(),
  finishedAt: z.number().optional(),
  request: jobRequestSchema,
  state: z.enum(jobStates),
  /** The engine's own state. Only the engine reads it. */
  engineState: z.unknown().optional(),
  results: z.array(savedResultSchema),
  notices: z.array(noticeSchema),
  failure: failureRecordSchema.optional(),
  /** Whether another run of this failed job may still get results: from the service, or from its folder. */
  canCheckAgain: z.boolean(),
});
export type JobRecord = z.infer<typeof jobRecordSchema>;

/** Whether a job waits or runs, or did so when its window closed. */
export function isUnfinished({ state }: JobRecord): boolean {
  return state === 'waiting' || state === 'running';
}
