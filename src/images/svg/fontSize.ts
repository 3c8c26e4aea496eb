import { type FontSizes, pixelsOf } from './cssLength.ts';
import { type CustomProperties, fillVariables } from './customProperties.ts';
import { fontLonghands } from './fontProperties.ts';
import type { Declaration } from './stylesheet.ts';

/** Keywords as in browsers. The renderer has other sizes. */
export const fontSizeKeywords: Readonly<Record<string, string>> = {
  'xx-small': '9px',
  'x-small': '10px',
  small: '13px',
  medium: '16px',
  large: '18px',
  'x-large': '24px',
  'xx-large': '32px',
  'xxx-large': '48px',
  smaller: '83.333%',
  larger: '120%',
  initial: '16px',
  inherit: '100%',
  unset: '100%',
};

/**
 * The font size of an element in pixels. Values that can't be computed are left out, because they are noted where they are drawn.
 * @param declarations in ascending order of precedence.
 * @param around the parent's and the root's.
 */
export function fontSizeOf(
  attributes: ReadonlyMap<string, string>,
  declarations: readonly Declaration[],
  variables: CustomProperties,
  around: FontSizes,
): number {
  const values = [attributes.get('font-size') ?? ''];
  for (const { property, value } of declarations) {
    if (property !== 'font-size' && property !== 'font') continue;
    const filled = fillVariables(value, variables);
    if (typeof filled !== 'string') continue;
    const sizes = property === 'font' ? (fontLonghands(filled) ?? []) : [[property, filled] as const];
    values.push(...sizes.filter(([name]) => name === 'font-size').map(([, size]) => size));
  }
  return values.reduce((found, text) => computedSize(text.trim().toLowerCase(), around) ?? found, around.own);
}

function computedSize(text: string, around: FontSizes): number | undefined {
  const value = fontSizeKeywords[text] ?? text;
  if (/^[\d.]+%$/.test(value)) return (Number.parseFloat(value) / 100) * around.own;
  const size = pixelsOf(value, around);
  return size !== undefined && size >= 0 ? size : undefined;
}
