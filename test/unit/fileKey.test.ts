import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fileKey } from '../../src/storage/fileKey.ts';

const same: [platform: NodeJS.Platform, one: string, other: string][] = [
  ['linux', '/a/rosé.png', '/a/rose\u0301.png'],
  ['darwin', '/a/rosé.png', '/A/ROSE\u0301.PNG'],
  ['win32', 'C:\\Mixes\\Rose.png', 'c:\\mixes\\rose.PNG'],
  ['win32', 'c:\\mixes\\rose.png', 'c:/mixes/rose.png'],
  ['win32', 'c:\\mixes.\\rose.png', 'c:\\mixes\\rose.png. .'],
  ['win32', 'c:\\mixes\\rose.png', '\\\\?\\C:\\mixes\\rose.png'],
  ['win32', '\\\\server\\share\\rosé.png', '\\\\?\\UNC\\Server\\share\\rose\u0301.png'],
];
test.each(same)('on %s, %s is %s', (platform, one, other) => {
  expect(fileKey(one, platform)).toBe(fileKey(other, platform));
});

const different: [platform: NodeJS.Platform, one: string, other: string][] = [
  ['linux', '/a/rose.png', '/a/Rose.png'],
  ['linux', '/a/rose.png', '/a/rose.png.'],
  ['linux', '/a/rose.png', '/a/rose%2Epng'],
  ['linux', '/a\\rose.png', '/a/rose.png'],
  ['darwin', '/a/rose.png', '/a/rosé.png'],
  ['darwin', '/a/rose.png', '/a/rose.png '],
  ['win32', 'c:\\a\\rose.png', 'd:\\a\\rose.png'],
  ['win32', 'c:\\a\\..\\rose.png', 'c:\\a\\rose.png'],
];
test.each(different)("on %s, %s isn't %s", (platform, one, other) => {
  expect(fileKey(one, platform)).not.toBe(fileKey(other, platform));
});

test('the key of a key is the key itself, and neither case nor Unicode form changes it', () => {
  const path = fc
    .array(fc.string({ unit: 'grapheme', minLength: 1 }), { minLength: 1 })
    .map((names) => names.join('/'));
  fc.assert(
    fc.property(path, fc.constantFrom('linux', 'darwin', 'win32'), (any, platform) => {
      const key = fileKey(any, platform);
      expect(fileKey(key, platform)).toBe(key);
      expect(fileKey(any.normalize('NFD'), platform)).toBe(key);
      if (platform !== 'linux') expect(fileKey(any.toUpperCase(), platform)).toBe(key);
    }),
  );
});
