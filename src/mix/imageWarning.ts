import { type Notice, noticeSchema } from './notice.ts';
import type { SentenceParameters } from './sentence.ts';

/** Every warning about an image that can be mixed but isn't shown as its author meant it, with its sentence in English. */
export const imageWarningTable = {
  'svg-not-drawn':
    "Parts of this SVG aren't drawn: {parts}. If they matter, export it as PNG from a browser or its editor.",
  'svg-characters':
    'These characters of the SVG are missing in all fonts, or are drawn without their colors: {characters}. Convert the text to paths, or export the SVG as PNG from a browser.',
  'svg-fonts':
    'Not all fonts of this system could be searched in time, so the text of this SVG may be in another font than usual. Convert the text to paths to be sure.',
  'svg-namespace':
    'This SVG is drawn, but browsers don\'t show it as an image. Add xmlns="http://www.w3.org/2000/svg" to its svg element.',
  'no-end':
    'The end of this file is missing, but the image in it is complete. Check it if the file was just copied or downloaded.',
  'tiff-range': 'This TIFF has values from {min} to {max}. The lowest is shown as black, the highest as white.',
} as const;
export type ImageWarningCode = keyof typeof imageWarningTable;

/** A warning about an image has the form of a notice, and becomes one of each mix that uses the image. */
export const imageWarningSchema = noticeSchema;
export type ImageWarning = Notice;

/** Creates a warning. The values must match the placeholders of its sentence. */
export function makeImageWarning<Code extends ImageWarningCode>(
  code: Code,
  ...[args]: SentenceParameters<(typeof imageWarningTable)[Code]>
): ImageWarning {
  return { code, args: { ...args } };
}

export function isImageWarningCode(code: string): code is ImageWarningCode {
  return Object.hasOwn(imageWarningTable, code);
}

/** The warning as a notice of a mix, with the name of the image that it's about. */
export function noticeOfImage({ code, args }: ImageWarning, image: string): Notice {
  return { code, args: { ...args, image } };
}
