import * as z from 'zod';

/** The stages of a job, in order. Not every engine has all of them. */
export const stages = ['waiting', 'reading', 'uploading', 'queued', 'mixing', 'downloading', 'saving'] as const;
export type Stage = (typeof stages)[number];

/**
 * How far a job is. `done` and `total` count uploads or samples, `fraction` is 0 to 1, `etaSeconds` is the remaining time, and `ahead`
 * counts what a server does before. Each is absent if unknown.
 */
export const progressSchema = z.object({
  stage: z.enum(stages),
  done: z.number().optional(),
  total: z.number().optional(),
  fraction: z.number().optional(),
  etaSeconds: z.number().optional(),
  ahead: z.number().optional(),
});
export type Progress = z.infer<typeof progressSchema>;
