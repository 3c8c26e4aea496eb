import { imageGlob } from './imageImporter.ts';

/** Whether a name has these letters in this order, with or without others between them. Upper and lower case are the same. */
export function fuzzyMatches(name: string, letters: string): boolean {
  let rest = letters.toLowerCase().replace(/\s/g, '');
  if (rest === '') return false;
  for (const letter of name.toLowerCase()) if (rest.startsWith(letter)) rest = rest.slice(letter.length);
  return rest === '';
}

/**
 * Globs that find image files by what people typed: first names that have it in one piece, then names that have its letters in
 * this order. None for less than two letters.
 */
export function searchGlobs(typed: string): string[] {
  const letters = [...typed.trim()].map(globOfLetter);
  if (letters.length < 2) return [];
  return [letters.join(''), letters.join('*')].map((name) => imageGlob.replace('*.{', `*${name}*.{`));
}

/** A glob for a letter in upper and lower case. Letters with a meaning in globs become "any letter". */
function globOfLetter(letter: string): string {
  const [lower, upper] = [letter.toLowerCase(), letter.toUpperCase()];
  if ('*?{}[],!\\'.includes(letter)) return '?';
  return lower === upper ? letter : `[${lower}${upper}]`;
}
