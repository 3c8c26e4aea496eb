import type { Raster } from './raster.ts';

/** What a picture file says of itself, before any pixel is decoded; width and height are those of the upright picture. */
export interface PictureInfo {
  readonly format: string;
  readonly width: number;
  readonly height: number;
  readonly hasAlpha: boolean;
}

/** An encoded picture with its MIME type and size in pixels. */
export interface EncodedPicture {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly mime: string;
  readonly width: number;
  readonly height: number;
}

/**
 * Decoding and encoding, away from the calling thread. Every method takes the whole file's bytes (which stay the caller's)
 * and rejects with MixFailure `unsupported-image`, `unreadable-image` or `image-too-large`, or with the signal's reason.
 */
export interface Codec {
  probe(bytes: Uint8Array, signal?: AbortSignal): Promise<PictureInfo>;
  /** The upright picture in sRGB, scaled down (never up) until it just covers `width × height`; nothing is cropped. */
  decode(bytes: Uint8Array, cover: { width: number; height: number }, signal?: AbortSignal): Promise<Raster>;
  /** A small preview that fits a square of `side` pixels. */
  thumbnail(bytes: Uint8Array, side: number, signal?: AbortSignal): Promise<EncodedPicture>;
  /** A PNG; the raster's memory is handed over. */
  encodePng(raster: Raster, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>>;
  /** A JPEG for upload: upright, on white, without EXIF, GPS, XMP or ICC, fitting `maxSide` pixels and below `maxBytes`. */
  uploadCopy(
    bytes: Uint8Array,
    bounds: { maxSide: number; maxBytes: number },
    signal?: AbortSignal,
  ): Promise<EncodedPicture>;
  /** True where every pixel has one colour: how the service shows a blocked picture. */
  isUniform(bytes: Uint8Array, signal?: AbortSignal): Promise<boolean>;
  dispose(): Promise<void>;
}
