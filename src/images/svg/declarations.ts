import { type FontSizes, initialFontSize } from './cssLength.ts';
import { isCssTransform, transformAround, transformAttribute } from './cssTransform.ts';
import { type Note, normalizeValue } from './cssValues.ts';
import { type CustomProperties, fillVariables, tooLong } from './customProperties.ts';
import { fontFamilies, fontLonghands } from './fontProperties.ts';
import { initialValues } from './knownValues.ts';
import { attributesOnly, isForeignGeometry, isProperty, isUndrawn, isUndrawnOnRoot } from './properties.ts';
import type { Declaration } from './stylesheet.ts';

/** The properties of an element as the renderer reads them. */
export interface DrawnProperties {
  readonly attributes: ReadonlyMap<string, string>;
  /** The declarations of its `style` attribute. */
  readonly style: ReadonlyMap<string, string>;
}

/** What an element's properties depend on. */
export interface PropertyContext {
  readonly customProperties: CustomProperties;
  /** The size of the view box. */
  readonly viewport: { readonly width: number; readonly height: number };
  readonly fontSizes: FontSizes;
  readonly isRoot: boolean;
  /** The name of the element. */
  readonly element: string;
  readonly note: Note;
  readonly onFamilies: (names: readonly string[]) => void;
  /** Called with a value that has variables. */
  readonly onVariables: (value: string) => void;
}

interface Value {
  /** Undefined for one that the renderer doesn't know. The value that it would replace is then drawn. */
  readonly value: string | undefined;
  /** What isn't drawn. */
  readonly notes: readonly string[];
}

/**
 * Writes the attributes and declarations of an element for the renderer, and notes what isn't drawn of those that have an effect.
 * @param declarations in ascending order of precedence.
 */
export function drawnProperties(
  attributes: ReadonlyMap<string, string>,
  declarations: readonly Declaration[],
  context: PropertyContext,
): DrawnProperties {
  const written = new Map<string, Value>();
  const styled = new Map<string, Value>();
  for (const [name, text] of attributes) {
    if (name === 'style' || name.startsWith('on') || name.startsWith('required')) continue; // handlers are scripts
    if (context.isRoot && name === 'display') continue; // an image is always displayed
    const value = isProperty(name) ? propertyValue(name, text, context) : { value: text, notes: [] };
    if (value) written.set(name, value);
  }
  for (const { property, value } of declarations) {
    if (property.startsWith('--')) continue;
    for (const [name, result] of longhands(property.replace(knownPrefix, ''), value, context)) {
      const target = attributesOnly.has(name) ? written : styled;
      if (result === 'reset') {
        written.delete(name);
        styled.delete(name);
      } else if (result.value !== undefined) target.set(name, result);
      else target.set(name, { value: (target.get(name) ?? written.get(name))?.value, notes: result.notes });
    }
  }
  for (const name of styled.keys()) written.delete(name);
  for (const { notes } of [...written.values(), ...styled.values()]) for (const part of notes) context.note(part);
  const plain = withoutOrigin(textsOf(written, context), context);
  return { attributes: plain, style: textsOf(styled, context) };
}

/** Gradients and patterns have attributes of their own for the property. */
const transformNames: Readonly<Record<string, string>> = {
  linearGradient: 'gradientTransform',
  radialGradient: 'gradientTransform',
  pattern: 'patternTransform',
};

const knownPrefix = /^-webkit-(?=(?:transform|filter|clip-path|opacity|writing-mode)\b)/;

function textsOf(values: ReadonlyMap<string, Value>, { onFamilies }: PropertyContext): Map<string, string> {
  const texts = new Map<string, string>();
  for (const [name, { value }] of values) {
    if (value !== undefined) texts.set(name, name === 'font-family' ? fontFamilies(value, onFamilies) : value);
  }
  return texts;
}

/** The value of a single property. Undefined for one that browsers don't know. */
function propertyValue(property: string, text: string, context: PropertyContext): Value | undefined {
  if (/^[+-]?[\d.]+$/.test(text) && !isUndrawn(property, text)) return { value: text, notes: [] }; // most values are numbers
  const notes: string[] = [];
  const note: Note = (part) => notes.push(part);
  const filled = fillVariables(text, context.customProperties);
  if (filled !== text) context.onVariables(text);
  if (filled === undefined) return undefined;
  if (filled === tooLong) return { value: undefined, notes: ['var()'] };
  if (isUndrawn(property, filled.trim()) || (context.isRoot && isUndrawnOnRoot(property, filled.trim()))) {
    return { value: undefined, notes: [property] };
  }
  // In the root's own font size, it stands for the initial one.
  const rem = context.isRoot && property === 'font-size' ? initialFontSize : context.fontSizes.root;
  const value = normalizeValue(property, filled, rem, note);
  return value === undefined && notes.length === 0 ? undefined : { value, notes };
}

type Longhand = [string, Value | 'reset'];

function longhands(property: string, text: string, context: PropertyContext): Longhand[] {
  if (context.isRoot ? property === 'display' : property.startsWith('background')) return [];
  if (isForeignGeometry(property, context.element)) return [];
  const keyword = text.trim().toLowerCase();
  const unknown = property === 'all' ? property : keyword === 'revert-layer' ? keyword : undefined;
  if (unknown !== undefined) return [[property, { value: undefined, notes: [unknown] }]];
  if (keyword === 'initial' && initialValues[property] !== undefined) {
    return [[property, { value: initialValues[property], notes: [] }]];
  }
  if (/^(?:initial|unset|revert)$/.test(keyword)) return [[property, 'reset']];
  const result = propertyValue(property, text, context);
  if (!result) return /var\(/i.test(text) ? [[property, 'reset']] : [];
  const { value, notes } = result;
  if (value === undefined) return [[property === 'background' ? 'background-color' : property, result]];
  const undrawn = (part: string): Longhand[] => [[property, { value: undefined, notes: [...notes, part] }]];
  switch (property) {
    case 'animation':
    case 'animation-name':
      return value === 'none' ? [] : undrawn('animation');
    case 'font': {
      const properties = fontLonghands(value);
      if (!properties) return undrawn('font');
      return properties.flatMap(([name, part]) => longhands(name, part, context));
    }
    case 'background':
      return [['background-color', result]];
    case 'marker':
      return ['marker-start', 'marker-mid', 'marker-end'].map((name) => [name, result]);
    case 'text-decoration-line':
      return [['text-decoration', result]];
    case 'transform': {
      if (!isCssTransform(value)) return [];
      const transform = transformAttribute(value, context.fontSizes);
      return transform === undefined
        ? undrawn('transform')
        : [[transformNames[context.element] ?? 'transform', { value: transform, notes }]];
    }
    case 'd': {
      const path = /^path\(\s*(["'])(.*?)\1\s*\)$/s.exec(value)?.[2];
      return path === undefined ? [] : [['d', { value: path, notes }]];
    }
    case 'mask':
      return [[property, maskWithoutMode(result, value)]];
    case 'white-space':
      return value.startsWith('pre') || value === 'break-spaces' ? [['xml:space', { value: 'preserve', notes }]] : [];
    default:
      return [[property, result]];
  }
}

/** The renderer has the modes of a mask's element only. */
function maskWithoutMode({ notes }: Value, value: string): Value {
  const url = /^(url\([^()]*\))(?:\s+(?:luminance|match-source))?$/.exec(value)?.[1];
  if (url === undefined && !/^(?:none|inherit)$/.test(value)) return { value: undefined, notes: ['mask'] };
  return { value: url ?? value, notes };
}

/** The attribute `transform` that makes up for `transform-origin`, which the renderer doesn't know. */
function withoutOrigin(
  properties: Map<string, string>,
  { viewport, fontSizes, isRoot, note }: PropertyContext,
): Map<string, string> {
  const origin = properties.get('transform-origin');
  const box = properties.get('transform-box') ?? 'view-box';
  const transform = properties.get('transform') ?? '';
  properties.delete('transform-origin');
  properties.delete('transform-box');
  if (transform === '') return properties;
  if (isRoot) note('transform');
  if (box !== 'view-box') note('transform-box');
  if (origin === undefined) return properties;
  const around = transformAround(transform, origin, viewport, fontSizes);
  if (around === undefined) note('transform-origin');
  else properties.set('transform', around);
  return properties;
}
