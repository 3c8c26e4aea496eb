/** Red, green and blue, 0 to 255. */
export type Color = readonly [number, number, number];

/** Colors that people with color blindness can tell apart. The first seven are the palette of M. Okabe and K. Ito. */
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

/** The color of the image at a position in the list. */
export function colorAt(index: number): Color {
  return colors[index % colors.length] ?? [0, 0, 0];
}

/** The same color in CSS. */
export function cssColorAt(index: number): string {
  return `rgb(${colorAt(index).join(' ')})`;
}
