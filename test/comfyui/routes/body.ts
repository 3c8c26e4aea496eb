import type { FastifyRequest } from 'fastify';
import type { z } from 'zod';

/** The JSON body of a request. @throws an error for anything else, which becomes a 500, as in ComfyUI. */
export function jsonOf<T>(request: FastifyRequest, schema: z.ZodType<T>): T {
  const text = Buffer.isBuffer(request.body) ? request.body.toString() : '';
  return schema.parse(JSON.parse(text));
}
