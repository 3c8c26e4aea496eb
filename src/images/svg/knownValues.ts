import { lacksUnit } from './cssLength.ts';

/** The keywords of some properties. Browsers ignore others. */
const keywords: Readonly<Record<string, RegExp>> = {
  'clip-rule': /^(?:evenodd|nonzero|inherit)$/i,
  'fill-rule': /^(?:evenodd|nonzero|inherit)$/i,
  'font-style': /^(?:normal|italic|oblique.*|inherit)$/i,
  'stroke-linecap': /^(?:butt|round|square|inherit)$/i,
  'stroke-linejoin': /^(?:arcs|bevel|miter|miter-clip|round|inherit)$/i,
  'text-anchor': /^(?:start|middle|end|inherit)$/i,
  visibility: /^(?:visible|hidden|collapse|inherit)$/i,
};
const number = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?(?:[a-z]+|%)?$/i;
const numeric = /^(?:stroke-(?:width|opacity|miterlimit|dashoffset)|(?:fill-|stop-|flood-)?opacity)$/;

/** Whether a length that isn't 0 has a unit in each function of a filter. */
function haveUnits(filter: string): boolean {
  const calls = [...filter.matchAll(/(?:blur|drop-shadow)\(([^()]*)/gi)];
  return !calls.some(([, args = '']) => args.split(/\s+/).some(lacksUnit));
}

/** Whether a value can be one of a property. If in doubt, it can. */
export function isValid(property: string, value: string): boolean {
  if (property === 'filter') return haveUnits(value);
  if (numeric.test(property)) return number.test(value) || /\(|^inherit$/i.test(value);
  return keywords[property]?.test(value) ?? true;
}

/** The initial values of properties that are inherited. */
export const initialValues: Readonly<Record<string, string>> = {
  'clip-rule': 'nonzero',
  color: 'black',
  fill: 'black',
  'fill-opacity': '1',
  'fill-rule': 'nonzero',
  'font-size': '16px',
  'font-stretch': 'normal',
  'font-style': 'normal',
  'font-variant': 'normal',
  'font-weight': 'normal',
  'letter-spacing': 'normal',
  'marker-end': 'none',
  'marker-mid': 'none',
  'marker-start': 'none',
  'paint-order': 'normal',
  stroke: 'none',
  'stroke-dasharray': 'none',
  'stroke-dashoffset': '0',
  'stroke-linecap': 'butt',
  'stroke-linejoin': 'miter',
  'stroke-miterlimit': '4',
  'stroke-opacity': '1',
  'stroke-width': '1',
  'text-anchor': 'start',
  visibility: 'visible',
  'word-spacing': 'normal',
};
