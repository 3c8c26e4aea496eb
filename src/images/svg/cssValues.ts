import { degrees } from './cssTransform.ts';

/** Tells about something in a document that isn't drawn. Names are those of SVG and CSS, so they need no translation. */
export type Note = (part: string) => void;

/** Color functions and others that the renderer doesn't know. */
const unknownFunction =
  /\b(oklch|oklab|lch|lab|hwb|color-mix|color|device-cmyk|calc|min|max|clamp|env|attr|(?:repeating-)?(?:linear|radial|conic)-gradient|image-set|shape|ray)\(/i;
const unknownUnit = /(?<![\w#.-])[+-]?(?:\d+\.?\d*|\.\d+)(vw|vh|vmin|vmax|ch|lh|rlh|svw|svh|dvw|dvh|cqw|cqh)\b/i;
/** Shapes that clip without an element: `clip-path: circle()`. */
const basicShape = /^(?:inset|circle|ellipse|polygon|path|rect|xywh)\(/i;

/** Custom properties of a document. One that is set to several values isn't resolved as a browser does, so it is noted. */
export class Variables {
  readonly #values = new Map<string, Set<string>>();

  /** @param text of the whole document. */
  constructor(text: string) {
    if (!text.includes('var(')) return;
    for (const [, name = '', value = ''] of text.matchAll(/(?<![\w-])(--[\w-]+)\s*:\s*([^;{}"'<]*)/g)) {
      const values = this.#values.get(name) ?? new Set();
      this.#values.set(name, values.add(value.trim()));
    }
  }

  /** Replaces `var(--name, fallback)`. */
  fill(value: string, note: Note): string {
    let filled = value;
    for (let round = 0; round < 8 && filled.includes('var('); round++) {
      filled = filled.replace(
        /var\(\s*(--[\w-]+)\s*(?:,((?:[^()]|\([^()]*\))*))?\)/g,
        (_, name: string, other = '') => {
          const values = this.#values.get(name);
          if (values && values.size > 1) note(`var(${name})`);
          return [...(values ?? [])][0] ?? other.trim();
        },
      );
      if (filled.length > 10_000) break;
    }
    if (filled.includes('var(')) note('var()');
    return filled;
  }
}

/** Writes a value as the renderer knows it, and notes what it doesn't know. */
export function normalizeValue(property: string, text: string, variables: Variables, note: Note): string {
  let value = variables.fill(text, note).trim();
  if (value.includes('(')) {
    value = value.replace(/url\(\s*(?:"([^"]*)"|'([^']*)'|([^()"'\s]*))\s*\)/gi, (whole, double, single, bare) => {
      const target: string = double ?? single ?? bare;
      if (target.startsWith('#')) return `url(${target})`;
      noteExternal(target, note);
      return whole;
    });
    value = lightOf(value);
    value = value.replace(/\b(rgb|hsl)a?\(([^()]*)\)/gi, (_, kind: string, args: string) => plainColor(kind, args));
    const outside = value.replace(/url\([^()]*\)/gi, '');
    const unknown = unknownFunction.exec(outside)?.[1];
    if (unknown) note(`${unknown.toLowerCase()}()`);
    if (property === 'clip-path' && basicShape.test(outside)) note(`clip-path: ${outside.split('(', 1)[0]}()`);
  }
  const unit = unknownUnit.exec(value)?.[1];
  if (unit && property !== 'font-family') note(`CSS unit ${unit.toLowerCase()}`);
  return value.replace(/(?<![\w#.-])([+-]?(?:\d+\.?\d*|\.\d+))(rem|q)\b/gi, (_, number: string, name: string) =>
    name.toLowerCase() === 'rem' ? `${Number(number) * 16}px` : `${Number(number) / 4}mm`,
  );
}

/** Notes a reference to something outside the document, which is never read. */
export function noteExternal(target: string, note: Note): void {
  if (target.startsWith('data:')) note(`${target.slice(5, target.search(/[;,]|$/)) || 'data:'}`);
  else note(target.length > 60 ? `${target.slice(0, 59)}…` : target);
}

/** `light-dark(a, b)` is `a`: a browser shows images in its light scheme unless a page says otherwise. */
function lightOf(value: string): string {
  return value.replace(
    /light-dark\(\s*((?:[^(),]|\((?:[^()]|\([^()]*\))*\))*?)\s*,(?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)/gi,
    '$1',
  );
}

/** The same color with commas, numbers and degrees. */
function plainColor(kind: string, args: string): string {
  const parts = args.split(/[\s,/]+/).filter((part) => part !== '');
  const [first = '0', second = '0', third = '0', alpha = '1'] = parts.map((part) => (part === 'none' ? '0' : part));
  const opacity = alpha.endsWith('%') ? Number(alpha.slice(0, -1)) / 100 : Number(alpha);
  const isHsl = kind.toLowerCase() === 'hsl';
  const channels = isHsl ? [degrees(first), percent(second), percent(third)] : [first, second, third].map(byte);
  const name = kind.toLowerCase();
  return opacity < 1 ? `${name}a(${channels.join(', ')}, ${opacity})` : `${name}(${channels.join(', ')})`;
}

const percent = (text: string) => (text.endsWith('%') ? text : `${text}%`);

function byte(text: string): string {
  const value = text.endsWith('%') ? Number(text.slice(0, -1)) * 2.55 : Number(text);
  return String(Math.round(Math.min(Math.max(value, 0), 255)));
}
