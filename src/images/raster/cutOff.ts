import { MixFailure } from '../../mix/failure.ts';

/** The failure of a file of which only a part is there, from 0 to 1. */
export const cutOff = (part: number, cause?: unknown): MixFailure =>
  new MixFailure('unreadable-image/cut', { args: { percent: Math.floor(part * 100) }, cause });
