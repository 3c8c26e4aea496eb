import { MixFailure } from '../../mix/failure.ts';
import { Cascade } from './cascade.ts';
import { noteExternal } from './cssValues.ts';
import type { DocumentText } from './documentText.ts';
import { DocumentWriter } from './documentWriter.ts';
import { expandEntities } from './entities.ts';
import type { EmbeddedImage } from './markupWriter.ts';
import { addStylesheet, type FontFace, type Stylesheet } from './stylesheet.ts';
import { xhtmlNamespace } from './svgMarkup.ts';
import { type SvgSize, svgSize } from './svgSize.ts';
import { isSvgElement, readSvgTree, type SvgElement, type SvgTree, textOf } from './svgTree.ts';

/** An SVG document with only what the renderer draws: no scripts, external references, entities, or other vocabularies. */
export interface SvgDocument {
  readonly size: SvgSize;
  /** Attributes of the root but for its size. */
  readonly rootAttributes: ReadonlyMap<string, string>;
  /** The content of the root, as XML. Those for images are empty until `svgDrawing.ts` fills them. */
  readonly parts: string[];
  readonly images: readonly EmbeddedImage[];
  /** As `rgb()` or `rgba()`. */
  readonly background: string | undefined;
  readonly text: DocumentText;
  readonly fontFaces: readonly FontFace[];
  /** What isn't drawn, by the names that SVG and CSS have for it. */
  readonly notDrawn: readonly string[];
  /** Whether the root isn't in the namespace of SVG, so that browsers don't show it as an image. */
  readonly isBare: boolean;
}

/**
 * Reads an SVG document and writes what a browser would show of it for the renderer.
 * @throws MixFailure `unreadable-image/svg-malformed`, `/svg-entities`, `/svg-too-complex` or `/svg-no-size`.
 */
export function readSvgDocument(text: string): SvgDocument {
  const { text: expanded, external } = expandEntities(text);
  const tree = readSvgTree(expanded);
  const size = svgSize(tree.root.attributes);
  if (!size) throw new MixFailure('unreadable-image/svg-no-size');
  const sheet = stylesheetOf(tree);
  const notes = new Set([...external.map((name) => `&${name};`), ...sheet.unknown]);
  const note = (part: string) => notes.add(part);
  for (const address of tree.stylesheets) noteExternal(address, note);
  const written = new DocumentWriter(tree, new Cascade(sheet, note), size.viewBox, note).write();
  return { ...written, size, fontFaces: sheet.fontFaces, notDrawn: [...notes], isBare: tree.isBare };
}

/** A `style` of HTML counts too. */
const isStyle = (element: SvgElement, tree: SvgTree) =>
  isSvgElement(element, tree) || element.namespace === xhtmlNamespace;

function stylesheetOf(tree: SvgTree): Stylesheet {
  const sheet: Stylesheet = { rules: [], fontFaces: [], layers: new Set(), unknown: new Set() };
  const search = (element: SvgElement) => {
    const type = element.attributes.get('type') ?? '';
    if (element.name === 'link' && element.namespace === xhtmlNamespace) sheet.unknown.add('link');
    if (element.name !== 'style') for (const child of element.children) typeof child !== 'string' && search(child);
    else if (isStyle(element, tree) && (type === '' || type === 'text/css')) {
      addStylesheet(textOf(element), element.attributes.get('media') ?? '', sheet);
    }
  };
  search(tree.root);
  return sheet;
}
