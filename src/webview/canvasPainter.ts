/** Returns a function that shows a bitmap on the canvas, by transfer if the browser supports it. Null clears the canvas. */
export function createPainter(canvas: HTMLCanvasElement): (bitmap: ImageBitmap | null) => void {
  const transferring = canvas.getContext('bitmaprenderer');
  if (transferring) {
    return (bitmap) => {
      if (bitmap) resize(canvas, bitmap);
      transferring.transferFromImageBitmap(bitmap);
    };
  }
  const drawing = canvas.getContext('2d');
  return (bitmap) => {
    if (bitmap) {
      resize(canvas, bitmap);
      drawing?.drawImage(bitmap, 0, 0);
      bitmap.close();
    } else {
      drawing?.clearRect(0, 0, canvas.width, canvas.height);
    }
  };
}

/** Gives the canvas the bitmap's size, but only if it differs: even setting the same size clears the canvas and triggers layout. */
function resize(canvas: HTMLCanvasElement, { width, height }: ImageBitmap): void {
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
}
