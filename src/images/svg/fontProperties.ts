import { splitTopLevel } from './cssSyntax.ts';
import { escapeAttribute, unescapeAttribute } from './svgMarkup.ts';

/** Keywords for families of the system, and the five of CSS 2 that they stand for. */
const generic: Readonly<Record<string, string>> = {
  serif: 'serif',
  'sans-serif': 'sans-serif',
  monospace: 'monospace',
  cursive: 'cursive',
  fantasy: 'fantasy',
  'system-ui': 'sans-serif',
  'ui-sans-serif': 'sans-serif',
  'ui-rounded': 'sans-serif',
  'ui-serif': 'serif',
  'ui-monospace': 'monospace',
};

/** Precedes the name of a family in a prepared document, where the name of an installed font is put later. */
export const familyMark = '\uE000';

/** A list of font families as the renderer knows it. Names are marked for `resolveFamilies`. */
export function fontFamilies(value: string, onFamilies: (names: readonly string[]) => void): string {
  if (/^(?:inherit|initial|unset|revert|revert-layer)$/i.test(value)) return value;
  const families = splitTopLevel(value, ',').map((part) => {
    const name = part.trim();
    return /^(["']).*\1$/s.test(name) ? name.slice(1, -1) : (generic[name.toLowerCase()] ?? name);
  });
  const names = families.map((name) =>
    name
      .replace(/['"\\]/g, '')
      .replace(/\s+/g, ' ')
      .trim(),
  );
  onFamilies(names);
  return names.map((name) => `'${familyMark}${name}'`).join(',');
}

/** Puts the names of `resolve` in place of each marked family. */
export function resolveFamilies(text: string, resolve: (name: string) => readonly string[]): string {
  return text.replace(new RegExp(`'${familyMark}([^']*)'`, 'g'), (_, name: string) =>
    resolve(unescapeAttribute(name))
      .map((family) => `'${escapeAttribute(family.replaceAll("'", ''))}'`)
      .join(','),
  );
}

const size =
  /^(?:[+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[a-z]+|%)?|(?:xx?-)?(?:small|large)|xxx-large|medium|smaller|larger)(?:\s*\/\s*[^\s]+)?$/i;
const slant = /^(?:italic|oblique)$/i;
const weight = /^(?:bold|bolder|lighter|[1-9]\d{0,2}|1000)$/i;
const width = /^(?:(?:ultra|extra|semi)-)?(?:condensed|expanded)$/i;

/** The properties that `font` sets. Undefined for one that names a font of the system's dialogs. */
export function fontLonghands(value: string): [string, string][] | undefined {
  const words = value.replace(/\s*\/\s*/g, '/').split(/\s+/);
  const at = words.findIndex(
    (word, index) =>
      size.test(word) && !(weight.test(word) && index + 2 < words.length && size.test(words[index + 1] ?? '')),
  );
  const family = words.slice(at + 1).join(' ');
  if (at < 0 || family === '') return undefined;
  const found = { 'font-style': 'normal', 'font-variant': 'normal', 'font-weight': 'normal', 'font-stretch': 'normal' };
  for (const word of words.slice(0, at)) {
    if (slant.test(word)) found['font-style'] = word;
    else if (/^small-caps$/i.test(word)) found['font-variant'] = word;
    else if (weight.test(word)) found['font-weight'] = word;
    else if (width.test(word)) found['font-stretch'] = word;
    else if (word !== 'normal') return undefined;
  }
  return [...Object.entries(found), ['font-size', words[at]?.split('/')[0] ?? ''], ['font-family', family]];
}
