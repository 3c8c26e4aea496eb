import { deflateSync } from 'node:zlib';
import { MixFailure } from '../../mix/failure.ts';
import { inflate } from '../inflate.ts';
import {
  isHdrTransfer,
  primariesOfStandard,
  srgbPrimaries,
  transferOfGamma,
  transferOfStandard,
} from './colorStandard.ts';
import { grayProfile, rgbProfile } from './iccProfile.ts';
import { number32, type PngChunk, pngChunk } from './pngChunks.ts';

/** In bytes. Profiles of RGB and gray are far smaller. */
const maxProfile = 16 * 1024 * 1024;

/** The chunks that the profile stands for. */
export const replacedByProfile = new Set(['gAMA', 'cHRM', 'sRGB', 'iCCP', 'cICP']);

/**
 * The profile that the color chunks mean, as browsers read them: cICP, then iCCP, then sRGB, then gAMA with cHRM. Undefined if the
 * decoder knows without it.
 */
export function profileChunk(chunks: readonly PngChunk[], header: Uint8Array): Buffer | undefined {
  const before = chunks.slice(
    0,
    Math.max(
      0,
      chunks.findIndex(({ type }) => type === 'IDAT'),
    ),
  );
  const find = (type: string) => before.find((chunk) => chunk.type === type)?.data;
  const isGray = header[9] === 0 || header[9] === 4;
  const standard = find('cICP');
  if (standard && standard.length >= 4 && standard[2] === 0) {
    const [primaries = 0, transfer = 0] = standard;
    if (isHdrTransfer(transfer)) throw new MixFailure('unsupported-image/hdr');
    const gamut = primariesOfStandard(primaries);
    const curve = transferOfStandard(transfer);
    if (gamut && curve) return packProfile(isGray ? grayProfile(curve) : rgbProfile(gamut, curve));
  }
  if (isProfile(find('iCCP')) || find('sRGB')) return undefined;
  const gamma = find('gAMA');
  if (!gamma || gamma.length < 4) return undefined;
  const value = number32(gamma, 0) / 100_000;
  if (!(value > 0)) return undefined;
  const chromaticities = find('cHRM');
  const gamut = chromaticities && chromaticities.length >= 32 ? primariesFrom(chromaticities) : srgbPrimaries;
  // The exact value that files in sRGB have means sRGB, with or without its primaries.
  if (Math.abs(value - 0.45455) < 2e-5 && isNear(gamut, srgbPrimaries)) return undefined;
  const curve = transferOfGamma(1 / value);
  return packProfile(isGray ? grayProfile(curve) : rgbProfile(gamut, curve));
}

/** Whether a chunk has a profile, which browsers look at before they ignore the other chunks. */
function isProfile(chunk: Uint8Array | undefined): boolean {
  const name = chunk?.indexOf(0) ?? -1;
  if (!chunk || name < 0) return false;
  const profile = inflate(chunk.subarray(name + 2), maxProfile);
  return profile !== undefined && Buffer.from(profile.subarray(36, 40)).toString('latin1') === 'acsp';
}

const isNear = (one: readonly number[], other: readonly number[]) =>
  one.every((value, at) => Math.abs(value - (other[at] ?? 0)) < 0.002);

/** White, red, green and blue, each x and y. */
function primariesFrom(data: Uint8Array): number[] {
  const values = Array.from({ length: 8 }, (_, at) => number32(data, at * 4) / 100_000);
  return values.every((value) => value >= 0 && value <= 1) && (values[1] ?? 0) > 0 ? values : [...srgbPrimaries];
}

function packProfile(profile: Uint8Array): Buffer {
  return pngChunk('iCCP', Buffer.concat([Buffer.from('x\0\0', 'latin1'), deflateSync(profile)]));
}
