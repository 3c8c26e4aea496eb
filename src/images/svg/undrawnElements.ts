import type { Note } from './cssValues.ts';
import { localTarget, type References } from './references.ts';
import { xhtmlNamespace } from './svgMarkup.ts';
import type { SvgElement } from './svgTree.ts';

/** Elements without anything to see. */
const silent = new Set(['metadata', 'title', 'desc', 'style', 'view']);
const undrawn = new Set([
  ...['animate', 'animateTransform', 'animateMotion', 'animateColor', 'set'],
  ...['script', 'foreignObject', 'audio', 'video', 'iframe', 'canvas'],
]);

/** Whether a browser may show something of an element of SVG. */
export const isVisible = (element: SvgElement) => !silent.has(element.name) && isForUser(element);

/** Whether the renderer draws nothing of an element. */
export const isUndrawnElement = ({ name }: SvgElement) => undrawn.has(name);

/** Whether the conditions of an element are met: it's for readers of English, and needs nothing that browsers don't have. */
function isForUser({ attributes }: SvgElement): boolean {
  const languages = attributes.get('systemLanguage')?.split(',');
  const isForeign = languages?.every((language) => !/^en\b/i.test(language.trim())) ?? false;
  const extensions = attributes.get('requiredExtensions')?.trim() ?? xhtmlNamespace;
  return !isForeign && extensions === xhtmlNamespace;
}

/** Attributes that browsers draw and the renderer doesn't, by element. A `*` stands for all of them. */
const undrawnAttributes: Readonly<Record<string, readonly string[]>> = {
  '*': ['pathLength'],
  filter: ['href'],
  radialGradient: ['fr'],
  symbol: ['refX', 'refY', 'transform', 'x', 'y'],
  textPath: ['path', 'side'],
};

/** Notes what the renderer doesn't draw of an element as a browser does, apart from its properties. @param attributes as written. */
export function noteUndrawn(
  element: SvgElement,
  attributes: ReadonlyMap<string, string>,
  { paths }: References,
  note: Note,
): void {
  const { name } = element;
  for (const attribute of [...(undrawnAttributes['*'] ?? []), ...(undrawnAttributes[name] ?? [])]) {
    if (!/^(?:0%?|left|)$/.test(attributes.get(attribute)?.trim() ?? '')) note(attribute);
  }
  const hasSide = (side: string) => /^\s*\+?[\d.]/.test(attributes.get(side) ?? '');
  if (name === 'image' && hasSide('width') !== hasSide('height')) note('image');
  for (const radius of ['rx', 'ry']) if (attributes.get(radius)?.trim() === 'auto') note(radius);
  const target = localTarget(attributes.get('href') ?? '');
  if (name === 'textPath' && target !== undefined && !paths.has(target)) note(name); // only paths are followed
  const isEmpty = element.children.every((child) => typeof child === 'string');
  if (name === 'g' && isEmpty && element.attributes.has('filter')) note('filter');
  if (name === 'feDisplacementMap') note(name); // in another color space
}
