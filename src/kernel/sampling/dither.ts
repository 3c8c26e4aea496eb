/**
 * The offset, between 0 and 1, to add to a value at a pixel before rounding it down. Offsets are evenly distributed and differ between
 * neighbors: Roberts's R2 sequence (2018, based on the plastic number) in 20-bit fixed point. Plain rounding would show bands in smooth
 * gradients, and a slowly rising tone would jump everywhere at once. Values within 1/256 of an integer round to it, so unchanged
 * pixels stay unchanged. `blend.wat` has the same formula.
 */
export function dither(x: number, y: number): number {
  const place = (Math.imul(x, 791547) + Math.imul(y, 597521)) & 0xfffff;
  return (place - (place >> 7) + 4096) / 0x100000;
}
