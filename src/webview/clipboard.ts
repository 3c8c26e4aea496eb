/**
 * Writes an image to the clipboard as PNG. The write starts at once, because browsers allow it only during a user gesture;
 * `bytes`, in any format that the browser decodes, may arrive later.
 * @throws Error if the clipboard can't be written or the bytes can't be decoded.
 */
export async function writeImageToClipboard(bytes: Promise<Uint8Array<ArrayBuffer>>): Promise<void> {
  await navigator.clipboard.write([new ClipboardItem({ 'image/png': bytes.then(encodePng) })]);
}

async function encodePng(bytes: Uint8Array<ArrayBuffer>): Promise<Blob> {
  const bitmap = await createImageBitmap(new Blob([bytes]));
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  canvas.getContext('2d')?.drawImage(bitmap, 0, 0);
  bitmap.close();
  return canvas.convertToBlob({ type: 'image/png' });
}
