import { z } from 'zod';
import { type FieldErrors, fieldErrors } from './order.ts';
import { cropToSquare, isPicture } from './picture.ts';
import type { DialectName } from './stages.ts';

const MAX_BYTES = 5 * 1024 * 1024;
const dataUri = /^data:(image\/[a-z0-9.+-]+);base64,$/;

const bodies = {
  v5: z.looseObject({ key: z.string(), image: z.string().min(1), crop: z.unknown().optional() }),
  v6: z.looseObject({ key: z.string(), base64_string: z.string().min(1) }),
};
const fieldOf = { v5: 'image', v6: 'base64_string' } as const;

/** Parses an upload. The older route crops the image to a square unless `crop` is the string "false". */
export async function readUpload(
  dialect: DialectName,
  body: Readonly<Record<string, unknown>>,
  strict: boolean,
): Promise<{ bytes: Buffer; type: string } | { errors: FieldErrors }> {
  const parsed = bodies[dialect].safeParse(body);
  if (!parsed.success) return { errors: fieldErrors(parsed.error, body) };
  const known = Object.keys(bodies[dialect].shape);
  const unknown = Object.keys(body).filter((name) => !known.includes(name));
  if (strict && unknown.length > 0) {
    return { errors: Object.fromEntries(unknown.map((name) => [name, [`The ${name} field is unknown.`]])) };
  }
  const field = fieldOf[dialect];
  const uri = String(body[field]);
  const comma = uri.indexOf(',') + 1;
  const type = dataUri.exec(uri.slice(0, comma))?.[1];
  if (type === undefined) {
    return { errors: { [field]: [`The ${field} must be a base64 data URI of an image.`] } };
  }
  const bytes = Buffer.from(uri.slice(comma), 'base64');
  if (bytes.length > MAX_BYTES) {
    return { errors: { [field]: [`The ${field} must not be greater than 5120 kilobytes.`] } };
  }
  if (!(await isPicture(bytes))) return { errors: { [field]: [`The ${field} must be an image.`] } };
  return { bytes: dialect === 'v5' && body.crop !== 'false' ? await cropToSquare(bytes) : bytes, type };
}
