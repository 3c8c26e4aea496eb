/** Red, green and blue, 0 to 255. */
export type Color = readonly [number, number, number];

/** Colours that most people can tell apart, whatever colours they see. The first seven are those of M. Okabe and K. Ito. */
const colors: readonly Color[] = [
  [0, 114, 178],
  [230, 159, 0],
  [0, 158, 115],
  [204, 121, 167],
  [213, 94, 0],
  [86, 180, 233],
  [240, 228, 66],
  [120, 94, 240],
  [140, 86, 75],
  [127, 127, 127],
];

/** The colour of the image at a place in the list. */
export function colorAt(index: number): Color {
  return colors[index % colors.length] ?? [0, 0, 0];
}

/** The same for style sheets. */
export function cssColorAt(index: number): string {
  return `rgb(${colorAt(index).join(' ')})`;
}
