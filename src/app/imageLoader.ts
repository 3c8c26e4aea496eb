import { stat } from 'node:fs/promises';
import { LRUCache } from 'lru-cache';
import type { Codec, EncodedImage, Raster } from '../images/codec.ts';
import type { SourceLocation, SourceReader } from '../images/sourceReader.ts';
import type { ImageWarning } from '../mix/imageWarning.ts';
import { fileKey } from '../storage/fileKey.ts';
import { systemCode } from '../storage/systemError.ts';
import { locationOf } from './sourceLocation.ts';
import type { Trust } from './trust.ts';

/** Enough for the thumbnails of a long list of results, in bytes. */
const cacheSize = 24 * 2 ** 20;

/** A thumbnail with the size in pixels of the image that it shows, and what of it can't be shown. */
export interface Thumbnail extends EncodedImage {
  readonly sourceWidth: number;
  readonly sourceHeight: number;
  readonly warnings: readonly ImageWarning[];
}

/** The part of the codec that is used here. */
type LoaderCodec = Pick<Codec, 'probe' | 'decode' | 'thumbnail'>;

/** Loads images for the panel: thumbnails, which are cached in memory, decoded pixels, and whole files. */
export class ImageLoader {
  readonly #codec: LoaderCodec;
  readonly #reader: SourceReader;
  readonly #trust: Trust;
  readonly #thumbnails = new LRUCache<string, Thumbnail>({
    maxSize: cacheSize,
    sizeCalculation: ({ bytes }) => bytes.byteLength,
  });
  /** Pixels that are being decoded, by size, version and URI: another request meanwhile gets the same. */
  readonly #decoding = new Map<string, Promise<Raster>>();
  /** Addresses of files that were requested, by the key of the file. */
  readonly #shown = new Map<string, Set<string>>();

  constructor(options: { codec: LoaderCodec; reader: SourceReader; trust: Trust }) {
    this.#codec = options.codec;
    this.#reader = options.reader;
    this.#trust = options.trust;
  }

  /** The addresses by which an image's file was requested, each as it was written. @param path absolute. */
  shownAs(path: string): readonly string[] {
    return [...(this.#shown.get(fileKey(path)) ?? [])];
  }

  /** A thumbnail that fits a square of `side` pixels. @throws MixFailure */
  async thumbnail(uri: string, side: number): Promise<Thumbnail> {
    const location = this.#locate(uri);
    const version = await versionOf(location);
    const key = `${side} ${version} ${location.kind === 'url' ? uri : fileKey(location.path)}`;
    const cached = version === undefined ? undefined : this.#thumbnails.get(key);
    if (cached) return cached;
    const bytes = await this.#reader.read(location);
    const { width, height, warnings } = await this.#codec.probe(bytes);
    const thumbnail = {
      ...(await this.#codec.thumbnail(bytes, side)),
      sourceWidth: width,
      sourceHeight: height,
      warnings,
    };
    if (version !== undefined) this.#thumbnails.set(key, thumbnail);
    return thumbnail;
  }

  /** The bytes of an image's file. @throws MixFailure */
  async bytes(uri: string): Promise<Uint8Array<ArrayBuffer>> {
    return this.#reader.read(this.#locate(uri));
  }

  /** Decoded pixels that cover `width × height`. @throws MixFailure */
  async pixels(uri: string, width: number, height: number): Promise<Raster> {
    const version = await versionOf(this.#locate(uri));
    if (version === undefined) return this.#decode(uri, width, height);
    const key = `${width}x${height} ${version} ${uri}`;
    const decoding = this.#decoding.get(key) ?? this.#decode(uri, width, height);
    this.#decoding.set(key, decoding);
    try {
      return await decoding;
    } finally {
      if (this.#decoding.get(key) === decoding) this.#decoding.delete(key);
    }
  }

  async #decode(uri: string, width: number, height: number): Promise<Raster> {
    return this.#codec.decode(await this.bytes(uri), { width, height });
  }

  #locate(uri: string): SourceLocation {
    const location = locationOf(uri);
    if (location.kind === 'url') this.#trust.require('network');
    else this.#noteShown(uri, fileKey(location.path));
    return location;
  }

  #noteShown(uri: string, key: string): void {
    const uris = this.#shown.get(key);
    if (uris) uris.add(uri);
    else this.#shown.set(key, new Set([uri]));
  }
}

/** Milliseconds in which a file may change again without another time: FAT counts in steps of two seconds. */
const timeStep = 3000;

/** A text that changes when the file does, and that two files hardly share; undefined if that can't be found out. A URL is fetched once. */
async function versionOf(location: SourceLocation): Promise<string | undefined> {
  if (location.kind === 'url') return '';
  try {
    const { dev, ino, mtimeMs, size } = await stat(location.path);
    if (Date.now() - mtimeMs < timeStep) return undefined;
    return `${dev} ${ino} ${mtimeMs} ${size}`;
  } catch (error) {
    if (systemCode(error) === '') throw error;
    return undefined; // reading the file says what is wrong with it
  }
}
