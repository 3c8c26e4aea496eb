import * as z from 'zod';
import { failureRecordSchema } from '../mix/failureRecord.ts';
import { imageWarningSchema } from '../mix/imageWarning.ts';
import { resultFormats } from '../mix/resultFormat.ts';
import { readableFormats } from './codec.ts';

// Messages between the codec and its worker thread, which handles one request at a time.

const side = z.int().min(1).max(100_000);
const bytes = z.instanceof(Uint8Array<ArrayBuffer>);
const format = z.enum(readableFormats);

/** A request to the worker. Its buffer is transferred. */
export const codecRequestSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('probe'), format, bytes }),
  z.object({ kind: z.literal('decode'), format, bytes, width: side, height: side }),
  z.object({ kind: z.literal('thumbnail'), format, bytes, side }),
  z.object({ kind: z.literal('encode'), format: z.enum(resultFormats), bytes, width: side, height: side }),
  z.object({ kind: z.literal('uploadCopy'), format, bytes, maxSide: side, maxBytes: z.int().min(1) }),
  z.object({ kind: z.literal('uploadPng'), format, bytes, maxSide: side }),
  z.object({ kind: z.literal('isUniform'), format, bytes }),
]);
export type CodecRequest = z.infer<typeof codecRequestSchema>;

/** The versions of the libraries in the worker. The WebAssembly build lists `emscripten`. */
export const codecVersionsSchema = z.record(z.string(), z.string());
export type CodecVersions = z.infer<typeof codecVersionsSchema>;

/** A message from the worker: `ready` once, then one reply per request. */
export const codecReplySchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('ready'), versions: codecVersionsSchema }),
  z.object({ kind: z.literal('done'), result: z.unknown() }),
  z.object({ kind: z.literal('failed'), failure: failureRecordSchema }),
]);
export type CodecReply = z.infer<typeof codecReplySchema>;

/** The result of each kind of request. */
export const codecResultSchemas = {
  probe: z.object({
    format: z.string(),
    width: z.int(),
    height: z.int(),
    hasAlpha: z.boolean(),
    warnings: z.array(imageWarningSchema).readonly(),
  }),
  decode: z.object({ width: z.int(), height: z.int(), data: z.instanceof(Uint8ClampedArray<ArrayBuffer>) }),
  thumbnail: z.object({ bytes, mime: z.string(), width: z.int(), height: z.int() }),
  encode: z.object({ bytes, isFlattened: z.boolean() }),
  uploadCopy: z.object({ bytes, mime: z.string(), width: z.int(), height: z.int() }),
  uploadPng: z.object({ bytes, mime: z.string(), width: z.int(), height: z.int() }),
  isUniform: z.boolean(),
} as const satisfies Record<CodecRequest['kind'], z.ZodType>;
export type CodecResult<K extends CodecRequest['kind']> = z.infer<(typeof codecResultSchemas)[K]>;
