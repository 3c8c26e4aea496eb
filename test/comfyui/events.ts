/** The state of a node in `progress_state`. */
export interface NodeProgress {
  readonly value: number;
  readonly max: number;
  readonly state: 'running' | 'finished' | 'error';
  readonly node_id: string;
  readonly prompt_id: string;
  readonly display_node_id: string;
  readonly parent_node_id: null;
  readonly real_node_id: string;
}

/** A text frame of the server. */
export interface TextEvent {
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
}

const PREVIEW = 1;
const PREVIEW_WITH_METADATA = 4;
const TEXT = 3;
const UNKNOWN = 99;
const JPEG = 1;

/** A preview frame without the id of its prompt: u32 event, u32 image format, JPEG. */
export function previewFrame(jpeg: Buffer): Buffer {
  return Buffer.concat([u32(PREVIEW), u32(JPEG), jpeg]);
}

/** A preview frame with metadata: u32 event, u32 length, JSON, JPEG. */
export function previewFrameWithMetadata(jpeg: Buffer, nodeId: string, promptId: string): Buffer {
  const json = Buffer.from(
    JSON.stringify({
      node_id: nodeId,
      prompt_id: promptId,
      display_node_id: nodeId,
      parent_node_id: null,
      real_node_id: nodeId,
      image_type: 'image/jpeg',
    }),
  );
  return Buffer.concat([u32(PREVIEW_WITH_METADATA), u32(json.length), json, jpeg]);
}

/** A text frame of a node: u32 event, u32 length of the id, id, text. */
export function textFrame(nodeId: string, text: string): Buffer {
  const id = Buffer.from(nodeId);
  return Buffer.concat([u32(TEXT), u32(id.length), id, Buffer.from(text)]);
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** A frame of a type that no client knows. */
export const unknownFrame: Buffer = Buffer.concat([u32(UNKNOWN), Buffer.from('?')]);
