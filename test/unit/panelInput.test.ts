import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readUriList, readUris } from '../../src/webview/imageTransfer.ts';
import { formatNumber, parseNumber, stepNumber } from '../../src/webview/model/typedNumber.ts';

test('typed text becomes a number, or stays as typed', () => {
  for (const [text, value] of [
    ['0.3', 0.3],
    ['0,3', 0.3],
    ['0.', 0],
    [' 7 ', 7],
    ['-1', -1],
    ['', ''],
    ['x', 'x'],
    ['1e3', '1e3'],
    ['1.2.3', '1.2.3'],
  ] as const) {
    expect(parseNumber(text)).toBe(value);
  }
});

test('every formatted number parses to itself', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 10_000 }), (n) => {
      expect(parseNumber(formatNumber(n / 100))).toBe(n / 100);
    }),
  );
});

test('steps land on multiples of the step and stay in range', () => {
  const range = { min: 0, max: 1, step: 0.05 };
  expect(stepNumber(0.3, 1, range)).toBe(0.35);
  expect(stepNumber(0.33, 1, range)).toBe(0.35);
  expect(stepNumber(0.33, -1, range)).toBe(0.3);
  expect(stepNumber(0.98, 1, range)).toBe(1);
  expect(stepNumber('x', -1, range)).toBe(0);
  expect(stepNumber(768, 1, { min: 64, max: 1024, step: 64 })).toBe(832);
});

test('a URI list is read without its comments', () => {
  expect(readUriList('# from the Explorer\r\nfile:///a%20b.png\r\nvscode-remote://host/c.png\r\n')).toEqual([
    'file:///a%20b.png',
    'vscode-remote://host/c.png',
  ]);
});

test('text counts as URIs only if it contains nothing else', () => {
  expect(readUris(' https://example.com/a.png\nhttps://example.com/b.png ')).toHaveLength(2);
  expect(readUris('see https://example.com/a.png')).toEqual([]);
  expect(readUris('')).toEqual([]);
});
