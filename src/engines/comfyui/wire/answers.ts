import * as z from 'zod';

// What a ComfyUI server answers, reduced to what is used. Anything else in an answer is ignored.

const bytesSchema = z.number().min(0).catch(0);

/** An answer without a version isn't ComfyUI's. */
export const systemStatsSchema = z
  .object({
    system: z.object({ comfyui_version: z.string().min(1).max(50) }),
    devices: z
      .array(
        z.object({ name: z.string(), vram_total: bytesSchema, vram_free: bytesSchema }).optional().catch(undefined),
      )
      .catch([]),
  })
  .transform(({ system, devices }) => ({
    version: system.comfyui_version,
    devices: devices.flatMap((device) =>
      device ? [{ name: device.name.slice(0, 200), memory: device.vram_total, freeMemory: device.vram_free }] : [],
    ),
  }));
/** A server's version and its devices, with their memory in bytes. */
export type SystemStats = z.output<typeof systemStatsSchema>;

/** The metadata of a model file. Values that aren't text are left out. */
export const metadataSchema = z
  .record(z.string(), z.unknown())
  .transform(
    (fields) =>
      new Map(Object.entries(fields).flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : []))),
  );

/** A file of a server, as its nodes name it. */
export const serverFileSchema = z.object({
  filename: z.string().min(1),
  subfolder: z.string().catch(''),
  type: z.string().catch('output'),
});
export type ServerFile = z.output<typeof serverFileSchema>;

export const uploadSchema = z.object({ name: z.string().min(1), subfolder: z.string().catch('') });

/** The images of a node's output; null, or an output without images, means none. */
export const outputImagesSchema = z
  .object({ images: z.array(z.unknown()) })
  .transform(({ images }) =>
    images.flatMap((image) => {
      const file = serverFileSchema.safeParse(image);
      return file.success ? [file.data] : [];
    }),
  )
  .catch([]);

/** `[number, prompt id, graph, extra data, outputs]`. Only the first two are used. */
const queueItemSchema = z.tuple([z.number(), z.string()], z.unknown()).transform(([number, id]) => ({ number, id }));
/** A prompt that runs or waits. Smaller numbers run first. */
export type QueueItem = z.output<typeof queueItemSchema>;

const queueItemsSchema = z
  .array(queueItemSchema)
  .transform((items) => items.toSorted((left, right) => left.number - right.number));
export const queueSchema = z
  .object({ queue_running: queueItemsSchema, queue_pending: queueItemsSchema })
  .transform(({ queue_running, queue_pending }) => ({ running: queue_running, pending: queue_pending }));
/** The prompts of a server, in the order in which they run. */
export type Queue = z.output<typeof queueSchema>;

export const queueLengthSchema = z
  .object({ exec_info: z.object({ queue_remaining: z.number().min(0) }) })
  .transform(({ exec_info }) => exec_info.queue_remaining);

/** The answer to `/jobs/ID` for a prompt that isn't over. */
export const jobStateSchema = z
  .object({ status: z.enum(['pending', 'in_progress']) })
  .transform(({ status }) => status);
export type JobState = z.output<typeof jobStateSchema>;

/** The answer to `/jobs/ID` for a prompt that the server doesn't know. */
export const missingJobSchema = z.object({ error: z.string() });
