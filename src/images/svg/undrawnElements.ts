import type { Note } from './cssValues.ts';
import type { SvgElement } from './svgTree.ts';

/** Attributes that browsers draw and the renderer doesn't, by element. A `*` stands for all of them. */
const undrawnAttributes: Readonly<Record<string, readonly string[]>> = {
  '*': ['pathLength'],
  filter: ['href'],
  radialGradient: ['fr'],
  symbol: ['refX', 'refY'],
  textPath: ['path', 'side'],
};

/** Notes what the renderer doesn't draw of an element as a browser does, apart from its properties. @param attributes as written. */
export function noteUndrawn(element: SvgElement, attributes: ReadonlyMap<string, string>, note: Note): void {
  const { name } = element;
  for (const attribute of [...(undrawnAttributes['*'] ?? []), ...(undrawnAttributes[name] ?? [])]) {
    if (!/^(?:0%?|left|)$/.test(attributes.get(attribute)?.trim() ?? '')) note(attribute);
  }
  const hasSide = (side: string) => /^\s*\+?[\d.]/.test(attributes.get(side) ?? '');
  if (name === 'image' && hasSide('width') !== hasSide('height')) note('image');
  const isEmpty = element.children.every((child) => typeof child === 'string');
  if (name === 'g' && isEmpty && element.attributes.has('filter')) note('filter');
  if (name === 'feDisplacementMap') note(name); // in another color space
}
