// What goes between the preview and its worker. Both sides are ours and built together, but a message is looked at before it is believed.

import type { Colour } from './model/palette.ts';

/** One frame that is wanted: of `width × height` pixels, of a mix whose shape is given by `shape`. */
export interface FrameRequest {
  readonly images: readonly { readonly id: string; readonly weight: number }[];
  readonly width: number;
  readonly height: number;
  /** Whether it is one of many while a hand drags: made faster, and a little coarser. */
  readonly coarse: boolean;
  /** The size of the mix itself: framings are chosen for its shape, not for the rounded one of the frame. */
  readonly shape: { readonly width: number; readonly height: number };
  readonly seed: number;
  readonly guidanceScale: number;
  readonly sample: number;
  /** Colours of the images, where the frame is to be tinted by which image lands where. */
  readonly colours?: readonly Colour[];
}

export type PreviewRequest =
  | {
      readonly kind: 'image';
      readonly id: string;
      readonly width: number;
      readonly height: number;
      readonly data: Uint8ClampedArray<ArrayBuffer>;
    }
  | { readonly kind: 'forget'; readonly id: string }
  | { readonly kind: 'frame'; readonly frame: FrameRequest };

export type PreviewReply =
  | { readonly kind: 'shown'; readonly bitmap: ImageBitmap; readonly kernelMs: number }
  /** Nothing to show: no image with weight has come yet. */
  | { readonly kind: 'empty' }
  | { readonly kind: 'failed'; readonly message: string };

/** Whether a message is one of the preview's own. */
export function isPreviewRequest(message: unknown): message is PreviewRequest {
  if (!isRecord(message)) return false;
  const { kind, id, frame } = message;
  if (kind === 'frame') return isRecord(frame) && Array.isArray(frame.images) && isRecord(frame.shape);
  if (kind === 'image') return typeof id === 'string' && message.data instanceof Uint8ClampedArray;
  return kind === 'forget' && typeof id === 'string';
}

/** Whether a message is an answer of the worker. */
export function isPreviewReply(message: unknown): message is PreviewReply {
  if (!isRecord(message)) return false;
  const { kind } = message;
  if (kind === 'shown') return message.bitmap instanceof ImageBitmap && typeof message.kernelMs === 'number';
  return kind === 'empty' || (kind === 'failed' && typeof message.message === 'string');
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
