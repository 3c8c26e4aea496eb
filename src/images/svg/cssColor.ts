import 'culori/css'; // the color spaces of CSS, of those that the library knows
import { converter, formatHex8, parse } from 'culori/fn';

const toRgb = converter('rgb');

/** A color of CSS in the form that every renderer knows, clipped to sRGB. Undefined for what isn't a color by itself. */
export function plainColor(text: string): string | undefined {
  const color = /^[\da-f]+$/i.test(text) ? undefined : parse(text.toLowerCase()); // the parser forgives a missing #
  if (!color) return undefined;
  const { r, g, b, alpha = 1 } = toRgb(color);
  const channels = [r, g, b].map((channel) => Math.round(Math.min(Math.max(channel, 0), 1) * 255)).join(', ');
  return alpha < 1 ? `rgba(${channels}, ${Math.max(alpha, 0)})` : `rgb(${channels})`;
}

/** The same as `#rrggbbaa`, for where the renderer doesn't know functions. */
export function hexColor(text: string): string | undefined {
  const plain = plainColor(text);
  return plain === undefined ? undefined : formatHex8(plain);
}

/** `light-dark(a, b)` is `a`: a browser shows images in its light scheme unless a page says otherwise. */
export function lightOf(value: string): string {
  if (!value.includes('(')) return value;
  return value.replace(
    /light-dark\(\s*((?:[^(),]|\((?:[^()]|\([^()]*\))*\))*?)\s*,(?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)/gi,
    '$1',
  );
}
