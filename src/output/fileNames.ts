import filenamify from 'filenamify';

/** What the placeholders of a file-name template stand for. */
export interface NameParts {
  /** What people call the mix: its prompt, or the names of its images. */
  readonly name: string;
  readonly seed: number;
  /** From 0; shown counting from 1. */
  readonly index: number;
}

const maxSlugLength = 60;
/** Bytes of UTF-8: some file systems allow no more than 143, and an extension and a number may follow. */
const maxBytes = 120;

/** Fills `{name}`, `{seed}` and `{index}`; the result is one path segment that every file system takes, without extension. */
export function renderFileName(template: string, { name, seed, index }: NameParts): string {
  const fill = (slug: string) =>
    template.replace(/\{(name|seed|index)\}/g, (_, part: string) =>
      part === 'name' ? slug : String(part === 'seed' ? seed : index + 1),
    );
  // The name gives way, so that seed and number stay whole.
  const slug = slugOf(name);
  const excess = Buffer.byteLength(fill(slug)) - maxBytes;
  const fitting = excess > 0 ? cut(slug, Buffer.byteLength(slug) - excess) : slug;
  return safeSegment(fill(fitting)) || `mix-${seed}-${index + 1}`;
}

/** Lower case, letters and digits of any script, hyphens between them; `mix` where nothing is left. */
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

/** A name as a segment of a path: no separator, no reserved name, no leading dot, never too long; may be empty. */
export function safeSegment(name: string): string {
  const safe = cut(filenamify(name, { replacement: '-', maxLength: maxBytes }), maxBytes);
  // Cutting and trimming can leave what is reserved, so the library has the last word.
  return filenamify(safe.replace(/^[.\s]+/, ''), { replacement: '', maxLength: maxBytes });
}

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** The longest start of a text that takes no more than `bytes` of UTF-8, cut between whole characters. */
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
