import { stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { LRUCache } from 'lru-cache';
import * as vscode from 'vscode';
import type { Codec, EncodedPicture } from '../images/codec.ts';
import type { Raster } from '../images/raster.ts';
import type { SourceLocation, SourceReader } from '../images/source.ts';
import { MixFailure } from '../mix/failure.ts';
import { isWebAddress } from '../workbench/urlInput.ts';

/** Enough for the thumbnails of a long list of results. */
const cachedBytes = 24 * 2 ** 20;

/** A thumbnail with the size of the picture that it shows. */
export interface Thumbnail extends EncodedPicture {
  readonly sourceWidth: number;
  readonly sourceHeight: number;
}

/** Pictures as the panel sees them: small encoded previews, kept in memory, and decoded pixels. */
export class Pictures {
  readonly #codec: Codec;
  readonly #reader: SourceReader;
  readonly #thumbnails = new LRUCache<string, Thumbnail>({
    maxSize: cachedBytes,
    sizeCalculation: ({ bytes }) => bytes.byteLength,
  });

  /** The addresses that were asked for. */
  readonly #asked = new Set<string>();

  constructor(codec: Codec, reader: SourceReader) {
    this.#codec = codec;
    this.#reader = reader;
  }

  /** Whether anybody has seen a picture. */
  wasAsked(uri: string): boolean {
    return this.#asked.has(uri);
  }

  /** A preview that fits a square of `side` pixels. @throws MixFailure */
  async thumbnail(uri: string, side: number): Promise<Thumbnail> {
    this.#asked.add(uri);
    const location = locationOf(uri);
    const key = `${side} ${await versionOf(location)} ${uri}`;
    const known = this.#thumbnails.get(key);
    if (known) return known;
    const bytes = await this.#reader.read(location);
    const codec = this.#codec;
    const info = await codec.probe(bytes);
    const picture = await codec.thumbnail(bytes, side);
    const thumbnail = { ...picture, sourceWidth: info.width, sourceHeight: info.height };
    this.#thumbnails.set(key, thumbnail);
    return thumbnail;
  }

  /** A picture's file as it is. @throws MixFailure */
  async bytes(uri: string): Promise<Uint8Array<ArrayBuffer>> {
    return this.#reader.read(locationOf(uri));
  }

  /** Decoded pixels that cover `width × height`. @throws MixFailure */
  async pixels(uri: string, width: number, height: number): Promise<Raster> {
    const bytes = await this.#reader.read(locationOf(uri));
    return this.#codec.decode(bytes, { width, height });
  }
}

function locationOf(uri: string): SourceLocation {
  if (!isWebAddress(uri)) return { kind: 'file', path: fileURLToPath(uri) };
  if (!vscode.workspace.isTrusted) throw new MixFailure('untrusted-workspace/network');
  return { kind: 'url', url: uri };
}

/** What changes when a file does; an address is fetched once. */
async function versionOf(location: SourceLocation): Promise<string> {
  if (location.kind === 'url') return '';
  const { mtimeMs, size } = await stat(location.path).catch(() => ({ mtimeMs: 0, size: 0 }));
  return `${mtimeMs} ${size}`;
}
