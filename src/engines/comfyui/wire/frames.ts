import * as z from 'zod';
import { parseJson } from '../../../storage/json.ts';
import type { PreviewImage } from '../../engine.ts';
import { parseMessage, type SocketMessage } from './events.ts';

/** The first number of a binary frame. */
const frameTypes = { preview: 1, previewWithMetadata: 4 } as const;
const formats: Readonly<Record<number, PreviewImage['mime']>> = { 1: 'image/jpeg', 2: 'image/png' };

const metadataSchema = z.object({ prompt_id: z.string(), image_type: z.enum(['image/jpeg', 'image/png']) });

/** Reads what a socket received: JSON as text, or a binary message; undefined if it's damaged. Never throws. */
export function readMessage(data: unknown): SocketMessage | undefined {
  if (data instanceof ArrayBuffer) return parseFrame(data);
  try {
    return parseMessage(typeof data === 'string' ? parseJson(data) : undefined);
  } catch (error) {
    if (error instanceof z.ZodError) return undefined;
    throw error;
  }
}

/** All numbers are 32-bit and big-endian. */
function parseFrame(frame: ArrayBuffer): SocketMessage | undefined {
  if (frame.byteLength < 8) return undefined;
  const view = new DataView(frame);
  const [type, second] = [view.getUint32(0), view.getUint32(4)];
  switch (type) {
    case frameTypes.preview: {
      const mime = formats[second];
      const bytes = new Uint8Array(frame.slice(8));
      return mime && bytes.length > 0 ? { kind: 'preview', image: { bytes, mime } } : undefined;
    }
    case frameTypes.previewWithMetadata: {
      if (second > frame.byteLength - 8) return undefined;
      const text = new TextDecoder().decode(new Uint8Array(frame, 8, second));
      const metadata = metadataSchema.safeParse(parseJson(text)).data;
      const bytes = new Uint8Array(frame.slice(8 + second));
      if (!metadata || bytes.length === 0) return undefined;
      const event = { kind: 'preview', image: { bytes, mime: metadata.image_type } } as const;
      return { kind: 'prompt', promptId: metadata.prompt_id, event };
    }
    default:
      return { kind: 'other' };
  }
}
