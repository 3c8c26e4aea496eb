import type { Declaration } from './stylesheet.ts';

/** The custom properties that an element has or inherits, by their names. */
export type CustomProperties = ReadonlyMap<string, string>;

/** Those of an element: its own, and those that it inherits. @param declarations in ascending order of precedence. */
export function customPropertiesOf(
  inherited: CustomProperties,
  declarations: readonly Declaration[],
): CustomProperties {
  const own = declarations.filter(({ property }) => property.startsWith('--'));
  if (own.length === 0) return inherited;
  const all = new Map(inherited);
  for (const { property, value } of own) {
    if (value === 'initial') all.delete(property);
    else all.set(property, value);
  }
  return all;
}

/** How long a value may become, in characters, and how many variables it may take. */
const maxLength = 100_000;
const maxVariables = 1000;

/** The value isn't written out: it grows too long, or refers to itself. */
export const tooLong = Symbol('tooLong');

/** Replaces `var(--name, fallback)`. Undefined if there's neither value nor fallback. */
export function fillVariables(value: string, properties: CustomProperties): string | undefined | typeof tooLong {
  return /var\(/i.test(value) ? fill(value, properties, { left: maxVariables }) : value;
}

function fill(
  text: string,
  properties: CustomProperties,
  variables: { left: number },
): ReturnType<typeof fillVariables> {
  let filled = '';
  let rest = text;
  for (;;) {
    const start = /(?<![\w-])var\(/i.exec(rest);
    if (!start) return filled + rest;
    if (--variables.left < 0 || filled.length + rest.length > maxLength) return tooLong;
    const from = start.index + start[0].length;
    const end = closing(rest, from);
    const comma = /^[^,]*,/.exec(rest.slice(from, end))?.[0].length;
    const name = rest.slice(from, comma === undefined ? end : from + comma - 1).trim();
    const found = properties.get(name) ?? (comma === undefined ? undefined : rest.slice(from + comma, end));
    const part = found === undefined ? undefined : fill(found, properties, variables);
    if (part === undefined || part === tooLong) return part;
    filled += rest.slice(0, start.index) + part;
    rest = rest.slice(end + 1);
  }
}

/** Where the bracket that is open at `from` is closed. */
function closing(text: string, from: number): number {
  let depth = 1;
  for (let at = from; at < text.length; at++) {
    if (text[at] === '(') depth++;
    else if (text[at] === ')' && --depth === 0) return at;
  }
  return text.length;
}
