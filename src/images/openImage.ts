import type { ImageInfo, ReadableFormat } from './codec.ts';

/** An image file in memory, with its format. */
export interface ImageFile {
  readonly bytes: Uint8Array;
  readonly format: ReadableFormat;
}

/** RGBA pixels in sRGB with straight alpha, rows from the top. */
export interface Pixels {
  readonly data: Uint8Array<ArrayBuffer>;
  readonly width: number;
  readonly height: number;
}

/** A size in pixels, which an image covers (`outside`) or fits (`inside`). */
export interface Bounds {
  readonly width: number;
  readonly height: number;
  readonly fit: 'outside' | 'inside';
}

/** An image whose header was read. */
export interface OpenImage {
  readonly info: ImageInfo;
  /** The upright image, scaled to the bounds but, except SVG, never up. @throws MixFailure `unreadable-image` */
  draw(bounds: Bounds): Promise<Pixels>;
}
