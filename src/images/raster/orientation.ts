/** EXIF's orientation, from 1 to 8. Decoders take any other number for 1. */
export const validOrientation = (value: number): number => (value >= 1 && value <= 8 ? value : 1);

/** The size of an image after its orientation was applied. */
export function uprightSize({ width, height }: { width: number; height: number }, orientation: number) {
  return orientation > 4 ? { width: height, height: width } : { width, height };
}
