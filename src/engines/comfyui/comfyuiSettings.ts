import * as z from 'zod';
import { imageStrengthRange } from '../../mix/limits.ts';
import { graphSchema } from './graph.ts';

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
