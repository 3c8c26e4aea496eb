import * as z from 'zod';

/** The stages of a job in their order; an engine passes through some of them. */
export const stages = ['waiting', 'reading', 'uploading', 'queued', 'mixing', 'downloading', 'saving'] as const;
export type Stage = (typeof stages)[number];

/** How far a job is. `done` of `total` counts things (uploads, samples); `fraction` is 0 to 1 where known; `etaSeconds` is what remains. */
export const progressSchema = z.object({
  stage: z.enum(stages),
  done: z.number().optional(),
  total: z.number().optional(),
  fraction: z.number().optional(),
  etaSeconds: z.number().optional(),
});
export type Progress = z.infer<typeof progressSchema>;
