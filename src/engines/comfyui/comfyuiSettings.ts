import * as z from 'zod';
import { graphSchema } from './graph.ts';

/** The image strength: the sum of what all images weigh in the sampling. Above .8, the prompt counts for little. */
export const imageStrengthRange = { min: 0, max: 1.5 } as const;

/** The settings that say how a mix on a ComfyUI server is made. A job keeps those of the moment when it was created. */
export const comfyuiSettingsSchema = z.object({
  /** The checkpoint, as the server names it, if the recipe has no model; empty means the first that fits. */
  checkpoint: z.string(),
  /** The preset of the IP-Adapter, as the server names it. */
  preset: z.string(),
  imageStrength: z.number().min(imageStrengthRange.min).max(imageStrengthRange.max),
  /** The user's own workflow in API format, with the name of its file for messages; null means the built-in graph. */
  workflow: z.object({ name: z.string(), graph: graphSchema }).nullable(),
});
export type ComfyuiSettings = z.infer<typeof comfyuiSettingsSchema>;
