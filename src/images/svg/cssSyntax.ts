/** A string, also one that isn't closed, or a character that structures CSS. */
const stringOr = (characters: string) =>
  new RegExp(String.raw`"(?:[^"\\]|\\[\s\S])*(?:"|$)|'(?:[^'\\]|\\[\s\S])*(?:'|$)|[${characters}]`, 'g');
const blockToken = stringOr('{};');
const valueToken = stringOr('()\\[\\];,');

/** The rules of a stylesheet without comments. A statement, such as `@import`, has no body. */
export function parseRules(css: string): { prelude: string; body: string | undefined }[] {
  const rules: { prelude: string; body: string | undefined }[] = [];
  let depth = 0;
  let start = 0;
  let bodyStart = 0;
  for (const { 0: text, index } of css.matchAll(blockToken)) {
    if (text === '{' && depth++ === 0) bodyStart = index + 1;
    else if (text === '}' && depth > 0 && --depth === 0) {
      rules.push({ prelude: css.slice(start, bodyStart - 1).trim(), body: css.slice(bodyStart, index) });
      start = index + 1;
    } else if (text === ';' && depth === 0 && css.slice(start, index).trimStart().startsWith('@')) {
      rules.push({ prelude: css.slice(start, index).trim(), body: undefined });
      start = index + 1;
    }
  }
  // At its end, a browser closes what is open.
  if (depth > 0) rules.push({ prelude: css.slice(start, bodyStart - 1).trim(), body: css.slice(bodyStart) });
  return rules;
}

/** Splits at a separator outside of strings and brackets. */
export function splitTopLevel(text: string, separator: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (const { 0: token, index } of text.matchAll(valueToken)) {
    if (token === '(' || token === '[') depth++;
    else if (token === ')' || token === ']') depth--;
    else if (token === separator && depth <= 0) {
      parts.push(text.slice(start, index));
      start = index + 1;
    }
  }
  parts.push(text.slice(start));
  return parts.filter((part) => part.trim() !== '');
}

/** Puts characters in place of their escapes, except for those that would structure the text. */
export function unescapeCss(text: string): string {
  if (!text.includes('\\')) return text;
  return text.replace(
    /\\(?:([\da-f]{1,6})\s?|([^\n]))/gi,
    (whole, code: string | undefined, plain: string | undefined) => {
      const point = Number.parseInt(code ?? '', 16);
      const character = plain ?? (point > 0 && point <= 0x10ffff ? String.fromCodePoint(point) : '\uFFFD');
      return /["'\\(){};,]/.test(character) ? whole : character;
    },
  );
}
