import * as z from 'zod';
import { unusedParts } from '../mix/limits.ts';

/** A file that a mix lacks on a server. */
export const missingModelSchema = z.object({
  /** Its name, or that of a pack of nodes. */
  file: z.string(),
  /** The folder of the server that it belongs into. */
  folder: z.string(),
  /** Where it can be had. */
  source: z.string(),
});
export type MissingModelView = z.infer<typeof missingModelSchema>;

/** Why something can't be used on a server, and what is missing for it, if that is what it lacks. */
const obstacleSchema = z.object({ message: z.string(), missing: z.array(missingModelSchema) });
export type ObstacleView = z.infer<typeof obstacleSchema>;

/** A model of a server. */
export const modelViewSchema = z.object({
  /** As the server names it. */
  name: z.string(),
  family: z.enum(['sd15', 'sdxl', 'flux', 'other', 'unknown']),
  ignores: z.array(z.enum(unusedParts)),
  /** Why it can't be used with the preset of the settings; null if it can. */
  obstacle: obstacleSchema.nullable(),
});
export type ModelView = z.infer<typeof modelViewSchema>;

/** A ComfyUI server as the panel shows it. */
export const serverViewSchema = z.object({
  /** The host, with its port; empty for an address that can't be used, which may have a password in it. */
  name: z.string(),
  isChecking: z.boolean(),
  /** How it answered; null if it hasn't yet. */
  answer: z
    .discriminatedUnion('kind', [
      z.object({
        kind: z.literal('failed'),
        message: z.string(),
        /** Whether an authorization may help. */
        needsAuthorization: z.boolean(),
      }),
      z.object({
        kind: z.literal('ready'),
        version: z.string(),
        /** The device with the most free memory, which is in bytes. */
        device: z.object({ name: z.string(), freeMemory: z.number() }).nullable(),
        /** How many prompts run or wait there. */
        queueLength: z.number(),
        models: z.array(modelViewSchema),
        presets: z.array(
          z.object({ name: z.string(), family: z.enum(['sd15', 'sdxl']), missing: z.array(missingModelSchema) }),
        ),
        /** The model that is used if the mix has none, or why there is none. */
        automatic: z.union([z.object({ model: z.string() }), z.object({ obstacle: obstacleSchema })]),
      }),
    ])
    .nullable(),
});
export type ServerView = z.infer<typeof serverViewSchema>;
export type ReadyServer = Extract<NonNullable<ServerView['answer']>, { kind: 'ready' }>;

/** How mixes on ComfyUI servers are made, by the settings, and the servers. */
export const comfyuiViewSchema = z.object({
  preset: z.string(),
  imageStrength: z.number(),
  /** The user's own workflow, and why it can't be used, if it can't; null for the built-in graphs. */
  workflow: z
    .object({ name: z.string(), problem: z.string().nullable(), ignores: z.array(z.enum(unusedParts)) })
    .nullable(),
  /** In the order of the settings; null while they haven't been asked. */
  servers: z.array(serverViewSchema).nullable(),
});
export type ComfyuiView = z.infer<typeof comfyuiViewSchema>;
