import type { Cascade, Copied } from './cascade.ts';
import { type FontSizes, initialFontSize } from './cssLength.ts';
import type { Note } from './cssValues.ts';
import { type CustomProperties, customPropertiesOf } from './customProperties.ts';
import { type DrawnProperties, drawnProperties } from './declarations.ts';
import { DocumentText } from './documentText.ts';
import { fontSizeOf } from './fontSize.ts';
import { type EmbeddedImage, MarkupWriter, styleText } from './markupWriter.ts';
import { followReferences, type References, readReferences, turnedId, withSymbolSize } from './references.ts';
import type { Declaration } from './stylesheet.ts';
import { isSvgElement, type SvgElement, type SvgTree } from './svgTree.ts';
import { isUndrawnElement, isVisible, noteUndrawn } from './undrawnElements.ts';

/** What was written of a document, and what it needs. */
interface WrittenDocument {
  readonly rootAttributes: ReadonlyMap<string, string>;
  readonly parts: string[];
  readonly images: readonly EmbeddedImage[];
  readonly background: string | undefined;
  readonly text: DocumentText;
}

/** Attributes of the root that are written anew for each size. */
const rootSize = new Set(['x', 'y', 'width', 'height', 'viewBox', 'preserveAspectRatio']);

/** What an element is in. */
interface Place {
  readonly customProperties: CustomProperties;
  readonly fontSizes: FontSizes;
  readonly isInText: boolean;
  readonly isInDefinitions: boolean;
  readonly copied: Copied | undefined;
}

/** Writes a document for the renderer. */
export class DocumentWriter {
  readonly #tree: SvgTree;
  readonly #cascade: Cascade;
  readonly #viewport: { readonly width: number; readonly height: number };
  readonly #note: Note;
  readonly #references: References;
  readonly #markup: MarkupWriter;
  readonly #text = new DocumentText();
  /** The variables in what is copied by `use`, and those that not only the root sets: copies may have other values. */
  readonly #copiedVariables = new Set<string>();
  readonly #localVariables = new Set<string>();

  /** @param viewport the size of the root's view box. */
  constructor(tree: SvgTree, cascade: Cascade, viewport: { width: number; height: number }, note: Note) {
    this.#tree = tree;
    this.#cascade = cascade;
    this.#viewport = viewport;
    this.#note = note;
    this.#references = readReferences(tree.root);
    this.#markup = new MarkupWriter(note);
  }

  write(): WrittenDocument {
    const { root } = this.#tree;
    const declarations = this.#cascade.declarationsOf(root);
    const variables = customPropertiesOf(new Map(), declarations);
    const initial = { own: initialFontSize, root: initialFontSize };
    const fontSize = fontSizeOf(root.attributes, declarations, variables, initial);
    const place = {
      customProperties: variables,
      fontSizes: { own: fontSize, root: fontSize },
      isInText: false,
      isInDefinitions: false,
      copied: undefined,
    };
    const { attributes, style } = this.#properties(root, declarations, place);
    this.#writeChildren(root, place);
    for (const name of this.#copiedVariables) if (this.#localVariables.has(name)) this.#note(`var(${name})`);
    return {
      rootAttributes: style.size === 0 ? attributes : new Map(attributes).set('style', styleText(style)),
      parts: this.#markup.parts,
      images: this.#markup.images,
      background: style.get('background-color'),
      text: this.#text,
    };
  }

  #properties(element: SvgElement, declarations: readonly Declaration[], place: Place): DrawnProperties {
    const isRoot = element.parent === undefined;
    const attributes = isRoot
      ? new Map([...element.attributes].filter(([name]) => !rootSize.has(name)))
      : element.attributes;
    const drawn = drawnProperties(attributes, declarations, {
      customProperties: place.customProperties,
      viewport: this.#viewport,
      fontSizes: place.fontSizes,
      isRoot,
      element: element.name,
      note: this.#note,
      onFamilies: (names) => {
        for (const name of names) this.#text.families.add(name);
      },
      onVariables: (value) => {
        if (place.copied) for (const [name] of value.matchAll(/--[\w-]+/g)) this.#copiedVariables.add(name);
      },
    });
    return {
      attributes: withSymbolSize(element, followReferences(drawn.attributes, this.#references), this.#references),
      style: followReferences(drawn.style, this.#references),
    };
  }

  #writeChildren(parent: SvgElement, place: Place): void {
    let isChosen = false;
    for (const child of parent.children) {
      if (typeof child === 'string') this.#writeText(child, place);
      else if (!(isChosen && parent.name === 'switch') && this.#isShown(child)) {
        this.#writeElement(child, place);
        isChosen = true;
      }
    }
  }

  /** Whether there's something to see in an element. Notes those that should be, but aren't drawn. */
  #isShown(element: SvgElement): boolean {
    if (!isSvgElement(element, this.#tree) || !isVisible(element)) return false;
    if (isUndrawnElement(element)) this.#note(element.name);
    return !isUndrawnElement(element);
  }

  #writeElement(element: SvgElement, around: Place): void {
    const { name } = element;
    const isCopied = this.#references.used.has(element.attributes.get('id') ?? '');
    const isInDefinitions = around.isInDefinitions || name === 'defs' || name === 'symbol';
    const copied = isCopied ? { original: element, isOnlyCopied: isInDefinitions } : around.copied;
    const declarations = this.#cascade.declarationsOf(element, copied);
    for (const { property } of declarations) if (property.startsWith('--')) this.#localVariables.add(property);
    // A copy may have another font size.
    const isInEm = ({ property, value }: Declaration) => property.includes('transform') && /[\d.]em\b/i.test(value);
    if (copied && declarations.some(isInEm)) this.#note('CSS unit em');
    const variables = customPropertiesOf(around.customProperties, declarations);
    const place = {
      customProperties: variables,
      fontSizes: {
        ...around.fontSizes,
        own: fontSizeOf(element.attributes, declarations, variables, around.fontSizes),
      },
      isInText: around.isInText || name === 'text',
      isInDefinitions,
      copied,
    };
    const properties = this.#properties(element, declarations, place);
    const { attributes } = properties;
    if (name === 'text') this.#text.isPresent = true;
    noteUndrawn(element, attributes, this.#references, this.#note);
    if (attributes.get('orient') === 'auto-start-reverse') this.#writeMarker(element, properties, place);
    else if (name === 'svg') this.#writeNested(element, properties, place);
    else this.#write(element, properties, place);
  }

  #write(element: SvgElement, { attributes, style }: DrawnProperties, place: Place, wrapper?: string): void {
    this.#markup.open(element.name, attributes, style);
    if (wrapper !== undefined) this.#markup.open('g', new Map([['transform', wrapper]]), new Map());
    this.#writeChildren(element, place);
    if (wrapper !== undefined) this.#markup.close('g');
    this.#markup.close(element.name);
  }

  /** A marker, and its copy for the start of lines. */
  #writeMarker(element: SvgElement, { attributes, style }: DrawnProperties, place: Place): void {
    const [x = 0, y = 0] = ['refX', 'refY'].map((name) => Number(attributes.get(name) ?? 0));
    if (Number.isNaN(x + y)) this.#note('auto-start-reverse');
    const straight = new Map(attributes).set('orient', 'auto');
    this.#write(element, { attributes: straight, style }, place);
    const copy = new Map(straight).set('id', turnedId(attributes.get('id') ?? '')).set('overflow', 'visible');
    this.#write(element, { attributes: copy, style }, place, `rotate(180 ${x || 0} ${y || 0})`);
  }

  /** The renderer would apply some properties of a document inside of the document twice. */
  #writeNested(element: SvgElement, { attributes, style }: DrawnProperties, place: Place): void {
    const part = (properties: ReadonlyMap<string, string>, isOfGroup: boolean) =>
      new Map([...properties].filter(([name]) => groupProperties.has(name) === isOfGroup));
    this.#markup.open('g', part(attributes, true), part(style, true));
    this.#write(element, { attributes: part(attributes, false), style: part(style, false) }, place);
    this.#markup.close('g');
  }

  #writeText(text: string, { isInText }: Place): void {
    this.#markup.text(text);
    if (isInText) this.#text.add(text);
  }
}

/** Of a document inside of the document. */
const groupProperties = new Set(['transform', 'opacity', 'clip-path', 'mask', 'filter', 'mix-blend-mode', 'isolation']);
