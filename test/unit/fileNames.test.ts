import { posix, win32 } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { renderFileName, safeFileName, slugOf } from '../../src/output/fileNames.ts';

const usual = '{name}-{seed}-{index}';

test('names a result after its mix', () => {
  expect(renderFileName(usual, { name: 'Rose man', seed: 12345, index: 0 })).toBe('rose-man-12345-1');
  expect(renderFileName('Take {index} of {name}', { name: 'a', seed: 1, index: 2 })).toBe('Take 3 of a');
});

test.each([
  ['', 'mix'],
  ['?!', 'mix'],
  ['  Rose, man! ', 'rose-man'],
  ['Überraschung im Café', 'überraschung-im-café'],
  ['猫と薔薇', '猫と薔薇'],
  ['../../etc/passwd', 'etc-passwd'],
  [
    'one two three four five six seven eight nine ten eleven twelve thirteen',
    'one-two-three-four-five-six-seven-eight-nine-ten-eleven',
  ],
])('the slug of %j is %j', (name, slug) => {
  expect(slugOf(name)).toBe(slug);
});

test.each([
  ['{name}/{seed}', 'rose-7'],
  ['../{name}', '-rose'],
  ['..', 'mix-7-1'],
  ['', 'mix-7-1'],
  ['.{name}', 'rose'],
  ['con', 'con!'],
  ['nul.{name}', 'nul-.rose'],
  ['a\0b', 'a-b'],
])('the template %j gives %j', (template, expected) => {
  expect(renderFileName(template, { name: 'rose', seed: 7, index: 0 })).toBe(expected);
});

test('cuts a long name, but not the seed and index', () => {
  const name = renderFileName(usual, { name: '猫'.repeat(300), seed: 4294967295, index: 3 });
  expect(name).toMatch(/^猫+-4294967295-4$/);
});

test.each([
  ['/a/cap-10:15.png', 'cap-10-15.png'],
  ['CON.png', 'CON!.png'],
  ['a.png. ', 'a.png'],
  ['.png', 'png'],
  ['..', 'image'],
  ['?.jpg', 'image.jpg'],
  [`${'ä'.repeat(200)}.png`, `${'ä'.repeat(60)}.png`],
])('%j is kept as %j', (path, name) => expect(safeFileName(path)).toBe(name));

test('always returns one valid path segment', () => {
  const reserved = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i;
  const template = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc
      .array(fc.constantFrom('{name}', '{seed}', '{index}', '/', '\\', '..', '.', ' ', '-', ':', 'con', '\0', '猫'))
      .map((parts) => parts.join('')),
  );
  const parts = fc.record({ name: fc.string({ unit: 'binary', maxLength: 200 }), seed: fc.nat(), index: fc.nat(3) });
  fc.assert(
    fc.property(template, parts, (pattern, given) => {
      const name = renderFileName(pattern, given);
      expect(name).not.toBe('');
      expect(name).not.toMatch(/[/\\:*?"<>|\p{Cc}]/u);
      expect(name).not.toMatch(/^\.|[. ]$/);
      expect(name).not.toMatch(reserved);
      expect(Buffer.byteLength(name)).toBeLessThanOrEqual(124);
      expect(posix.basename(posix.join('/mixes', name))).toBe(name);
      expect(win32.basename(win32.join('C:\\mixes', name))).toBe(name);
    }),
    { numRuns: 300 },
  );
});
