import { tiffTag } from './tiffTag.ts';

/** Pixels of one kind, 8 or 16 bits a sample. */
export interface PlainPixels {
  readonly width: number;
  readonly height: number;
  /** Samples a pixel: 1 gray, 2 gray and alpha, 3 RGB, 4 RGBA or inks, 5 inks and alpha. */
  readonly channels: number;
  readonly data: Uint8Array | Uint16Array;
  readonly isInks: boolean;
  readonly hasAlpha: boolean;
  readonly orientation: number;
  readonly profile?: Uint8Array | undefined;
}

/** A TIFF of one uncompressed strip, which every decoder reads alike. */
export function plainTiff(pixels: PlainPixels): Uint8Array {
  const { width, height, channels, data, isInks, hasAlpha, orientation, profile } = pixels;
  const bits = data.BYTES_PER_ELEMENT * 8;
  const colors = channels - (hasAlpha ? 1 : 0);
  const tags: [tag: number, type: number, count: number, value: number][] = [
    [tiffTag.width, 4, 1, width],
    [tiffTag.height, 4, 1, height],
    [tiffTag.bits, 3, channels, 0],
    [tiffTag.compression, 3, 1, 1],
    [tiffTag.photometric, 3, 1, isInks ? 5 : colors === 1 ? 1 : 2],
    [tiffTag.stripOffsets, 4, 1, 0],
    [tiffTag.orientation, 3, 1, orientation],
    [tiffTag.samples, 3, 1, channels],
    [tiffTag.rowsPerStrip, 4, 1, height],
    [tiffTag.stripLengths, 4, 1, data.byteLength],
    [tiffTag.planar, 3, 1, 1],
    ...(hasAlpha ? [[tiffTag.extraSamples, 3, 1, 2] satisfies [number, number, number, number]] : []),
    ...(profile ? [[tiffTag.profile, 7, profile.length, 0] satisfies [number, number, number, number]] : []),
  ];
  const depthsAt = 8 + 2 + tags.length * 12 + 4;
  const profileAt = depthsAt + 2 * channels + (channels % 2) * 2;
  const pixelsAt = profileAt + (profile ? profile.length + (profile.length % 2) : 0);
  const out = new Uint8Array(pixelsAt + data.byteLength);
  const view = new DataView(out.buffer);
  const places = new Map<number, number>([
    [tiffTag.bits, depthsAt],
    [tiffTag.stripOffsets, pixelsAt],
    [tiffTag.profile, profileAt],
  ]);
  out.set([0x49, 0x49, 42, 0, 8]);
  view.setUint16(8, tags.length, true);
  for (const [index, [tag, type, count, value]] of tags.entries()) {
    const at = 10 + index * 12;
    view.setUint16(at, tag, true);
    view.setUint16(at + 2, type, true);
    view.setUint32(at + 4, count, true);
    if (tag === tiffTag.bits && channels <= 2) {
      for (let sample = 0; sample < channels; sample++) view.setUint16(at + 8 + sample * 2, bits, true);
    } else {
      view.setUint32(at + 8, places.get(tag) ?? value, true);
    }
  }
  for (let sample = 0; sample < channels; sample++) view.setUint16(depthsAt + sample * 2, bits, true);
  if (profile) out.set(profile, profileAt);
  out.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), pixelsAt);
  return out;
}
