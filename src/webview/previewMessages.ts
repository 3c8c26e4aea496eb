// The messages between the preview and its worker. Both sides are built together, but messages are still checked.

import type { Color } from './model/palette.ts';

/** A request for one frame of `width × height` pixels. */
export interface FrameRequest {
  readonly images: readonly { readonly id: string; readonly weight: number }[];
  readonly width: number;
  readonly height: number;
  /** Whether the frame is one of many during a drag: faster and slightly less accurate. */
  readonly coarse: boolean;
  /** The size of the mix itself. Framings depend on its aspect ratio, which rounding changes in the frame. */
  readonly shape: { readonly width: number; readonly height: number };
  readonly seed: number;
  readonly guidanceScale: number;
  readonly sample: number;
  /** If set, the frame shows which image lands where: one color per image. */
  readonly coverageColors?: readonly Color[];
}

export type PreviewRequest =
  | {
      readonly kind: 'setImage';
      readonly id: string;
      readonly width: number;
      readonly height: number;
      readonly data: Uint8ClampedArray<ArrayBuffer>;
    }
  | { readonly kind: 'removeImage'; readonly id: string }
  | { readonly kind: 'frame'; readonly frame: FrameRequest };

export type PreviewReply =
  | {
      readonly kind: 'frame';
      readonly bitmap: ImageBitmap;
      /** How many images are mixed. */
      readonly images: number;
      readonly kernelMs: number;
    }
  /** No image with a weight has been loaded yet. */
  | { readonly kind: 'empty' }
  | { readonly kind: 'error'; readonly message: string };

/** Whether a message is a request from the preview. */
export function isPreviewRequest(message: unknown): message is PreviewRequest {
  if (!isRecord(message)) return false;
  const { kind, id, frame } = message;
  if (kind === 'frame') return isRecord(frame) && Array.isArray(frame.images) && isRecord(frame.shape);
  if (kind === 'setImage') return typeof id === 'string' && message.data instanceof Uint8ClampedArray;
  return kind === 'removeImage' && typeof id === 'string';
}

/** Whether a message is a reply from the worker. */
export function isPreviewReply(message: unknown): message is PreviewReply {
  if (!isRecord(message)) return false;
  const { kind } = message;
  if (kind === 'frame')
    return message.bitmap instanceof ImageBitmap && isNumber(message.images) && isNumber(message.kernelMs);
  return kind === 'empty' || (kind === 'error' && typeof message.message === 'string');
}

const isNumber = (value: unknown): value is number => typeof value === 'number';

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
