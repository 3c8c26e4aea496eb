import { SaxesParser, type SaxesTagNS } from 'saxes';
import { MixFailure } from '../../mix/failure.ts';
import { type Note, noteExternal, Variables } from './cssValues.ts';
import { expandEntities } from './entities.ts';
import {
  type FontFace,
  normalizeDeclarations,
  normalizeProperty,
  normalizeStylesheet,
  type StyleContext,
  withoutOrigin,
} from './stylesheet.ts';
import {
  backgroundOf,
  classesIn,
  escapeAttribute,
  escapeText,
  plainAttributes,
  svgNamespace,
  xhtmlNamespace,
  xlinkNamespace,
} from './svgMarkup.ts';
import { type SvgSize, svgSize } from './svgSize.ts';

/** An image in the document, as the place in `parts` that its address belongs in. */
export interface EmbeddedImage {
  readonly part: number;
  readonly dataUri: string;
}

/** An SVG document with only what the renderer draws: no scripts, external references, entities, or other vocabularies. */
export interface SvgDocument {
  readonly size: SvgSize;
  /** Attributes of the root but for its size. */
  readonly rootAttributes: ReadonlyMap<string, string>;
  /** The content of the root, as XML. */
  readonly parts: string[];
  readonly images: readonly EmbeddedImage[];
  readonly background: string | undefined;
  readonly hasText: boolean;
  /** Font families by name, without generic ones. */
  readonly families: ReadonlySet<string>;
  readonly fontFaces: readonly FontFace[];
  /** The characters of the text. */
  readonly characters: ReadonlySet<number>;
  /** What isn't drawn, by the names that SVG and CSS have for it. */
  readonly notDrawn: readonly string[];
}

/**
 * Reads an SVG document and writes what a browser would show of it for the renderer.
 * @throws MixFailure `unreadable-image/svg-malformed`, `/svg-entities` or `/svg-no-size`.
 */
export function readSvgDocument(text: string): SvgDocument {
  const { text: expanded, external } = expandEntities(text);
  const reader = new DocumentReader(expanded);
  for (const name of external) reader.note(`&${name};`);
  if (/\bmarker-start\b/.test(text) && text.includes('auto-start-reverse')) reader.note('auto-start-reverse');
  return reader.read(expanded);
}

/** Elements without anything to see. */
const silent = new Set(['metadata', 'title', 'desc', 'style']);
const animations = new Set(['animate', 'animateTransform', 'animateMotion', 'animateColor', 'set']);
const undrawn = new Set(['script', 'foreignObject', 'audio', 'video', 'iframe', 'canvas']);
const isLeftOut = (name: string) => silent.has(name) || animations.has(name) || undrawn.has(name);
/** Attributes that aren't values of properties, or have units of their own. */
const verbatim = new Set([
  'id',
  'class',
  'd',
  'points',
  'transform',
  'gradientTransform',
  'patternTransform',
  'values',
  'viewBox',
]);
const maxCharacters = 20_000;
/** Attributes of the root that are written anew for each size. */
const rootSize = new Set(['x', 'y', 'width', 'height', 'viewBox', 'preserveAspectRatio']);

class DocumentReader {
  readonly #parser: SaxesParser<{ xmlns: true }>;
  readonly #notes = new Set<string>();
  readonly #parts: string[] = [];
  readonly #images: EmbeddedImage[] = [];
  readonly #families = new Set<string>();
  readonly #fontFaces: FontFace[] = [];
  readonly #characters = new Set<number>();
  readonly #context: StyleContext;
  #viewport = { width: 0, height: 0 };
  #root: Map<string, string> | undefined;
  #background: string | undefined;
  #size: SvgSize | undefined;
  #hasText = false;
  /** Depth of open elements, and of the outermost one that is left out. */
  #depth = 0;
  #skippedFrom = Number.POSITIVE_INFINITY;
  #textDepth = Number.POSITIVE_INFINITY;
  /** The depths of open `switch` elements, and whether the child that is shown was found. */
  readonly #switches = new Map<number, boolean>();
  #style: { readonly depth: number; text: string } | undefined;
  /** Whether elements without a namespace are SVG: a root that isn't in any is forgiven. */
  #bare = false;

  constructor(text: string) {
    const viewport = () => this.#viewport;
    this.#context = {
      get viewport() {
        return viewport();
      },
      variables: new Variables(text),
      classes: classesIn(text),
      note: (part) => this.note(part),
      onFamilies: (names) => {
        for (const name of names) this.#families.add(name);
      },
      onFontFace: (face) => this.#fontFaces.push(face),
      onRootRule: (declarations) => {
        this.#background ??= backgroundOf(declarations);
      },
    };
    this.#parser = new SaxesParser({ xmlns: true, additionalNamespaces: { xlink: xlinkNamespace } });
    this.#parser.on('error', (cause) => {
      throw new MixFailure('unreadable-image/svg-malformed', { cause, args: { line: this.#parser.line } });
    });
    this.#parser.on('opentag', (tag) => this.#open(tag));
    this.#parser.on('closetag', ({ local }) => this.#close(local));
    this.#parser.on('text', (part) => this.#text(part));
    this.#parser.on('cdata', (part) => this.#text(part));
    this.#parser.on('processinginstruction', ({ target, body }) => {
      if (target === 'xml-stylesheet')
        noteExternal(/href\s*=\s*["']([^"']*)/.exec(body)?.[1] ?? target, this.#context.note);
    });
  }

  note: Note = (part) => {
    this.#notes.add(part);
  };

  read(text: string): SvgDocument {
    this.#parser.write(text).close();
    if (!this.#root || !this.#size) throw new MixFailure('unreadable-image/svg-no-size');
    return {
      size: this.#size,
      rootAttributes: this.#root,
      parts: this.#parts,
      images: this.#images,
      background: this.#background,
      hasText: this.#hasText,
      families: this.#families,
      fontFaces: this.#fontFaces,
      characters: this.#characters,
      notDrawn: [...this.#notes],
    };
  }

  #open(tag: SaxesTagNS): void {
    this.#depth++;
    if (this.#depth > this.#skippedFrom) return;
    if (this.#depth === 1) this.#openRoot(tag);
    else if (!this.#isSvg(tag.uri)) this.#skip(tag.uri === xhtmlNamespace ? `<${tag.local}>` : undefined);
    else this.#openElement(tag);
  }

  #openRoot(tag: SaxesTagNS): void {
    this.#bare = tag.uri === '';
    const attributes = plainAttributes(tag);
    this.#size = svgSize(attributes);
    this.#viewport = this.#size?.viewBox ?? this.#viewport;
    this.#root = new Map();
    for (const [name, value] of this.#normalized(attributes)) {
      if (name === 'style') this.#background = backgroundOf(value) ?? this.#background;
      if (!rootSize.has(name)) this.#root.set(name, value);
    }
  }

  #openElement(tag: SaxesTagNS): void {
    const { local } = tag;
    const attributes = plainAttributes(tag);
    if (local === 'style') {
      const type = attributes.get('type') ?? '';
      if (type === '' || type === 'text/css') this.#style = { depth: this.#depth, text: '' };
    }
    if (this.#isAlternative(local, attributes)) {
      this.#skip(undefined);
      return;
    }
    if (isLeftOut(local)) {
      this.#skip(silent.has(local) ? undefined : local);
      return;
    }
    if (this.#switches.has(this.#depth - 1)) this.#switches.set(this.#depth - 1, true);
    if (local === 'switch') this.#switches.set(this.#depth, false);
    if (local === 'text') {
      this.#hasText = true;
      this.#textDepth = Math.min(this.#textDepth, this.#depth);
    }
    this.#parts.push(`<${local}`);
    for (const [name, value] of this.#normalized(attributes)) {
      if (name === 'orient' && value === 'auto-start-reverse') this.#parts.push(' orient="auto"');
      else if (name === 'href') this.#reference(local, value);
      else this.#parts.push(` ${name}="${escapeAttribute(value)}"`);
    }
    this.#parts.push('>');
  }

  /** Whether an element isn't shown because of its conditions, or because a `switch` already has the one that is. */
  #isAlternative(local: string, attributes: ReadonlyMap<string, string>): boolean {
    if (this.#switches.get(this.#depth - 1) && !silent.has(local)) return true;
    const languages = attributes.get('systemLanguage')?.split(',');
    const isForeign = languages?.every((language) => !/^en\b/i.test(language.trim())) ?? false;
    const extensions = attributes.get('requiredExtensions')?.trim() ?? xhtmlNamespace;
    return isForeign || extensions !== xhtmlNamespace;
  }

  /** Attributes with the declarations of `style` that the renderer only reads from attributes. */
  #normalized(attributes: ReadonlyMap<string, string>): Map<string, string> {
    const written = new Map<string, string>();
    for (const [name, value] of attributes) {
      if (name === 'style' || name.startsWith('on') || name.startsWith('required')) continue; // handlers are scripts
      written.set(name, this.#isValue(name) ? normalizeProperty(name, value, this.#context) : value);
    }
    const style = attributes.get('style');
    if (style !== undefined) {
      const declarations = normalizeDeclarations(style, this.#context);
      for (const [name, value] of declarations.attributes) written.set(name, value);
      written.set('style', declarations.text);
    }
    withoutOrigin(written, this.#context);
    return written;
  }

  #isValue(name: string): boolean {
    return !verbatim.has(name) && name !== 'href';
  }

  #reference(element: string, target: string): void {
    const address = target.trim();
    const isLink = element === 'a';
    if (address.startsWith('#')) {
      this.#parts.push(` xlink:href="${escapeAttribute(address)}"`);
    } else if ((element === 'image' || element === 'feImage') && /^data:/i.test(address)) {
      this.#parts.push(' xlink:href="');
      this.#images.push({ part: this.#parts.push('') - 1, dataUri: address });
      this.#parts.push('"');
    } else if (!isLink && address !== '') {
      noteExternal(address, this.#context.note);
    }
  }

  #close(local: string): void {
    if (this.#style?.depth === this.#depth) {
      this.#parts.push(`<style>${escapeText(normalizeStylesheet(this.#style.text, this.#context))}</style>`);
      this.#style = undefined;
    }
    this.#switches.delete(this.#depth);
    if (this.#depth <= this.#textDepth) this.#textDepth = Number.POSITIVE_INFINITY;
    if (this.#depth < this.#skippedFrom && this.#depth > 1) this.#parts.push(`</${local}>`);
    if (this.#depth === this.#skippedFrom) this.#skippedFrom = Number.POSITIVE_INFINITY;
    this.#depth--;
  }

  #text(text: string): void {
    if (this.#style) this.#style.text += text;
    if (this.#depth === 0 || this.#depth >= this.#skippedFrom) return;
    this.#parts.push(escapeText(text));
    if (this.#depth < this.#textDepth) return;
    for (const character of text) {
      if (this.#characters.size >= maxCharacters) break;
      this.#characters.add(character.codePointAt(0) ?? 0);
    }
  }

  #skip(part: string | undefined): void {
    this.#skippedFrom = this.#depth;
    if (part !== undefined) this.note(part);
  }

  #isSvg(namespace: string): boolean {
    return namespace === svgNamespace || (this.#bare && namespace === '');
  }
}
