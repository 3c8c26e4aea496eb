import * as z from 'zod';

// Messages between the local engine and its worker thread. Every request gets one `done`, `cancelled` or `failed` reply with
// its id. Rasters are transferred.

const side = z.int().min(1);
const rasterSchema = z.object({ width: side, height: side, data: z.instanceof(Uint8ClampedArray<ArrayBuffer>) });

/** A job as the worker knows it. `cancelFlag` is one shared 32-bit number; if it isn't 0, the job is canceled. */
const jobSchema = z.object({
  width: side,
  height: side,
  seed: z.int(),
  guidanceScale: z.number(),
  samples: z.int().min(1),
  /** `key` identifies the content of the image's file. */
  images: z.array(z.object({ key: z.string(), weight: z.number() })),
  cancelFlag: z.instanceof(SharedArrayBuffer),
});
export type KernelJob = z.infer<typeof jobSchema>;

/** A decoded image that the worker needs: its index in the job, and whether it must be larger, for reframing. */
const missingSchema = z.object({ image: z.int(), enlarged: z.boolean() });
export type MissingImage = z.infer<typeof missingSchema>;

const commandSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('open'), job: jobSchema }),
  z.object({ kind: z.literal('add'), image: z.int(), enlarged: z.boolean(), raster: rasterSchema }),
  z.object({ kind: z.literal('mix'), sample: z.int().min(0) }),
  z.object({ kind: z.literal('close') }),
]);
/** A command for a job. `open` comes first and returns the images to `add` before the first `mix`; `close` removes the job. */
export type KernelCommand = z.infer<typeof commandSchema>;

export const requestSchema = z.object({ id: z.int(), jobId: z.string(), command: commandSchema });
export type KernelRequest = z.infer<typeof requestSchema>;

export const replySchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('progress'), id: z.int(), fraction: z.number() }),
  z.object({ kind: z.literal('done'), id: z.int(), result: z.unknown() }),
  z.object({ kind: z.literal('cancelled'), id: z.int() }),
  z.object({ kind: z.literal('failed'), id: z.int(), message: z.string() }),
]);
export type KernelReply = z.infer<typeof replySchema>;

/** The `result` of a `done` reply, by kind of command. */
export const resultSchemas = {
  open: z.object({ missing: z.array(missingSchema) }),
  add: z.null(),
  mix: rasterSchema,
  close: z.null(),
} as const satisfies Record<KernelCommand['kind'], z.ZodType>;
export type CommandResult<K extends KernelCommand['kind']> = z.infer<(typeof resultSchemas)[K]>;
