import { parseRules, splitTopLevel } from './cssSyntax.ts';
import { transformAround, transformAttribute } from './cssTransform.ts';
import { type Note, normalizeValue, type Variables } from './cssValues.ts';
import { fontFamilies, fontLonghands } from './fontProperties.ts';

/** A font that a stylesheet brings along. */
export interface FontFace {
  readonly family: string;
  /** Base64 or percent encoded. */
  readonly dataUri: string;
}

/** Collects what a document needs while its styles are written for the renderer. */
export interface StyleContext {
  /** The size of the view box. */
  readonly viewport: { readonly width: number; readonly height: number };
  readonly variables: Variables;
  /** The classes that elements have. Other rules have no effect, so that nothing in them is noted. */
  readonly classes: ReadonlySet<string>;
  readonly note: Note;
  readonly onFamilies: (names: readonly string[]) => void;
  readonly onFontFace: (face: FontFace) => void;
  /** Called with the declarations of a rule for the root. */
  readonly onRootRule: (declarations: string) => void;
}

/** Properties that the renderer reads from attributes only. */
const geometry = ['x', 'y', 'width', 'height', 'cx', 'cy', 'r', 'rx', 'ry', 'd'];
const attributesOnly = new Set([...geometry, 'xml:space', 'transform', 'transform-origin']);
/** Properties that browsers draw and the renderer doesn't, unless they have one of these values. */
const unknownProperties: Readonly<Record<string, readonly string[]>> = {
  'vector-effect': ['none'],
  'transform-box': ['view-box', 'border-box'],
  'text-transform': ['none'],
  'text-shadow': ['none'],
  'backdrop-filter': ['none'],
  'mask-image': ['none'],
  'offset-path': ['none'],
  translate: ['none'],
  rotate: ['none', '0'],
  scale: ['none', '1'],
};

/** How deep rules are nested in `@media` and `@layer`. */
const maxNesting = 16;

interface Declarations {
  /** Without those that became attributes. */
  readonly text: string;
  readonly attributes: ReadonlyMap<string, string>;
}

/** The declarations of a style attribute or a rule, as the renderer knows them. */
export function normalizeDeclarations(css: string, context: StyleContext): Declarations {
  const attributes = new Map<string, string>();
  const kept = new Map<string, string>();
  for (const declaration of splitTopLevel(css, ';')) {
    const colon = declaration.indexOf(':');
    const property = declaration.slice(0, colon).trim().toLowerCase();
    if (colon < 0 || property.startsWith('--')) continue;
    const raw = declaration.slice(colon + 1).trim();
    const important = /\s*!\s*important$/i.exec(raw)?.[0] ?? '';
    for (const [name, value] of longhands(property, raw.slice(0, raw.length - important.length), context)) {
      if (attributesOnly.has(name)) attributes.set(name, value);
      else kept.set(name, `${name}:${value}${important === '' ? '' : ' !important'}`);
    }
  }
  return { text: [...kept.values()].join(';'), attributes };
}

/** The attribute `transform` that makes up for `transform-origin`, which the renderer doesn't know. */
export function withoutOrigin(properties: Map<string, string>, { viewport, note }: StyleContext): void {
  const origin = properties.get('transform-origin');
  const transform = properties.get('transform');
  properties.delete('transform-origin');
  if (origin === undefined || transform === undefined || transform === '') return;
  const around = transformAround(transform, origin, viewport);
  if (around === undefined) note('transform-origin');
  else properties.set('transform', around);
}

/** A presentation attribute, or a property with a single value, as the renderer knows it. */
export function normalizeProperty(property: string, raw: string, context: StyleContext): string {
  const value = normalizeValue(property, raw, context.variables, context.note);
  if (property === 'font-family') return fontFamilies(value, context.onFamilies);
  const known = unknownProperties[property];
  if (known && !known.includes(value)) context.note(property);
  return value;
}

function longhands(property: string, raw: string, context: StyleContext): [string, string][] {
  const value = normalizeProperty(property, raw, context);
  if (property.startsWith('animation') && value !== 'none') {
    context.note('animation');
    return [];
  }
  switch (property) {
    case 'font': {
      const properties = fontLonghands(value);
      if (!properties) context.note('font');
      return (properties ?? []).map(([name, part]) => [name, normalizeProperty(name, part, context)]);
    }
    case 'transform': {
      const transform = transformAttribute(value);
      if (transform === undefined) context.note('transform');
      return transform === undefined ? [] : [['transform', transform]];
    }
    case 'd': {
      const path = /^path\(\s*(["'])(.*?)\1\s*\)$/s.exec(value)?.[2];
      return path === undefined ? [] : [['d', path]];
    }
    case 'image-rendering':
      return [
        [property, /^(?:pixelated|crisp-edges|-webkit-optimize-contrast)$/.test(value) ? 'optimizeSpeed' : value],
      ];
    case 'white-space':
      return value.startsWith('pre') || value === 'break-spaces' ? [['xml:space', 'preserve']] : [];
    default:
      return [[property, value]];
  }
}

/** A stylesheet with only the rules that the renderer knows. What it doesn't know is noted. */
export function normalizeStylesheet(css: string, context: StyleContext, depth = 0): string {
  if (depth > maxNesting) {
    context.note('nested CSS');
    return '';
  }
  const out: string[] = [];
  for (const { prelude, body } of parseRules(css.replace(/\/\*[\s\S]*?(?:\*\/|$)|<!--|-->/g, ' '))) {
    if (prelude.startsWith('@')) out.push(atRule(prelude, body, context, depth));
    else if (body !== undefined) out.push(styleRule(prelude, body, context));
  }
  return out.join('\n');
}

function atRule(prelude: string, body: string | undefined, context: StyleContext, depth: number): string {
  const [name = ''] = prelude.split(/[\s(]/, 1);
  const condition = prelude.slice(name.length).trim().toLowerCase();
  switch (name.toLowerCase()) {
    case '@charset':
    case '@namespace':
    case '@page':
    case '@property':
    case '@keyframes': // noted where it's used
    case '@-webkit-keyframes':
      return '';
    case '@layer':
      return body === undefined ? '' : normalizeStylesheet(body, context, depth + 1);
    case '@media':
      if (isScreen(condition)) return normalizeStylesheet(body ?? '', context, depth + 1);
      if (!isOther(condition)) context.note('@media');
      return '';
    case '@font-face':
      fontFace(body ?? '', context);
      return '';
    default:
      context.note(name.toLowerCase());
      return '';
  }
}

const isScreen = (media: string) =>
  /^(?:(?:only\s+)?(?:all|screen)(?:\s+and\s+)?)?(?:\((?:prefers-color-scheme:\s*light|prefers-reduced-motion:\s*no-preference)\))?$/.test(
    media,
  );
const isOther = (media: string) =>
  /^(?:(?:only\s+)?screen\s+and\s+)?(?:print|speech|\((?:prefers-color-scheme:\s*dark|prefers-reduced-motion(?::\s*reduce)?|prefers-contrast:\s*\w+|forced-colors:\s*active)\))/.test(
    media,
  );

function fontFace(body: string, context: StyleContext): void {
  const value = (name: string) =>
    splitTopLevel(body, ';')
      .map((declaration) => new RegExp(`^\\s*${name}\\s*:([\\s\\S]*)$`, 'i').exec(declaration)?.[1]?.trim())
      .find((found) => found !== undefined);
  const family = value('font-family')?.replace(/^["']|["']$/g, '');
  const dataUri = /url\(\s*["']?(data:[^"')]*)/i.exec(value('src') ?? '')?.[1];
  if (family && dataUri) context.onFontFace({ family, dataUri });
  else context.note('@font-face');
}

/** Pseudo-classes that never match in an image, and pseudo-elements that graphics don't have. */
const neverMatches =
  /::|:(?:hover|focus(?:-\w+)*|active|visited|target|link|any-link|checked|disabled|enabled|before|after|first-line|first-letter)\b/;

/** Whether there are elements of all classes in a selector. Doesn't look at those with escapes. */
function hasClasses(selector: string, classes: ReadonlySet<string>): boolean {
  const named = selector.replace(/\[[^\]]*\]/g, '').matchAll(/\.((?:[\w-]|[^\0-\x7f])+)/g);
  return selector.includes('\\') || [...named].every(([, name = '']) => classes.has(name));
}

function styleRule(prelude: string, body: string, context: StyleContext): string {
  const selectors = splitTopLevel(prelude, ',')
    .map((selector) => selector.trim().replace(/:root\b/g, 'svg'))
    .filter((selector) => !neverMatches.test(selector) && hasClasses(selector, context.classes))
    .filter((selector) => {
      const unknown = /:(?!first-child\b)[\w-]+|[~&](?!=)|\|\|/.exec(selector.replace(/"[^"]*"|'[^']*'/g, '""'))?.[0];
      if (unknown) context.note(unknown.length > 1 ? unknown : `CSS selector ${unknown}`);
      return !unknown;
    });
  if (selectors.length === 0) return '';
  if (body.includes('{')) {
    context.note('nested CSS');
    return '';
  }
  const { text, attributes } = normalizeDeclarations(body, context);
  const isRoot = selectors.every((selector) => selector === 'svg');
  if (isRoot) context.onRootRule(text);
  const properties = new Map(attributes);
  if (properties.has('transform-origin') && !properties.has('transform')) context.note('transform-origin');
  withoutOrigin(properties, context);
  const transform = properties.get('transform');
  properties.delete('transform');
  if (!isRoot) for (const name of properties.keys()) context.note(name === 'xml:space' ? 'white-space' : `CSS ${name}`);
  const declarations = [text, transform === undefined ? '' : `transform:${transform}`].filter((part) => part !== '');
  return declarations.length === 0 ? '' : `${selectors.join(',')}{${declarations.join(';')}}`;
}
