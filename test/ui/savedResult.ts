import sharp from 'sharp';
import { z } from 'zod';

const recipeSchema = z.looseObject({ images: z.array(z.looseObject({ source: z.string(), weight: z.number() })) });

/** Decodes a whole picture; tells its format, its size in pixels, and the recipe that it carries. */
export async function readSavedResult(path: string) {
  const picture = sharp(path);
  const { format, comments } = await picture.metadata();
  const { info } = await picture.raw().toBuffer({ resolveWithObject: true });
  const text = comments?.find(({ keyword }) => keyword === 'image-mixer')?.text;
  const recipe = text === undefined ? undefined : recipeSchema.parse(JSON.parse(text));
  return { format, width: info.width, height: info.height, recipe };
}
