import { type SaxesAttributeNS, SaxesParser, type SaxesTagNS } from 'saxes';

const rdf = 'http://www.w3.org/1999/02/22-rdf-syntax-ns#';
const xmlns = 'http://www.w3.org/2000/xmlns/';

/** Part of a packet, in characters. */
export interface TextRange {
  readonly start: number;
  readonly end: number;
}

/** A property of a packet in any of the forms that RDF has for it. */
export interface XmpProperty {
  readonly name: string;
  readonly value: string;
}

/** The element `rdf:RDF`, which holds everything that a packet says. */
export interface RdfElement {
  /** Its name as written, with its prefix. */
  readonly name: string;
  /** Its end tag, or all of an empty element. */
  readonly tag: TextRange;
  readonly isEmpty: boolean;
}

/** What a packet says in one namespace. */
export interface ScannedXmp {
  /** In the order of the packet. */
  readonly properties: readonly XmpProperty[];
  /** What has to go for the packet to say nothing in this namespace. Ordered by their ends; a range can contain earlier ones. */
  readonly ranges: readonly TextRange[];
  /** Undefined if the packet has none, or isn't well-formed XML. */
  readonly rdf: RdfElement | undefined;
}

/** The longest packet that is read, in characters. The parser needs up to a second for a million. */
const maxLength = 8_000_000;
/** The deepest nesting that is read. The parser's time grows with the square of the depth. */
const maxDepth = 200;
class TooDeep extends Error {}

/** Reads the properties of a namespace. Never throws: of XML that isn't well-formed, it reads what can be read. */
export function scanXmp(packet: string, namespace: string): ScannedXmp {
  if (packet.length > maxLength) return { properties: [], ranges: [], rdf: undefined };
  return new Scanner(packet, namespace).scan();
}

interface OpenElement {
  readonly tag: SaxesTagNS;
  readonly start: number;
  /** Whether it holds something of the namespace, or anything else. */
  hasOwn: boolean;
  hasOther: boolean;
  /** Collected only in a property. */
  text: string;
}

/** The outermost property that is being read. Properties inside of it belong to its value. */
interface OpenProperty {
  readonly element: OpenElement;
  /** A value with qualifiers, or the first item of a list. */
  inner: string | undefined;
}

class Scanner {
  readonly #packet: string;
  readonly #namespace: string;
  readonly #parser = new SaxesParser({ xmlns: true, position: false });
  readonly #open: OpenElement[] = [];
  readonly #properties: XmpProperty[] = [];
  readonly #ranges: TextRange[] = [];
  #property: OpenProperty | undefined;
  #rdf: RdfElement | undefined;
  #tagStart = 0;
  #isWellFormed = true;

  constructor(packet: string, namespace: string) {
    this.#packet = packet;
    this.#namespace = namespace;
  }

  scan(): ScannedXmp {
    const parser = this.#parser;
    parser.on('error', () => {
      this.#isWellFormed = false;
    });
    parser.on('opentagstart', () => {
      this.#tagStart = this.#lastBracket();
    });
    parser.on('opentag', (tag) => this.#enter(tag));
    parser.on('closetag', () => this.#leave());
    parser.on('text', (text) => this.#addText(text));
    parser.on('cdata', (text) => this.#addText(text));
    try {
      parser.write(this.#packet).close();
    } catch (error) {
      if (!(error instanceof TooDeep)) throw error;
      this.#isWellFormed = false;
    }
    const wellFormedRdf = this.#isWellFormed ? this.#rdf : undefined;
    return { properties: this.#properties, ranges: this.#ranges, rdf: wellFormedRdf };
  }

  #enter(tag: SaxesTagNS): void {
    const parent = this.#open.at(-1);
    const element = { tag, start: this.#tagStart, hasOwn: false, hasOther: false, text: '' };
    this.#open.push(element);
    if (this.#open.length > maxDepth) throw new TooDeep();
    const attributes = Object.values(tag.attributes);
    if (this.#property) {
      const value = attributes.find((attribute) => isRdf(attribute, 'value'));
      if (value) this.#property.inner ??= value.value;
    } else if (tag.uri === this.#namespace) {
      if (parent) parent.hasOwn = true;
      this.#property = { element, inner: attributes.find((attribute) => isRdf(attribute, 'value'))?.value };
    } else {
      if (parent) parent.hasOther = true;
      this.#readAttributes(element, attributes);
    }
  }

  #readAttributes(element: OpenElement, attributes: readonly SaxesAttributeNS[]): void {
    for (const attribute of attributes) {
      const { uri, local: name, value } = attribute;
      if (uri === this.#namespace) {
        element.hasOwn = true;
        this.#properties.push({ name, value });
      } else if (uri !== xmlns && !isRdf(attribute, 'about')) element.hasOther = true;
    }
    if (!element.hasOwn) return;
    const start = element.start + 1 + element.tag.name.length;
    const names = new Set(attributes.filter(({ uri }) => uri === this.#namespace).map(({ name }) => name));
    for (const match of this.#packet.slice(start, this.#parser.position).matchAll(attributePattern)) {
      const at = start + match.index;
      if (names.has(match[1] ?? '')) this.#ranges.push({ start: at, end: at + match[0].length });
    }
  }

  #addText(text: string): void {
    const element = this.#open.at(-1);
    if (!element) return;
    if (this.#property) element.text += text;
    else if (text.trim() !== '') element.hasOther = true;
  }

  #leave(): void {
    const element = this.#open.pop();
    if (!element) return;
    const { tag, start, text, hasOwn, hasOther } = element;
    const end = this.#parser.position;
    if (this.#property?.element === element) {
      const value = text.trim() === '' ? (this.#property.inner ?? text) : text;
      this.#properties.push({ name: tag.local, value });
      this.#ranges.push({ start, end });
      this.#property = undefined;
    } else if (this.#property) {
      const isValue = isRdf(tag, 'value') || isRdf(tag, 'li');
      if (isValue && text.trim() !== '') this.#property.inner ??= text;
    } else if (isRdf(tag, 'RDF')) {
      const isEmpty = tag.isSelfClosing;
      this.#rdf = { name: tag.name, tag: { start: isEmpty ? start : this.#lastBracket(), end }, isEmpty };
    } else if (isRdf(tag, 'Description') && hasOwn && !hasOther) this.#ranges.push({ start, end });
  }

  /** Where the tag begins that the parser is in. */
  #lastBracket(): number {
    return this.#packet.lastIndexOf('<', this.#parser.position - 1);
  }
}

const attributePattern = /\s+([^\s=]+)\s*=\s*(?:"[^"]*"|'[^']*')/gy;

function isRdf({ uri, local }: { readonly uri: string; readonly local: string }, name: string): boolean {
  return uri === rdf && local === name;
}
