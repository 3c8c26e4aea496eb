/** A decoded picture: `width × height` pixels of 8-bit sRGB with straight alpha, 4 bytes a pixel (RGBA), rows from the top. */
export interface Raster {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8ClampedArray<ArrayBuffer>;
}
