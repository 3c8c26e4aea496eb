import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { MixFailure } from '../../src/mix/failure.ts';
import { english } from '../../src/app/messages/english.ts';
import { Words } from '../../src/app/messages/messages.ts';

const root = join(import.meta.dirname, '..', '..');
const read = (file: string) => readFileSync(join(root, file), 'utf8');
const texts = (file: string) => z.record(z.string(), z.string().min(1)).parse(JSON.parse(read(file)));

const sentences: string[] = [...new Set(Object.values(english))];
const titles = texts('package.nls.json');
const bundle = texts('l10n/bundle.l10n.de.json');
const germanTitles = texts('package.nls.de.json');
const titlePairs = Object.entries(titles).map(([key, title]): [string, string] => [title, germanTitles[key] ?? '']);
/** Each English text with its German one. */
const pairs = [...Object.entries(bundle), ...titlePairs];

/** Names, and words that German has taken over. */
const same = ['Image Mixer', 'Prompt', 'Seed', 'Seed {seed}'];

/** What is filled in, or typed as it stands: placeholders, code, settings, environment variables. */
function verbatim(text: string): string[] {
  const found = text.match(/\{\w+\}|`[^`]+`|\b(?:imageMixer|http)(?:\.\w+)+|\b[A-Z]+(?:_[A-Z]+)+\b/g);
  return [...new Set(found)].sort();
}

describe('German', () => {
  test('has every sentence, and none that is no longer said', () => {
    const translated = new Set(Object.keys(bundle));
    expect(sentences.filter((sentence) => !translated.has(sentence))).toEqual([]);
    expect(Object.keys(bundle).filter((sentence) => !sentences.includes(sentence))).toEqual([]);
  });

  test('has every string of the manifest, and no other', () => {
    expect(Object.keys(germanTitles)).toEqual(Object.keys(titles));
  });

  test('keeps placeholders, code and the names of settings as they are', () => {
    expect(pairs.map(([, german]) => verbatim(german))).toEqual(pairs.map(([source]) => verbatim(source)));
  });

  test('leaves nothing in English', () => {
    const hasWords = (text: string) => /\p{L}/u.test(text.replace(/\{\w+\}/g, ''));
    const untranslated = pairs
      .filter(([source, german]) => source === german && hasWords(source))
      .map(([source]) => source);
    expect([...new Set(untranslated)].sort()).toEqual(same);
  });

  test('calls buttons and commands by the names that they have in German', () => {
    const german = new Map(pairs);
    const named = pairs.flatMap(([source, translation]) =>
      [...source.matchAll(/“(Image Mixer: )?(.+?)”/g)].map(([, category = '', name = '']) => ({
        translation,
        label: `„${category}${german.get(name)}“`,
      })),
    );
    expect(named.length).toBeGreaterThan(5);
    expect(named.filter(({ translation, label }) => !translation.includes(label))).toEqual([]);
  });

  test('is what failures, notices and the panel speak', () => {
    const words = new Words((sentence) => bundle[sentence] ?? sentence);
    const failure = new MixFailure('invalid-recipe/out-of-range', {
      args: { field: 'guidanceScale', value: 99, min: 1, max: 20 },
    });
    expect(words.failure(failure)).toBe('Führungsskala: 99 ist nicht zulässig. Geben Sie eine Zahl von 1 bis 20 ein.');
    expect(words.notice({ code: 'ignored', args: { part: 'negativePrompt' } })).toBe(
      'Bei dieser Engine ohne Wirkung: negativer Prompt.',
    );
    expect(words.strings['panel.mix']).toBe('Mischen');
  });

  test('is where VS Code looks for it, and is packaged', () => {
    expect(JSON.parse(read('package.json'))).toMatchObject({ l10n: './l10n' });
    expect(read('.vscodeignore').split('\n')).toEqual(expect.arrayContaining(['!l10n/*.json', '!package.nls.*.json']));
  });
});
