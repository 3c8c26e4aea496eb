import * as z from 'zod';

// What goes between the local engine and its worker thread. Every request is answered once, by its number; rasters are transferred.

const side = z.int().min(1);
const rasterSchema = z.object({ width: side, height: side, data: z.instanceof(Uint8ClampedArray<ArrayBuffer>) });

/** A job as the worker knows it. `flag` is one shared 32-bit number: anything but 0 means cancelled. */
const jobSchema = z.object({
  width: side,
  height: side,
  seed: z.int(),
  guidanceScale: z.number(),
  samples: z.int().min(1),
  /** `key` names the content of the image's file. */
  images: z.array(z.object({ key: z.string(), weight: z.number() })),
  flag: z.instanceof(SharedArrayBuffer),
});
export type KernelJob = z.infer<typeof jobSchema>;

/** A decoded image that the worker lacks: by its position in the job, and whether with room for re-framing. */
const missingSchema = z.object({ image: z.int(), room: z.boolean() });
export type MissingImage = z.infer<typeof missingSchema>;

const orderSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('open'), job: jobSchema }),
  z.object({ kind: z.literal('add'), image: z.int(), room: z.boolean(), raster: rasterSchema }),
  z.object({ kind: z.literal('mix'), sample: z.int().min(0) }),
  z.object({ kind: z.literal('close') }),
]);
/** `open` comes first, and tells what to `add` before the first `mix`; after `close` the job is forgotten. */
export type KernelCommand = z.infer<typeof orderSchema>;

export const requestSchema = z.object({ id: z.int(), jobId: z.string(), order: orderSchema });
export type KernelRequest = z.infer<typeof requestSchema>;

export const replySchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('progress'), id: z.int(), fraction: z.number() }),
  z.object({ kind: z.literal('done'), id: z.int(), result: z.unknown() }),
  z.object({ kind: z.literal('cancelled'), id: z.int() }),
  z.object({ kind: z.literal('failed'), id: z.int(), message: z.string() }),
]);
export type KernelReply = z.infer<typeof replySchema>;

/** What `done` brings, by the kind of order. */
export const resultSchemas = {
  open: z.object({ missing: z.array(missingSchema) }),
  add: z.null(),
  mix: rasterSchema,
  close: z.null(),
} as const satisfies Record<KernelCommand['kind'], z.ZodType>;
export type CommandResult<K extends KernelCommand['kind']> = z.infer<(typeof resultSchemas)[K]>;
