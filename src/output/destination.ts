import * as z from 'zod';

/** Where a job's pictures go. Paths are absolute. */
export const destinationSchema = z.object({
  /** The folder for the pictures; made when first needed. */
  folder: z.string(),
  /** What `folder` must stay inside of, links followed. */
  root: z.string(),
  /** Template of the file name without extension: `{name}-{seed}-{index}`. */
  fileName: z.string(),
  embedRecipe: z.boolean(),
});
export type Destination = z.infer<typeof destinationSchema>;
