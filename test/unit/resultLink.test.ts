import { expect, test } from 'vitest';
import { canShowImages, resultLink } from '../../src/app/resultLink.ts';
import { parseRecipe } from '../../src/mix/recipe.ts';

function link(language: string, prompt = 'rose man'): string {
  const { recipe } = parseRecipe({ images: [{ source: 'a.png' }], prompt });
  return resultLink(language, '/site/docs', { path: '/site/mixes/a (1) "b".png', recipe: { ...recipe, seed: 1 } });
}

test('each language has its own syntax, and no character of the path ends the link early', () => {
  const address = '../mixes/a%20%281%29%20%22b%22.png';
  expect(link('markdown')).toBe(`![rose man](${address})`);
  expect(link('html')).toBe(`<img src="${address}" alt="rose man">`);
  expect(link('scss')).toBe(`url("${address}")`);
  expect(canShowImages('typescript')).toBe(false);
  expect(() => link('typescript')).toThrow(RangeError);
});

test("the prompt can't close its quotation marks or brackets", () => {
  expect(link('html', '"5 < 6" & more')).toContain('alt="&quot;5 &lt; 6&quot; &amp; more"');
  expect(link('markdown', 'a ](b)\nc')).toMatch(/^!\[a \\\]\(b\) c\]\(/);
});

test('a result without a prompt is described by its file name', () => {
  expect(link('html', ' ')).toContain('alt="a (1) &quot;b&quot;"');
});
