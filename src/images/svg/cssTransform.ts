/** An angle as a number of degrees. */
export function degrees(text: string): string {
  const [, number = '0', unit = 'deg'] = /^([+-]?[\d.]+(?:e[+-]?\d+)?)(deg|rad|grad|turn)?$/i.exec(text.trim()) ?? [];
  const perUnit = { deg: 1, rad: 180 / Math.PI, grad: 0.9, turn: 360 }[unit.toLowerCase()] ?? 1;
  return String(Number(number) * perUnit);
}

const pixelsOf: Readonly<Record<string, number>> = {
  '': 1,
  px: 1,
  in: 96,
  cm: 96 / 2.54,
  mm: 96 / 25.4,
  pt: 96 / 72,
  pc: 16,
  em: 16,
  rem: 16,
};

/** Whether lengths and angles have units, as CSS demands and the attribute doesn't. */
export function hasUnits(css: string): boolean {
  const calls = css.matchAll(/(?:translate|rotate|skew)\w*\(([^()]*)\)/gi);
  return [...calls].every(([, args = '']) =>
    args.split(/[\s,]+/).every((arg) => !/^[+-]?[\d.]+$/.test(arg) || Number(arg) === 0),
  );
}

/** A CSS transform as the attribute of the same name. Undefined for one that only CSS can express. */
export function transformAttribute(css: string): string | undefined {
  const calls = [...css.matchAll(/([a-z0-9]+)\(([^()]*)\)/gi)];
  const rest = css.replace(/([a-z0-9]+)\(([^()]*)\)/gi, '').trim();
  if (rest !== '' && rest !== 'none') return undefined;
  const converted = calls.map(([, name = '', args = '']) => transformCall(name, args.split(/[\s,]+/).filter(Boolean)));
  return converted.includes(undefined) ? undefined : converted.join(' ');
}

function transformCall(name: string, args: readonly string[]): string | undefined {
  const [first = '0', second] = args;
  const lengths = args.map(length);
  switch (name) {
    case 'translate':
      return lengths.includes(undefined) ? undefined : `translate(${lengths.join(' ')})`;
    case 'translateX':
    case 'translateY':
      if (lengths[0] === undefined) return undefined;
      return name === 'translateX' ? `translate(${lengths[0]} 0)` : `translate(0 ${lengths[0]})`;
    case 'scale':
    case 'scaleX':
    case 'scaleY': {
      const factor = number(first);
      if (name === 'scale') return `scale(${factor} ${second === undefined ? factor : number(second)})`;
      return name === 'scaleX' ? `scale(${factor} 1)` : `scale(1 ${factor})`;
    }
    case 'rotate':
      return `rotate(${[degrees(first), ...lengths.slice(1)].join(' ')})`;
    case 'rotateZ':
      return `rotate(${degrees(first)})`;
    case 'skewX':
    case 'skewY':
      return `${name}(${degrees(first)})`;
    case 'skew':
      return second === undefined ? `skewX(${degrees(first)})` : undefined;
    case 'matrix':
      return `matrix(${args.join(' ')})`;
    default:
      return undefined;
  }
}

const number = (text: string) => (text.endsWith('%') ? Number(text.slice(0, -1)) / 100 : Number(text));

function length(text: string): number | undefined {
  const [, value, unit = ''] = /^([+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?)([a-z]*)$/i.exec(text) ?? [];
  const perUnit = pixelsOf[unit.toLowerCase()];
  return value === undefined || perUnit === undefined ? undefined : Number(value) * perUnit;
}

/** A transform around a point, as an attribute. Undefined if the origin isn't known. @param viewport its size, for percentages. */
export function transformAround(
  transform: string,
  origin: string,
  viewport: { readonly width: number; readonly height: number },
): string | undefined {
  const words = origin.trim().split(/[\s,]+/);
  const isSwapped = /^(?:top|bottom)$/.test(words[0] ?? '') || /^(?:left|right)$/.test(words[1] ?? '');
  const [across = 'center', down = 'center'] = isSwapped ? [words[1], words[0]] : words;
  const [x, y] = [originOffset(across, viewport.width), originOffset(down, viewport.height)];
  if (x === undefined || y === undefined) return undefined;
  return `translate(${x} ${y}) ${transform} translate(${-x} ${-y})`;
}

const keywords: Readonly<Record<string, number>> = { left: 0, top: 0, center: 0.5, right: 1, bottom: 1 };

function originOffset(word: string, side: number): number | undefined {
  const part = keywords[word] ?? (/^[+-]?[\d.]+%$/.test(word) ? Number(word.slice(0, -1)) / 100 : undefined);
  return part === undefined ? length(word) : part * side;
}
