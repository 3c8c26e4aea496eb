import { initialFontSize, lacksUnit, pixelsOf } from './cssLength.ts';
import { fontSizeOf } from './fontSize.ts';
import { parseDeclarations } from './stylesheet.ts';

/** A rectangle in the units of a drawing. */
export interface ViewBox {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** The size of a drawing in CSS pixels, and what of it is drawn. */
export interface SvgSize {
  readonly width: number;
  readonly height: number;
  readonly viewBox: ViewBox;
  /** How the view box is fitted into the size. */
  readonly fit: string;
}

const fitPattern = /^(?:none|xM(?:in|id|ax)YM(?:in|id|ax))(?:\s+(?:meet|slice))?$/;

/** A browser's size of an image that has none. */
const fallback = { width: 300, height: 150 };

/**
 * The size that browsers give the drawing as an image: width and height, else what the view box's aspect ratio makes of one of
 * them, else the size of the view box, else 300 × 150. Undefined if a side is zero, because then nothing is drawn.
 */
export function svgSize(attributes: ReadonlyMap<string, string>): SvgSize | undefined {
  const viewBox = parseViewBox(attributes.get('viewBox') ?? '');
  const size = sizeFrom(sideOf('width', attributes), sideOf('height', attributes), viewBox);
  if (size.width === 0 || size.height === 0 || viewBox === 'empty') return undefined;
  if (!viewBox) return { ...size, viewBox: { x: 0, y: 0, ...size }, fit: 'none' };
  const wanted = attributes.get('preserveAspectRatio')?.trim() ?? '';
  const fit = fitPattern.test(wanted) ? wanted : 'xMidYMid meet';
  const isProportional = Math.abs((size.width * viewBox.height) / (size.height * viewBox.width) - 1) < 1e-4;
  return { ...size, viewBox, fit: isProportional ? 'none' : fit };
}

function sizeFrom(width: number | undefined, height: number | undefined, box: ViewBox | 'empty' | undefined) {
  const ratio = box && box !== 'empty' ? box.width / box.height : undefined;
  if (width !== undefined && height !== undefined) return { width, height };
  if (width !== undefined) return { width, height: ratio === undefined ? fallback.height : width / ratio };
  if (height !== undefined) return { width: ratio === undefined ? fallback.width : height * ratio, height };
  if (!box || box === 'empty' || ratio === undefined) return fallback;
  const isUsual = Math.min(box.width, box.height) >= 1 && Math.max(box.width, box.height) <= 16_384;
  if (isUsual) return { width: box.width, height: box.height };
  const scale = Math.min(fallback.width / box.width, fallback.height / box.height);
  return { width: box.width * scale, height: box.height * scale };
}

/** The size of a side in CSS pixels: the last value that is a length. A number needs no unit in the attribute only. */
function sideOf(name: 'width' | 'height', attributes: ReadonlyMap<string, string>): number | undefined {
  const style = parseDeclarations(attributes.get('style') ?? '');
  const initial = { own: initialFontSize, root: initialFontSize };
  const fontSize = fontSizeOf(attributes, style, new Map(), initial);
  const styled = style.filter(({ property, value }) => property === name && !lacksUnit(value));
  return [attributes.get(name) ?? '', ...styled.map(({ value }) => value)]
    .map((text) => pixelsOf(text, { own: fontSize, root: fontSize }))
    .findLast((side) => side !== undefined && side >= 0 && side <= 1e9);
}

function parseViewBox(text: string): ViewBox | 'empty' | undefined {
  const numbers = text
    .trim()
    .split(/[\s,]+/)
    .map((part) => (part === '' ? Number.NaN : Number(part)));
  const [x = Number.NaN, y = Number.NaN, width = Number.NaN, height = Number.NaN] = numbers;
  if (numbers.length !== 4 || !numbers.every(Number.isFinite) || width < 0 || height < 0) return undefined;
  return width === 0 || height === 0 ? 'empty' : { x, y, width, height };
}
