/**
 * Puts a picture onto the clipboard, as PNG, which every program takes. The clipboard is asked at once, while the click that
 * wants it counts; the bytes may come later.
 * @throws Error where the clipboard may not be written or the bytes are no picture.
 */
export async function copyPicture(bytes: Promise<Uint8Array<ArrayBuffer>>): Promise<void> {
  await navigator.clipboard.write([new ClipboardItem({ 'image/png': bytes.then(asPng) })]);
}

async function asPng(bytes: Uint8Array<ArrayBuffer>): Promise<Blob> {
  const bitmap = await createImageBitmap(new Blob([bytes]));
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  canvas.getContext('2d')?.drawImage(bitmap, 0, 0);
  bitmap.close();
  return canvas.convertToBlob({ type: 'image/png' });
}
