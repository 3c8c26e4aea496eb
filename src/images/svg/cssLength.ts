/** The font sizes that lengths depend on, of an element and of the root, in pixels. */
export interface FontSizes {
  readonly own: number;
  readonly root: number;
}

export const initialFontSize = 16;

/** How browsers read a number, then letters as its unit. */
const lengthPattern = /^([+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?)([a-z]*)$/i;

const pixelsPerUnit: Readonly<Record<string, number>> = {
  '': 1,
  px: 1,
  in: 96,
  cm: 96 / 2.54,
  mm: 96 / 25.4,
  q: 96 / 101.6,
  pt: 96 / 72,
  pc: 16,
};

/** A length in pixels. Undefined for a percentage, a keyword, a unit that depends on more than font sizes, and what isn't a length. */
export function pixelsOf(text: string, { own, root }: FontSizes): number | undefined {
  const [, number, unit = ''] = lengthPattern.exec(text.trim()) ?? [];
  const relative: Readonly<Record<string, number>> = { em: own, rem: root, ex: own / 2, ch: own / 2 };
  const perUnit = pixelsPerUnit[unit.toLowerCase()] ?? relative[unit.toLowerCase()];
  return number === undefined || perUnit === undefined ? undefined : Number(number) * perUnit;
}

/** Whether a number lacks the unit that CSS demands of lengths and angles other than 0. */
export const lacksUnit = (text: string) => /^[+-]?[\d.]+$/.test(text) && Number(text) !== 0;
