import { hexColor, lightOf, plainColor } from './cssColor.ts';
import { fontSizeKeywords } from './fontSize.ts';
import { isValid } from './knownValues.ts';

/** Called with the name of what isn't drawn. SVG or CSS calls it so, so it needs no translation. */
export type Note = (part: string) => void;

/** Functions that the renderer knows; everything else with a bracket is noted. */
const knownFunctions = new Set([
  'url',
  'rgb',
  'rgba',
  'hsl',
  'hsla',
  'blur',
  'brightness',
  'contrast',
  'drop-shadow',
  'grayscale',
  'hue-rotate',
  'invert',
  'opacity',
  'saturate',
  'sepia',
]);
const colors = new Set(['fill', 'stroke', 'color', 'stop-color', 'flood-color', 'lighting-color', 'background-color']);
const colorKeywords = new Set(['none', 'currentcolor', 'context-fill', 'context-stroke', 'inherit']);
const unknownUnit =
  /(?<![\w#.-])[+-]?(?:\d+(?:\.\d*)?|\.\d+)((?:[sld]?v(?:w|h|i|b|min|max))|cq(?:w|h|i|b|min|max)|ex|ch|cap|ic|lh|rlh|rex|rch)\b/i;

/**
 * Writes a value as the renderer knows it, and notes what it doesn't know. Undefined for one that browsers don't know either.
 * @param rem the font size that the unit stands for, in pixels.
 */
export function normalizeValue(property: string, text: string, rem: number, note: Note): string | undefined {
  let value = lightOf(text.trim());
  if (value.includes('(')) {
    value = value.replace(/url\(\s*(?:"([^"]*)"|'([^']*)'|([^()"'\s]*))\s*\)/gi, (whole, double, single, bare) => {
      const target: string = double ?? single ?? bare;
      if (target.startsWith('#')) return `url(${target})`;
      noteExternal(target, note);
      return whole;
    });
  }
  if (!isValid(property, value)) return undefined;
  if (property === 'background') return background(value, note);
  if (property === 'stop-color' && wideColor.test(value)) note(`stop-color: ${value.replace(/\(.*$/s, '()')}`);
  if (colors.has(property)) return paint(value, note);
  if (property === 'font-family') return value;
  if (property === 'font-size') value = fontSizeKeywords[value.toLowerCase()] ?? value;
  if (property === 'image-rendering') value = smoothing[value.toLowerCase()] ?? 'auto';
  if (property === 'clip-path' && /^(?!none$|inherit$|url\()/.test(value)) {
    note(`clip-path: ${value.replace(/\(.*$/s, '()')}`);
    return undefined;
  }
  if (property === 'filter') value = value.replace(colorFunction, (color) => hexColor(color) ?? color);
  const unknown = [...value.matchAll(/([a-z][\w-]*)\(/gi)].map(([, name = '']) => name.toLowerCase());
  for (const name of unknown) if (!isKnownFunction(name, property)) note(`${name}()`);
  const unit = unknownUnit.exec(value)?.[1];
  if (unit) note(`CSS unit ${unit.toLowerCase()}`);
  return value.replace(
    /(?<![\w#.-])([+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?)(rem|q|px|in|cm|mm|pt|pc|em)\b/gi,
    (_, number: string, unit: string) => length(number, unit.toLowerCase(), rem),
  );
}

const colorFunction = /\b(?:rgba?|hsla?|hwb|(?:ok)?lab|(?:ok)?lch|color)\([^()]*\)/gi;
/** Colors that browsers don't blend in sRGB. */
const wideColor = /^(?:oklch|oklab|lch|lab|color)\(/i;

/** What the renderer calls the values that browsers draw without smoothing. */
const smoothing: Readonly<Record<string, string>> = {
  'crisp-edges': 'optimizeSpeed',
  pixelated: 'optimizeSpeed',
  '-webkit-optimize-contrast': 'optimizeSpeed',
};

const transforms = /^(?:transform|gradientTransform|patternTransform)$/;
const isKnownFunction = (name: string, property: string) =>
  knownFunctions.has(name) || transforms.test(property) || (property === 'd' && name === 'path');

function length(number: string, unit: string, rem: number): string {
  if (unit === 'rem') return `${Number(number) * rem}px`;
  return unit === 'q' ? `${Number(number) / 4}mm` : number + unit;
}

/** A color, a gradient or pattern with a color to use if there's none, or a keyword. */
function paint(value: string, note: Note): string | undefined {
  const server = /^url\([^()]*\)/i.exec(value)?.[0] ?? '';
  const rest = value.slice(server.length).trim();
  if (rest === '') return server === '' ? undefined : server;
  const keyword = rest.toLowerCase();
  const color = colorKeywords.has(keyword) ? (keyword === 'currentcolor' ? 'currentColor' : keyword) : plainColor(rest);
  if (/^context-(?:fill|stroke)$/.test(keyword)) note(keyword);
  if (color !== undefined) return `${server} ${color}`.trim();
  const name = /^([a-z-]+)\(/i.exec(rest)?.[1] ?? (systemColor.test(rest) ? rest : undefined);
  if (name !== undefined) note(rest === name ? name : `${name.toLowerCase()}()`);
  return undefined;
}

/** The color behind the root. */
function background(value: string, note: Note): string | undefined {
  for (const image of value.matchAll(/([a-z-]*gradient|image-set|element|cross-fade|url)\(/gi)) {
    if (image[1] !== 'url') note(`${image[1]?.toLowerCase()}()`);
  }
  const words = value.match(/[a-z-]+\((?:[^()]|\([^()]*\))*\)|[^\s(),]+/gi) ?? [];
  return words.map(plainColor).find((color) => color !== undefined);
}

/** Colors of the system's user interface, whose values only a browser knows. */
const systemColor =
  /^(?:accentcolor(?:text)?|activetext|button(?:border|face|text)|canvas(?:text)?|field(?:text)?|graytext|highlight(?:text)?|linktext|mark(?:text)?|selecteditem(?:text)?|visitedtext|window(?:text)?|menu(?:text)?|background)$/i;

/** Notes a reference to something outside the document, which is never read. */
export function noteExternal(target: string, note: Note): void {
  if (target.startsWith('data:')) note(`${target.slice(5, target.search(/[;,]|$/)) || 'data:'}`);
  else note(target.length > 60 ? `${target.slice(0, 59)}…` : target);
}
