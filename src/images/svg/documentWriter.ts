import type { Cascade } from './cascade.ts';
import { type Note, noteExternal } from './cssValues.ts';
import type { CustomProperties } from './customProperties.ts';
import { type DrawnProperties, drawnProperties } from './declarations.ts';
import type { Declaration } from './stylesheet.ts';
import { escapeAttribute, escapeText, xhtmlNamespace } from './svgMarkup.ts';
import { isSvgElement, type SvgElement, type SvgTree } from './svgTree.ts';
import { noteUndrawn } from './undrawnElements.ts';

/** An image in the document, as the place in `parts` that its address belongs in. */
export interface EmbeddedImage {
  readonly part: number;
  readonly dataUri: string;
}

/** What was written of a document, and what it needs. */
interface WrittenDocument {
  readonly rootAttributes: ReadonlyMap<string, string>;
  readonly parts: string[];
  readonly images: readonly EmbeddedImage[];
  readonly background: string | undefined;
  readonly hasText: boolean;
  readonly families: ReadonlySet<string>;
  readonly characters: ReadonlySet<number>;
  /** Those of the characters that browsers draw in colors. */
  readonly emoji: ReadonlySet<number>;
}

/** Elements without anything to see. */
const silent = new Set(['metadata', 'title', 'desc', 'style', 'view']);
const undrawn = new Set([
  ...['animate', 'animateTransform', 'animateMotion', 'animateColor', 'set'],
  ...['script', 'foreignObject', 'audio', 'video', 'iframe', 'canvas'],
]);
/** Attributes of the root that are written anew for each size. */
const rootSize = new Set(['x', 'y', 'width', 'height', 'viewBox', 'preserveAspectRatio']);
const transformNames: Readonly<Record<string, string>> = {
  linearGradient: 'gradientTransform',
  radialGradient: 'gradientTransform',
  pattern: 'patternTransform',
};
/** Those that are drawn as images in a font of colors, so that no other font shows them as a browser does. */
const emoji = /\p{Emoji_Presentation}|\p{Emoji}(?=\uFE0F)/gu;
const maxCharacters = 20_000;

/** Writes a document for the renderer. */
export class DocumentWriter {
  readonly #tree: SvgTree;
  readonly #cascade: Cascade;
  readonly #viewport: { readonly width: number; readonly height: number };
  readonly #note: Note;
  readonly #parts: string[] = [];
  readonly #images: EmbeddedImage[] = [];
  readonly #families = new Set<string>();
  readonly #characters = new Set<number>();
  readonly #emoji = new Set<number>();
  #hasText = false;

  /** @param viewport the size of the root's view box. */
  constructor(tree: SvgTree, cascade: Cascade, viewport: { width: number; height: number }, note: Note) {
    this.#tree = tree;
    this.#cascade = cascade;
    this.#viewport = viewport;
    this.#note = note;
  }

  write(): WrittenDocument {
    const { root } = this.#tree;
    const declarations = this.#cascade.declarationsOf(root);
    const custom = customProperties(new Map(), declarations);
    const { attributes, style } = this.#properties(root, declarations, custom);
    const rootAttributes = new Map([...attributes].filter(([name]) => !rootSize.has(name)));
    if (style !== '') rootAttributes.set('style', style);
    this.#writeChildren(root, custom, false);
    return {
      rootAttributes,
      parts: this.#parts,
      images: this.#images,
      background: /(?:^|;)background-color:([^;]*)/.exec(style)?.[1],
      hasText: this.#hasText,
      families: this.#families,
      characters: this.#characters,
      emoji: this.#emoji,
    };
  }

  #properties(element: SvgElement, declarations: readonly Declaration[], custom: CustomProperties): DrawnProperties {
    return drawnProperties(element.attributes, declarations, {
      customProperties: custom,
      viewport: this.#viewport,
      isRoot: element.parent === undefined,
      transformName: transformNames[element.name] ?? 'transform',
      note: this.#note,
      onFamilies: (names) => {
        for (const name of names) this.#families.add(name);
      },
    });
  }

  #writeChildren(parent: SvgElement, custom: CustomProperties, isInText: boolean): void {
    let isChosen = false;
    for (const child of parent.children) {
      if (typeof child === 'string') this.#writeText(child, isInText);
      else if (!(isChosen && parent.name === 'switch') && this.#isShown(child)) {
        this.#writeElement(child, custom, isInText);
        isChosen = true;
      }
    }
  }

  /** Whether there's something to see in an element. Notes those that should be, but aren't drawn. */
  #isShown(element: SvgElement): boolean {
    const { name } = element;
    if (!isSvgElement(element, this.#tree) || silent.has(name) || !isForUser(element)) return false;
    if (!undrawn.has(name)) return true;
    this.#note(name);
    return false;
  }

  #writeElement(element: SvgElement, inherited: CustomProperties, isInText: boolean): void {
    const { name } = element;
    const declarations = this.#cascade.declarationsOf(element);
    const custom = customProperties(inherited, declarations);
    const { attributes, style } = this.#properties(element, declarations, custom);
    if (name === 'text') this.#hasText = true;
    noteUndrawn(element, attributes, this.#note);
    this.#parts.push(`<${name}`);
    for (const [attribute, value] of attributes) {
      if (attribute === 'href') this.#writeReference(name, value);
      else this.#parts.push(` ${attribute}="${escapeAttribute(value)}"`);
    }
    this.#parts.push(style === '' ? '>' : ` style="${escapeAttribute(style)}">`);
    this.#writeChildren(element, custom, isInText || name === 'text');
    this.#parts.push(`</${name}>`);
  }

  #writeReference(element: string, target: string): void {
    const address = decoded(target.trim());
    if (address.startsWith('#')) {
      this.#parts.push(` xlink:href="${escapeAttribute(address)}"`);
    } else if ((element === 'image' || element === 'feImage') && /^data:/i.test(address)) {
      this.#parts.push(' xlink:href="');
      this.#images.push({ part: this.#parts.push('') - 1, dataUri: address });
      this.#parts.push('"');
    } else if (element !== 'a' && address !== '') {
      noteExternal(address, this.#note);
    }
  }

  #writeText(text: string, isInText: boolean): void {
    this.#parts.push(escapeText(text));
    if (!isInText) return;
    for (const [character] of text.matchAll(emoji)) this.#emoji.add(character.codePointAt(0) ?? 0);
    for (const character of text) {
      if (this.#characters.size >= maxCharacters) break;
      this.#characters.add(character.codePointAt(0) ?? 0);
    }
  }
}

/** A reference inside of the document, without percent encoding. */
function decoded(address: string): string {
  if (!address.startsWith('#') || !address.includes('%')) return address;
  try {
    return decodeURIComponent(address);
  } catch (error) {
    if (error instanceof URIError) return address;
    throw error;
  }
}

/** Whether the conditions of an element are met: it's for readers of English, and needs nothing that browsers don't have. */
function isForUser({ attributes }: SvgElement): boolean {
  const languages = attributes.get('systemLanguage')?.split(',');
  const isForeign = languages?.every((language) => !/^en\b/i.test(language.trim())) ?? false;
  const extensions = attributes.get('requiredExtensions')?.trim() ?? xhtmlNamespace;
  return !isForeign && extensions === xhtmlNamespace;
}

/** The custom properties of an element: its own, and those that it inherits. */
function customProperties(inherited: CustomProperties, declarations: readonly Declaration[]): CustomProperties {
  const own = declarations.filter(({ property }) => property.startsWith('--'));
  if (own.length === 0) return inherited;
  const all = new Map(inherited);
  for (const { property, value } of own) {
    if (value === 'initial') all.delete(property);
    else all.set(property, value);
  }
  return all;
}
