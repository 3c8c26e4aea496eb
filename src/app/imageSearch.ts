import { imageGlob } from './imageImporter.ts';

/** Whether a name has these letters in this order, with or without others between them. Ignores case and the form of Unicode. */
export function fuzzyMatches(name: string, letters: string): boolean {
  let rest = letters.normalize('NFC').toLowerCase().replace(/\s/g, '');
  if (rest === '') return false;
  for (const letter of name.normalize('NFC').toLowerCase())
    if (rest.startsWith(letter)) rest = rest.slice(letter.length);
  return rest === '';
}

/**
 * Globs that find image files by what the user typed: first names that contain it, then names that have its letters in
 * this order. None for fewer than two letters.
 */
export function searchGlobs(typed: string): string[] {
  const letters = [...typed.normalize('NFC').trim()].map(globOfLetter);
  if (letters.length < 2) return [];
  return [letters.join(''), letters.join('*')].map((name) => imageGlob.replace('*.{', `*${name}*.{`));
}

/** A glob for a letter in upper and lower case, composed or not (macOS lists the second). Characters with a meaning in globs match any character. */
function globOfLetter(letter: string): string {
  const [lower, upper] = [letter.toLowerCase(), letter.toUpperCase()];
  if ('*?{}[],!\\'.includes(letter)) return '?';
  const inOneForm = lower === upper ? letter : `[${lower}${upper}]`;
  const [base = '', ...marks] = letter.normalize('NFD');
  return marks.length === 0 ? inOneForm : `{${inOneForm},${globOfLetter(base)}${marks.join('')}}`;
}
