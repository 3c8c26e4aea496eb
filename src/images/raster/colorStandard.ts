import { decodeSrgb } from './colorMath.ts';

// The colors that ITU-T H.273 numbers, as Chromium shows them.

/** White, red, green and blue, each x and y. */
export type Primaries = readonly number[];

/** From an encoded level to linear light, both from 0 to 1. */
export type Transfer = (level: number) => number;

const d65 = [0.3127, 0.329];
const filmC = [0.31, 0.316];
const smpte = [0.63, 0.34, 0.31, 0.595, 0.155, 0.07];
const p3 = [0.68, 0.32, 0.265, 0.69, 0.15, 0.06];

export const srgbPrimaries: Primaries = [...d65, 0.64, 0.33, 0.3, 0.6, 0.15, 0.06];

/** The primaries with a number, if it has any. */
export function primariesOfStandard(code: number): Primaries | undefined {
  switch (code) {
    case 1:
      return srgbPrimaries;
    case 4:
      return [...filmC, 0.67, 0.33, 0.21, 0.71, 0.14, 0.08];
    case 5:
      return [...d65, 0.64, 0.33, 0.29, 0.6, 0.15, 0.06];
    case 6:
    case 7:
      return [...d65, ...smpte];
    case 8:
      return [...filmC, 0.681, 0.319, 0.243, 0.692, 0.145, 0.049];
    case 9:
      return [...d65, 0.708, 0.292, 0.17, 0.797, 0.131, 0.046];
    case 10:
      return [1 / 3, 1 / 3, 1, 0, 0, 1, 0, 0];
    case 11:
      return [0.314, 0.351, ...p3];
    case 12:
      return [...d65, ...p3];
    case 22:
      return [...d65, 0.63, 0.34, 0.295, 0.605, 0.155, 0.077];
    default:
      return undefined;
  }
}

/** Whether the numbered curve goes beyond white: 16 is PQ and 18 HLG. */
export const isHdrTransfer = (code: number): boolean => code === 16 || code === 18;

/** The curve with a number, if it has one that is known here. That of video is the one of screens (ITU-R BT.1886), not of cameras. */
export function transferOfStandard(code: number): Transfer | undefined {
  switch (code) {
    case 1:
    case 6:
    case 11:
    case 14:
    case 15:
      return transferOfGamma(2.4);
    case 4:
      return transferOfGamma(2.2);
    case 5:
      return transferOfGamma(2.8);
    case 7:
      return (v) => (v < 4 * 0.0228 ? v / 4 : ((v + 0.1115) / 1.1115) ** (1 / 0.45));
    case 8:
      return transferOfGamma(1);
    case 13:
      return decodeSrgb;
    case 17:
      return (v) => (v ** 2.6 * 52.37) / 48;
    default:
      return undefined;
  }
}

export const transferOfGamma =
  (gamma: number): Transfer =>
  (level) =>
    level ** gamma;
