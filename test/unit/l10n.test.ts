import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { Messages, sentences } from '../../src/app/messages/messages.ts';
import { MixFailure } from '../../src/mix/failure.ts';

const root = join(import.meta.dirname, '..', '..');
const read = (file: string) => readFileSync(join(root, file), 'utf8');
const texts = (file: string) => z.record(z.string(), z.string().min(1)).parse(JSON.parse(read(file)));

const titles = texts('package.nls.json');
const bundle = texts('l10n/bundle.l10n.de.json');
const germanTitles = texts('package.nls.de.json');
const titlePairs = Object.entries(titles).map(([key, title]): [string, string] => [title, germanTitles[key] ?? '']);
/** Each English text and its translation. */
const pairs = [...Object.entries(bundle), ...titlePairs];

/** Names, and words that German uses too. */
const same = ['ComfyUI', 'Details', 'Engine', 'Image Mixer', 'Prompt', 'Seed', 'Seed {seed}', 'Workflow'];

/** What must be the same in both languages: placeholders, code, settings, environment variables. */
function verbatim(text: string): string[] {
  const found = text.match(/\{\w+\}|`[^`]+`|\b(?:imageMixer|http)(?:\.\w+)+|\b[A-Z]+(?:_[A-Z]+)+\b/g);
  return [...new Set(found)].sort();
}

describe('German', () => {
  test('covers every sentence and no others', () => {
    const translated = new Set(Object.keys(bundle));
    expect(sentences.filter((sentence) => !translated.has(sentence))).toEqual([]);
    expect(Object.keys(bundle).filter((sentence) => !sentences.includes(sentence))).toEqual([]);
  });

  test('covers every string of the manifest and no others', () => {
    expect(Object.keys(germanTitles)).toEqual(Object.keys(titles));
  });

  test('keeps placeholders, code, and setting names', () => {
    expect(pairs.map(([, german]) => verbatim(german))).toEqual(pairs.map(([source]) => verbatim(source)));
  });

  test('leaves nothing in English', () => {
    const hasWords = (text: string) => /\p{L}/u.test(text.replace(/\{\w+\}/g, ''));
    const untranslated = pairs
      .filter(([source, german]) => source === german && hasWords(source))
      .map(([source]) => source);
    expect([...new Set(untranslated)].sort()).toEqual(same);
  });

  test('refers to buttons and commands by their German names', () => {
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

  test('is used for failures, notices, and the panel', () => {
    const messages = new Messages((sentence) => bundle[sentence] ?? sentence);
    const failure = new MixFailure('invalid-recipe/out-of-range', {
      args: { field: 'guidanceScale', value: 99, min: 1, max: 20 },
    });
    expect(messages.failure(failure)).toBe(
      'Guidance-Skala: 99 ist nicht zulässig. Geben Sie eine Zahl von 1 bis 20 ein.',
    );
    expect(messages.notice({ code: 'ignored', args: { part: 'negativePrompt' } })).toBe(
      'Bei dieser Engine ohne Wirkung: Negativ-Prompt.',
    );
    expect(messages.panelStrings()['panel.mix']).toBe('Mischen');
  });

  test('is packaged where VS Code looks for it', () => {
    expect(JSON.parse(read('package.json'))).toMatchObject({ l10n: './l10n' });
    expect(read('.vscodeignore').split('\n')).toEqual(expect.arrayContaining(['!l10n/*.json', '!package.nls.*.json']));
  });
});
