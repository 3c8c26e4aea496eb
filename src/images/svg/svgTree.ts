import { SaxesParser, type SaxesTagNS } from 'saxes';
import { MixFailure } from '../../mix/failure.ts';
import { plainAttributes, svgNamespace, xlinkNamespace } from './svgMarkup.ts';

/** An element of a document, in any vocabulary. */
export interface SvgElement {
  /** Without prefix. */
  readonly name: string;
  readonly namespace: string;
  /** Those of SVG, without prefixes. */
  readonly attributes: ReadonlyMap<string, string>;
  readonly parent: SvgElement | undefined;
  readonly children: (SvgElement | string)[];
  /** From 1, among the elements with the same parent. */
  readonly index: number;
  /** The elements before it with the same parent end with this one. */
  readonly previous: SvgElement | undefined;
}

/** A document without its document type. */
export interface SvgTree {
  readonly root: SvgElement;
  /** Whether the root has another namespace than SVG, or none. Browsers don't show such a document as an image. */
  readonly isBare: boolean;
  /** Addresses of stylesheets outside of the document. */
  readonly stylesheets: readonly string[];
}

/** How deep elements can be nested, as in the renderer. */
const maxDepth = 1000;

/** @throws MixFailure `unreadable-image/svg-malformed` or `/svg-too-complex`. */
export function readSvgTree(text: string): SvgTree {
  const parser = new SaxesParser({ xmlns: true, additionalNamespaces: { xlink: xlinkNamespace } });
  const stylesheets: string[] = [];
  const open: OpenElement[] = [];
  let root: SvgElement | undefined;
  parser.on('error', (cause) => {
    throw new MixFailure('unreadable-image/svg-malformed', { cause, args: { line: parser.line } });
  });
  parser.on('opentag', (tag: SaxesTagNS) => {
    if (open.length >= maxDepth) throw new MixFailure('unreadable-image/svg-too-complex');
    const parent = open.at(-1);
    const element = childOf(parent, tag);
    if (parent) {
      parent.element.children.push(element);
      parent.last = element;
    } else root = element;
    open.push({ element, last: undefined });
  });
  parser.on('closetag', () => open.pop());
  const addText = (part: string) => open.at(-1)?.element.children.push(part);
  parser.on('text', addText);
  parser.on('cdata', addText);
  parser.on('processinginstruction', ({ target, body }) => {
    if (target === 'xml-stylesheet') stylesheets.push(/href\s*=\s*["']([^"']*)/.exec(body)?.[1] ?? target);
  });
  parser.write(text).close();
  if (!root) throw new MixFailure('unreadable-image/svg-malformed', { args: { line: parser.line } });
  return { root, isBare: root.namespace !== svgNamespace, stylesheets };
}

interface OpenElement {
  readonly element: SvgElement;
  last: SvgElement | undefined;
}

function childOf(parent: OpenElement | undefined, tag: SaxesTagNS): SvgElement {
  return {
    name: tag.local,
    namespace: tag.uri,
    attributes: plainAttributes(tag),
    parent: parent?.element,
    children: [],
    index: (parent?.last?.index ?? 0) + 1,
    previous: parent?.last,
  };
}

/** Whether an element is SVG. Elsewhere, the names of its vocabulary mean something else. */
export function isSvgElement({ namespace }: SvgElement, { root }: SvgTree): boolean {
  return namespace === svgNamespace || namespace === root.namespace;
}

/** The text directly in an element. */
export function textOf({ children }: SvgElement): string {
  return children.filter((child) => typeof child === 'string').join('');
}
