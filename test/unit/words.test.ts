import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { failureCodes, MixFailure } from '../../src/mix/failure.ts';
import { displayNames, fill } from '../../src/mix/displayNames.ts';
import { english } from '../../src/app/messages/english.ts';
import { Words } from '../../src/app/messages/messages.ts';

const root = join(import.meta.dirname, '..', '..');
const sentences: Record<string, string> = english;

test('every failure code has its sentence', () => {
  expect(failureCodes.filter((code) => !sentences[`failure.${code}`])).toEqual([]);
});

test('every reason and notice that the lower rooms give has its sentence', () => {
  const folders = ['mix', 'images', 'engines', 'output', 'jobs'];
  const files = folders.flatMap((folder) =>
    readdirSync(join(root, 'src', folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .map((file) => readFileSync(join(root, 'src', folder, file), 'utf8')),
  );
  const said = new Set(Object.keys(sentences).map((id) => id.replace(/^.*\//, '')));
  const reasons = files.flatMap((text) => [...text.matchAll(/reason: '([a-z-]+)'/g)].map(([, reason]) => reason ?? ''));
  expect(reasons.length).toBeGreaterThan(20);
  expect([...new Set(reasons)].filter((reason) => !said.has(reason))).toEqual([]);
});

test('a failure names the image, and fields by their label', () => {
  const words = new Words();
  const failure = new MixFailure('unreadable-image/truncated').forImage(1, 'boy.jpg');
  expect(words.failure(failure)).toMatch(/^boy\.jpg: /);
  const range = new MixFailure('invalid-recipe/out-of-range', {
    args: { field: 'guidanceScale', value: 99, min: 1, max: 20 },
  });
  expect(words.failure(range)).toBe('Guidance scale is 99. Enter a number from 1 to 20.');
});

test('names in a list are the shortest that tell them apart', () => {
  expect(displayNames(['a/rose.jpg', 'b/rose.jpg', 'boy.png', 'boy.png'])).toEqual([
    'a/rose.jpg',
    'b/rose.jpg',
    'boy.png',
    'boy.png (2)',
  ]);
});

test('placeholders without an argument stay', () => {
  expect(fill('{a} and {b}', { a: 1 })).toBe('1 and {b}');
});
