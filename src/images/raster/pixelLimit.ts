import { MixFailure } from '../../mix/failure.ts';
import { maxMegapixels } from '../imageLimits.ts';

/** @throws MixFailure `image-too-large/pixels` */
export function refuseTooLarge(width: number, height: number): void {
  if (width * height <= maxMegapixels * 1e6) return;
  const megapixels = Math.round((width * height) / 1e6);
  throw new MixFailure('image-too-large/pixels', { args: { width, height, megapixels, max: maxMegapixels } });
}
