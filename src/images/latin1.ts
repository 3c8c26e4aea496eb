const decoder = new TextDecoder('latin1');

/** Bytes as text of one character each. */
export const latin1 = (bytes: Uint8Array): string => decoder.decode(bytes);

/** The name of four letters that chunks, boxes and tags have. Shorter at the end of the bytes. */
export const fourLetters = (bytes: Uint8Array, at: number): string =>
  String.fromCharCode(...bytes.subarray(at, at + 4)); // five times as fast as decoding
