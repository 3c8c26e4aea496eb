import { basename, extname } from 'node:path';
import filenamify from 'filenamify';

/** The values of the placeholders in a file name template. */
export interface NameParts {
  /** The mix's display name: its prompt, or the names of its images. */
  readonly name: string;
  readonly seed: number;
  /** From 0; in the file name, from 1. */
  readonly index: number;
}

const maxSlugLength = 60;
/** UTF-8 bytes. Some file systems allow at most 143, and a number and an extension may follow. */
const maxBytes = 120;

/** Fills in `{name}`, `{seed}` and `{index}`. Returns one path segment without extension that is valid on every file system. */
export function renderFileName(template: string, { name, seed, index }: NameParts): string {
  const fill = (slug: string) =>
    template.replace(/\{(name|seed|index)\}/g, (_, part: string) =>
      part === 'name' ? slug : String(part === 'seed' ? seed : index + 1),
    );
  // Only the name is shortened, so that seed and index are kept.
  const slug = slugOf(name);
  const excess = Buffer.byteLength(fill(slug)) - maxBytes;
  const fitting = excess > 0 ? cut(slug, Buffer.byteLength(slug) - excess) : slug;
  return safeSegment(fill(fitting)) || `mix-${seed}-${index + 1}`;
}

/** Lower-case words of letters and digits of any script, joined by hyphens; `mix` if nothing is left. */
export function slugOf(name: string): string {
  const words = name
    .normalize('NFC')
    .toLowerCase()
    .split(/[^\p{L}\p{M}\p{N}]+/u);
  let slug = '';
  for (const word of words.filter(Boolean)) {
    if (slug && slug.length + word.length >= maxSlugLength) break;
    slug += slug ? `-${word}` : word;
  }
  return cut(slug, maxBytes) || 'mix';
}

/** Makes a name safe as a path segment: no separator, no reserved name, no leading dot, not too long. May return an empty string. */
export function safeSegment(name: string): string {
  const safe = cut(filenamify(name, { replacement: '-', maxLength: maxBytes }), maxBytes);
  // Cutting and trimming can produce a reserved name, so the library runs once more.
  return filenamify(safe.replace(/^[.\s]+/, ''), { replacement: '', maxLength: maxBytes });
}

/** A file's name, without its folder, as one that is valid on every file system. The extension stays if it can. */
export function safeFileName(path: string): string {
  const extension = safeSegment(extname(path).slice(1));
  const stem = safeSegment(basename(path, extname(path))) || 'image';
  return extension === '' ? stem : `${stem}.${extension}`;
}

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** The longest prefix of a text that fits in `bytes` of UTF-8, cut between graphemes. */
function cut(text: string, bytes: number): string {
  let kept = '';
  let length = 0;
  for (const { segment } of graphemes.segment(text)) {
    length += Buffer.byteLength(segment);
    if (length > bytes) break;
    kept += segment;
  }
  return kept.replace(/-+$/, '');
}
