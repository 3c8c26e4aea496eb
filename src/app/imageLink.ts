import { relative, sep } from 'node:path';
import { pathToFileURL } from 'node:url';

type Write = (address: string, alt: string) => string;

const markdown: Write = (address, alt) => `![${alt.replace(/[\\[\]]/g, '\\$&').replace(/\s+/g, ' ')}](${address})`;
const html: Write = (address, alt) => `<img src="${attribute(address)}" alt="${attribute(alt)}">`;
const css: Write = (address) => `url("${address}")`;

/** How each language of VS Code writes a picture. */
const languages: ReadonlyMap<string, Write> = new Map([
  ['markdown', markdown],
  ['mdx', markdown],
  ['html', html],
  ['css', css],
  ['scss', css],
  ['less', css],
]);

/** Whether a language, by its id in VS Code, can hold a link to a picture. */
export function holdsPictures(language: string): boolean {
  return languages.has(language);
}

/**
 * The link to a picture as a language writes it, relative to the folder of the text.
 * @param alt what the picture shows. @throws RangeError for a language that holds no pictures.
 */
export function pictureLink(language: string, folder: string, picture: string, alt: string): string {
  const write = languages.get(language);
  if (!write) throw new RangeError(`No pictures in ${language}`);
  return write(addressOf(folder, picture), alt);
}

/** Relative and percent-encoded, so that blanks, brackets and quotation marks end nothing early. */
function addressOf(folder: string, picture: string): string {
  const path = relative(folder, picture);
  const isElsewhere = /^(?:[A-Za-z]:|\\\\)/.test(path); // another drive
  if (isElsewhere) return pathToFileURL(picture).href;
  const code = (letter: string) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`;
  return path
    .split(sep)
    .map((name) => encodeURIComponent(name).replace(/['()]/g, code))
    .join('/');
}

function attribute(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;');
}
