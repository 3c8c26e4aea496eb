import { type FontSizes, lacksUnit, pixelsOf } from './cssLength.ts';

/** An angle as a number of degrees. */
function degrees(text: string): string {
  const [, number = '0', unit = 'deg'] = /^([+-]?[\d.]+(?:e[+-]?\d+)?)(deg|rad|grad|turn)?$/i.exec(text.trim()) ?? [];
  const perUnit = { deg: 1, rad: 180 / Math.PI, grad: 0.9, turn: 360 }[unit.toLowerCase()] ?? 1;
  return String(Number(number) * perUnit);
}

/** How many arguments browsers take at most. */
const maxArguments: Readonly<Record<string, number>> = { matrix: 6, scale: 2, skew: 2, translate: 2 };

/** Whether commas, lengths and angles are written as CSS demands. The attribute of the same name is less strict. */
export function isCssTransform(css: string): boolean {
  const calls = css.matchAll(/(\w+)\(([^()]*)\)/g);
  return [...calls].every(([, name = '', list = '']) => {
    const args = list.split(',').map((arg) => arg.trim());
    const areUnitless = /^(?:matrix|scale)/i.test(name);
    if (/3d$/i.test(name)) return true; // named as not drawn later
    return (
      args.length <= (maxArguments[name.toLowerCase()] ?? 1) &&
      args.every((arg) => /^\S+$/.test(arg) && (areUnitless || !lacksUnit(arg)))
    );
  });
}

/** A CSS transform as the attribute of the same name. Undefined for one that only CSS can express. */
export function transformAttribute(css: string, sizes: FontSizes): string | undefined {
  const calls = [...css.matchAll(/([a-z0-9]+)\(([^()]*)\)/gi)];
  const rest = css.replace(/([a-z0-9]+)\(([^()]*)\)/gi, '').trim();
  if (rest !== '' && rest !== 'none') return undefined;
  const converted = calls.map(([, name = '', args = '']) =>
    transformCall(
      name.toLowerCase(),
      args.split(',').map((arg) => arg.trim()),
      sizes,
    ),
  );
  return converted.includes(undefined) ? undefined : converted.join(' ');
}

function transformCall(name: string, args: readonly string[], sizes: FontSizes): string | undefined {
  const [first = '0', second] = args;
  switch (name) {
    case 'translate':
    case 'translatex':
    case 'translatey': {
      const lengths = args.map((arg) => pixelsOf(arg, sizes));
      if (lengths.includes(undefined)) return undefined;
      return name === 'translatey' ? `translate(0 ${lengths[0]})` : `translate(${lengths.join(' ')})`;
    }
    case 'scale':
    case 'scalex':
    case 'scaley': {
      const factor = number(first);
      if (name === 'scale') return `scale(${factor} ${second === undefined ? factor : number(second)})`;
      return name === 'scalex' ? `scale(${factor} 1)` : `scale(1 ${factor})`;
    }
    case 'rotate':
    case 'rotatez':
      return `rotate(${degrees(first)})`;
    case 'skewx':
      return `skewX(${degrees(first)})`;
    case 'skewy':
      return `skewY(${degrees(first)})`;
    case 'skew':
      return second === undefined ? `skewX(${degrees(first)})` : undefined;
    case 'matrix':
      return `matrix(${args.join(' ')})`;
    default:
      return undefined;
  }
}

const number = (text: string) => (text.endsWith('%') ? Number(text.slice(0, -1)) / 100 : Number(text));

/** A transform around a point, as an attribute. Undefined if the point isn't known. @param viewport its size, for percentages. */
export function transformAround(
  transform: string,
  origin: string,
  viewport: { readonly width: number; readonly height: number },
  sizes: FontSizes,
): string | undefined {
  const words = origin.trim().split(/[\s,]+/);
  const isSwapped = /^(?:top|bottom)$/.test(words[0] ?? '') || /^(?:left|right)$/.test(words[1] ?? '');
  const [across = 'center', down = 'center'] = isSwapped ? [words[1], words[0]] : words;
  const [x, y] = [originOffset(across, viewport.width, sizes), originOffset(down, viewport.height, sizes)];
  if (x === undefined || y === undefined) return undefined;
  return `translate(${x} ${y}) ${transform} translate(${-x} ${-y})`;
}

const keywords: Readonly<Record<string, number>> = { left: 0, top: 0, center: 0.5, right: 1, bottom: 1 };

function originOffset(word: string, side: number, sizes: FontSizes): number | undefined {
  const part = keywords[word] ?? (/^[+-]?[\d.]+%$/.test(word) ? Number(word.slice(0, -1)) / 100 : undefined);
  return part === undefined ? pixelsOf(word, sizes) : part * side;
}
