import { expect, test } from 'vitest';
import { holdsPictures, pictureLink } from '../../src/app/imageLink.ts';

const link = (language: string, alt = 'rose man') =>
  pictureLink(language, '/site/docs', '/site/mixes/a (1) "b".png', alt);

test('each language has its own form, with an address in which nothing ends early', () => {
  const address = '../mixes/a%20%281%29%20%22b%22.png';
  expect(link('markdown')).toBe(`![rose man](${address})`);
  expect(link('html')).toBe(`<img src="${address}" alt="rose man">`);
  expect(link('scss')).toBe(`url("${address}")`);
  expect(holdsPictures('typescript')).toBe(false);
  expect(() => link('typescript')).toThrow(RangeError);
});

test('what the picture shows stays inside its quotation marks and brackets', () => {
  expect(link('html', '"5 < 6" & more')).toContain('alt="&quot;5 &lt; 6&quot; &amp; more"');
  expect(link('markdown', 'a ](b)\nc')).toMatch(/^!\[a \\\]\(b\) c\]\(/);
});
