import type { ImageWarning } from '../mix/imageWarning.ts';
import type { ResultFormat } from '../mix/resultFormat.ts';

/** The image formats that the codec decodes. */
export const readableFormats = ['png', 'jpeg', 'webp', 'gif', 'avif', 'tiff', 'svg'] as const;
export type ReadableFormat = (typeof readableFormats)[number];

/** A decoded image: `width × height` pixels of 8-bit sRGB with straight alpha, 4 bytes a pixel (RGBA), rows from the top. */
export interface Raster {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8ClampedArray<ArrayBuffer>;
}

/** What the header of an image file says. Width and height are those of the upright image. */
export interface ImageInfo {
  readonly format: string;
  readonly width: number;
  readonly height: number;
  readonly hasAlpha: boolean;
  /** What can't be shown as its author meant it. */
  readonly warnings: readonly ImageWarning[];
}

/** An encoded image with its MIME type and its size in pixels. */
export interface EncodedImage {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly mime: string;
  readonly width: number;
  readonly height: number;
}

/** The file of a result. */
export interface EncodedResult {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Whether transparent pixels became white, because the format has no transparency. */
  readonly isFlattened: boolean;
}

/**
 * Decodes and encodes off the calling thread. Methods that read an image take the bytes of the whole file and copy them.
 * Every method rejects with MixFailure `unsupported-image`, `unreadable-image` or `image-too-large`, or with the signal's reason.
 */
export interface Codec {
  /** Reads the header only. */
  probe(bytes: Uint8Array, signal?: AbortSignal): Promise<ImageInfo>;
  /** The upright image in sRGB, scaled down (never up, except SVG) until it just covers `width × height`. Nothing is cropped. */
  decode(bytes: Uint8Array, cover: { width: number; height: number }, signal?: AbortSignal): Promise<Raster>;
  /** A WebP that fits a square of `side` pixels. */
  thumbnail(bytes: Uint8Array, side: number, signal?: AbortSignal): Promise<EncodedImage>;
  /** A file of the format; JPEG and WebP at quality 90. The raster's buffer is transferred: it is empty afterwards. */
  encode(raster: Raster, format: ResultFormat, signal?: AbortSignal): Promise<EncodedResult>;
  /** A JPEG for upload: upright, on white, without EXIF, GPS, XMP or ICC, fitting `maxSide` pixels and `maxBytes`. */
  uploadCopy(
    bytes: Uint8Array,
    bounds: { maxSide: number; maxBytes: number },
    signal?: AbortSignal,
  ): Promise<EncodedImage>;
  /** A PNG for upload, without loss: upright, on white, without any metadata, fitting `maxSide` pixels. */
  uploadPng(bytes: Uint8Array, maxSide: number, signal?: AbortSignal): Promise<EncodedImage>;
  /** Whether every pixel has the same color: the service blanks a blocked result that way. */
  isUniform(bytes: Uint8Array, signal?: AbortSignal): Promise<boolean>;
  /** Ends the threads. Unfinished work rejects with an AbortError. */
  dispose(): Promise<void>;
}
