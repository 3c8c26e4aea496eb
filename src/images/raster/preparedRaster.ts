import type { ImageWarning } from '../../mix/imageWarning.ts';
import type { Inks } from './inks.ts';
import type { Recolor } from './recolor.ts';

/** A raster image as the decoder gets it: the file itself, one that was repaired or rewritten, or pixels. */
export interface PreparedRaster {
  readonly bytes: Uint8Array;
  /** Present if the bytes are pixels of RGBA, 8 bits each. */
  readonly raw?: { readonly width: number; readonly height: number; readonly hasAlpha: boolean };
  /** How inks become colors, if the image consists of inks and the decoder isn't left to it. */
  readonly inks?: Inks | undefined;
  /** How the decoded colors become sRGB, if the decoder doesn't know. */
  readonly recolor?: Recolor;
  readonly warnings: readonly ImageWarning[];
}
