/** Undoes that colors were multiplied by alpha, which is the last of the channels of each pixel. */
export function divideByAlpha(data: Uint8Array | Uint16Array, channels: number): void {
  const max = data.BYTES_PER_ELEMENT === 1 ? 255 : 65_535;
  for (let pixel = 0; pixel < data.length; pixel += channels) {
    const alpha = data[pixel + channels - 1] ?? 0;
    if (alpha === max) continue;
    for (let at = pixel; at < pixel + channels - 1; at++) {
      data[at] = alpha === 0 ? 0 : Math.min(max, Math.round(((data[at] ?? 0) * max) / alpha));
    }
  }
}
