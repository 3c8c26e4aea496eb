/**
 * What is added to a value at a pixel before its fraction is cut off: between 0 and 1, evenly spread, and unlike at pixels near by, by
 * Roberts' additive recurrence in two dimensions (2018; of the plastic number, in 20 bits). With ½ everywhere smooth gradients would
 * show steps, and tones that rise by and by would jump all over at once. Whole values stay, and those within 1/256 of them become so.
 * As in `blend.wat`.
 */
export function dither(x: number, y: number): number {
  const place = (Math.imul(x, 791547) + Math.imul(y, 597521)) & 0xfffff;
  return (place - (place >> 7) + 4096) / 0x100000;
}
