import { MixFailure } from '../../mix/failure.ts';
import { maxSvgBytes } from '../imageLimits.ts';
import { after, doctypeEnd } from './xmlText.ts';

/** How deep entities can refer to each other. */
const maxDepth = 16;
const predefined = new Set(['lt', 'gt', 'amp', 'quot', 'apos']);
const reference = /&([\p{L}_][\p{L}\p{N}_.-]*);/gu;

/** A document without document type. */
export interface ExpandedXml {
  readonly text: string;
  /** Names of the entities that lie outside the document. They are never read. */
  readonly external: readonly string[];
}

/**
 * Removes the document type and puts the entities it declares in their places. Lines keep their numbers.
 * @throws MixFailure `unreadable-image/svg-entities` if they nest too deep, or expand beyond the size of the largest document.
 */
export function expandEntities(text: string): ExpandedXml {
  const start = doctypeStart(text);
  const end = start < 0 ? -1 : doctypeEnd(text, start);
  if (end < 0) return { text, external: [] };
  const doctype = text.slice(start, end);
  const { internal, external } = declaredEntities(doctype);
  const newlines = doctype.replace(/[^\n]+/g, '');
  const rest = text.slice(end);
  const values = new Expander(internal, external);
  return {
    text: text.slice(0, start) + newlines + values.inDocument(rest),
    external: [...external].filter((name) => rest.includes(`&${name};`)),
  };
}

/** Only comments and processing instructions precede a document type. */
function doctypeStart(text: string): number {
  const prolog = /^\uFEFF?(?:\s|<\?[\s\S]*?\?>|<!--[\s\S]*?-->)*/.exec(text)?.[0].length ?? 0;
  return text.startsWith('<!DOCTYPE', prolog) ? prolog : -1;
}

function declaredEntities(doctype: string) {
  const internal = new Map<string, string>();
  const external = new Set<string>();
  const declaration = /<!--[\s\S]*?-->|<!ENTITY\s+([^\s%"'>]+)\s+(?:"([^"]*)"|'([^']*)'|(?:SYSTEM|PUBLIC)\s)/g;
  for (const [, name, double, single] of doctype.matchAll(declaration)) {
    if (name === undefined || internal.has(name) || external.has(name)) continue; // the first declaration counts
    const value = double ?? single;
    if (value === undefined) external.add(name);
    else internal.set(name, value);
  }
  return { internal, external };
}

class Expander {
  readonly #internal: ReadonlyMap<string, string>;
  readonly #external: ReadonlySet<string>;
  #length = 0;

  constructor(internal: ReadonlyMap<string, string>, external: ReadonlySet<string>) {
    this.#internal = internal;
    this.#external = external;
  }

  inDocument(text: string): string {
    if (this.#internal.size + this.#external.size === 0) return text;
    let expanded = '';
    for (let at = 0; at < text.length; ) {
      const found = text.indexOf('<!', at);
      const start = found < 0 ? text.length : found;
      const end = after(text, text.startsWith('<![CDATA[', start) ? ']]>' : '-->', start);
      expanded += this.#expand(text.slice(at, start), 0) + text.slice(start, end < 0 ? text.length : end);
      at = end < 0 ? text.length : end;
    }
    return expanded;
  }

  #expand(text: string, depth: number): string {
    if (depth > maxDepth) throw new MixFailure('unreadable-image/svg-entities');
    return text.replace(reference, (whole, name: string) => {
      if (predefined.has(name)) return whole;
      if (this.#external.has(name)) return '';
      const value = this.#internal.get(name);
      if (value === undefined) return whole; // the parser names the line
      this.#length += value.length + 1;
      if (this.#length > maxSvgBytes) throw new MixFailure('unreadable-image/svg-entities');
      return this.#expand(value, depth + 1);
    });
  }
}
