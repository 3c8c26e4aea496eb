import type { SvgElement } from './svgTree.ts';

/** What the elements of a document refer to. */
export interface References {
  readonly ids: ReadonlySet<string>;
  /** The ids of paths. */
  readonly paths: ReadonlySet<string>;
  /** The ids that `use` elements refer to. */
  readonly used: ReadonlySet<string>;
  /** The ids of markers that are turned around at the start of a line. */
  readonly turned: ReadonlySet<string>;
  /** By id. */
  readonly symbols: ReadonlyMap<string, SvgElement>;
}

export function readReferences(root: SvgElement): References {
  const ids = new Set<string>();
  const paths = new Set<string>();
  const used = new Set<string>();
  const turned = new Set<string>();
  const symbols = new Map<string, SvgElement>();
  const read = (element: SvgElement) => {
    const { name, attributes, children } = element;
    const id = attributes.get('id');
    if (id !== undefined) ids.add(id);
    if (id !== undefined && name === 'path') paths.add(id);
    if (id !== undefined && attributes.get('orient') === 'auto-start-reverse') turned.add(id);
    if (id !== undefined && name === 'symbol' && !symbols.has(id)) symbols.set(id, element);
    const target = name === 'use' ? localTarget(attributes.get('href') ?? '') : undefined;
    if (target !== undefined) used.add(target);
    for (const child of children) if (typeof child !== 'string') read(child);
  };
  read(root);
  return { ids, paths, used, turned, symbols };
}

/** The id that a reference inside of the document has, without percent encoding. Undefined for another reference. */
export function localTarget(reference: string): string | undefined {
  const address = reference.trim();
  if (!address.startsWith('#')) return undefined;
  try {
    return decodeURIComponent(address.slice(1));
  } catch (error) {
    if (error instanceof URIError) return address.slice(1);
    throw error;
  }
}

/** Leaves out a filter that doesn't exist, as browsers do, and turns markers at the start of lines. */
export function followReferences(
  properties: ReadonlyMap<string, string>,
  { ids, turned }: References,
): ReadonlyMap<string, string> {
  const filters = properties.get('filter')?.matchAll(/url\(#([^()]*)\)/g) ?? [];
  const isMissing = [...filters].some(([, id = '']) => !ids.has(id));
  const marker = /^url\(#(.*)\)$/.exec(properties.get('marker-start') ?? '')?.[1] ?? '';
  if (!isMissing && !turned.has(marker)) return properties;
  const followed = new Map(properties);
  if (isMissing) followed.delete('filter');
  if (turned.has(marker)) followed.set('marker-start', `url(#${turnedId(marker)})`);
  return followed;
}

/** The id of a marker's copy that is turned around, because the renderer doesn't turn one. */
export const turnedId = (id: string) => `${id}-turned`;

/** Gives a `use` without a size that of its symbol, which the renderer doesn't know. One without an area refers to nothing then. */
export function withSymbolSize(
  { name }: SvgElement,
  attributes: ReadonlyMap<string, string>,
  { symbols }: References,
): ReadonlyMap<string, string> {
  const symbol = name === 'use' ? symbols.get(localTarget(attributes.get('href') ?? '') ?? '') : undefined;
  if (!symbol) return attributes;
  const sized = new Map(attributes);
  for (const side of ['width', 'height']) {
    const size = attributes.get(side) ?? symbol.attributes.get(side);
    if (size === undefined) continue;
    if (Number.parseFloat(size) > 0) sized.set(side, size);
    else sized.delete('href');
  }
  return sized;
}
