import type { ImageWarning } from '../../mix/imageWarning.ts';
import type { Inks } from './inks.ts';
import type { Recolor } from './recolor.ts';

/** An image file as the decoder gets it. */
export interface DecoderFile {
  readonly bytes: Uint8Array;
  /** How inks become colors, if the image consists of inks and the decoder doesn't convert them itself. */
  readonly inks?: Inks | undefined;
  /** How the decoded colors become sRGB, if the decoder doesn't know. */
  readonly recolor?: Recolor | undefined;
  /** Whether its colors are multiplied by alpha, which the decoder doesn't undo. */
  readonly isMultiplied?: boolean;
}

/** A raster image whose file the decoder reads: as it is, or repaired. */
export interface PreparedFile extends DecoderFile {
  readonly warnings: readonly ImageWarning[];
}

/** The size of an upright image, in pixels. */
export interface RasterSize {
  readonly width: number;
  readonly height: number;
  readonly hasAlpha: boolean;
}

/** A raster image that the decoder can't read as it is. What takes long waits until the image is drawn. */
export interface ConvertedRaster {
  readonly size: RasterSize;
  readonly warnings: readonly ImageWarning[];
  /** Another file with the image, or its pixels: RGBA, 8 bits each, upright. @throws MixFailure */
  readonly convert: () => Promise<{ readonly file: DecoderFile } | { readonly pixels: Uint8Array }>;
}

export type PreparedRaster = PreparedFile | ConvertedRaster;
