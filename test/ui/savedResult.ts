import sharp from 'sharp';
import { z } from 'zod';

const recipeSchema = z.looseObject({ images: z.array(z.looseObject({ source: z.string(), weight: z.number() })) });

/** Decodes a saved result completely. Returns its format, its size in pixels, and the recipe in it. */
export async function readSavedResult(path: string) {
  const image = sharp(path);
  const { format, comments } = await image.metadata();
  const { info } = await image.raw().toBuffer({ resolveWithObject: true });
  const text = comments?.find(({ keyword }) => keyword === 'image-mixer')?.text;
  const recipe = text === undefined ? undefined : recipeSchema.parse(JSON.parse(text));
  return { format, width: info.width, height: info.height, recipe };
}
