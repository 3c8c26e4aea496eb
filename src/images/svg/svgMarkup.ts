import type { SaxesTagNS } from 'saxes';

export const svgNamespace = 'http://www.w3.org/2000/svg';
export const xlinkNamespace = 'http://www.w3.org/1999/xlink';
export const xhtmlNamespace = 'http://www.w3.org/1999/xhtml';
const xmlNamespace = 'http://www.w3.org/XML/1998/namespace';

/** The attributes of SVG, without prefixes. */
export function plainAttributes({ attributes }: SaxesTagNS): Map<string, string> {
  const plain = new Map<string, string>();
  let link: string | undefined;
  for (const { name, prefix, local, uri, value } of Object.values(attributes)) {
    if (name === 'xmlns' || prefix === 'xmlns') continue;
    if (uri === '') plain.set(local, value);
    else if (uri === xlinkNamespace && local === 'href') link = value;
    else if (uri === xmlNamespace) plain.set(`xml:${local}`, value);
  }
  // Without a prefix, href takes precedence.
  if (link !== undefined && !plain.has('href')) plain.set('href', link);
  return plain;
}

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\n': '&#10;',
  '\r': '&#13;',
  '\t': '&#9;',
};
/** For the content of an element. */
export const escapeText = (text: string) => text.replace(/[&<>\r]/g, (character) => escapes[character] ?? character);

/** For an attribute in double quotes. */
export const escapeAttribute = (text: string) =>
  text.replace(/[&<>"\n\r\t]/g, (character) => escapes[character] ?? character);

const unescaped = new Map(Object.entries(escapes).map(([character, written]) => [written, character]));

/** The text that `escapeAttribute` wrote. */
export const unescapeAttribute = (text: string) =>
  text.replace(/&[#\w]+;/g, (written) => unescaped.get(written) ?? written);
