import { parse, relative, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Result } from './resultStore.ts';

type Write = (address: string, alt: string) => string;

const markdown: Write = (address, alt) => `![${alt.replace(/[\\[\]]/g, '\\$&').replace(/\s+/g, ' ')}](${address})`;
const html: Write = (address, alt) => `<img src="${escapeAttribute(address)}" alt="${escapeAttribute(alt)}">`;
const css: Write = (address) => `url("${address}")`;

/** How each language of VS Code writes an image. */
const languages: ReadonlyMap<string, Write> = new Map([
  ['markdown', markdown],
  ['mdx', markdown],
  ['html', html],
  ['css', css],
  ['scss', css],
  ['less', css],
]);

/** Whether a language, by its id in VS Code, can show an image. */
export function canShowImages(language: string): boolean {
  return languages.has(language);
}

/**
 * The link to a result in the syntax of a language, relative to the folder of the document.
 * @throws RangeError for a language that can't show images.
 */
export function resultLink(language: string, folder: string, result: Pick<Result, 'path' | 'recipe'>): string {
  const write = languages.get(language);
  if (!write) throw new RangeError(`${language} can't show images`);
  return write(addressOf(folder, result.path), result.recipe.prompt.trim() || parse(result.path).name);
}

/** Relative and percent-encoded, so that spaces, brackets and quotation marks don't end the address early. */
function addressOf(folder: string, file: string): string {
  const path = relative(folder, file);
  const isElsewhere = /^(?:[A-Za-z]:|\\\\)/.test(path); // another drive
  if (isElsewhere) return pathToFileURL(file).href;
  const code = (letter: string) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`;
  return path
    .split(sep)
    .map((name) => encodeURIComponent(name).replace(/['()]/g, code))
    .join('/');
}

/** Text for an HTML attribute in double quotes. */
export function escapeAttribute(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;');
}
