import { type Note, noteExternal } from './cssValues.ts';
import { localTarget } from './references.ts';
import { escapeAttribute, escapeText } from './svgMarkup.ts';

/** An image in the document. */
export interface EmbeddedImage {
  /** The index of the part that is to become the address of the image as PNG or SVG. */
  readonly part: number;
  readonly dataUri: string;
}

/** The declarations of a `style` attribute as text. */
export const styleText = (style: ReadonlyMap<string, string>) =>
  [...style].map(([name, value]) => `${name}:${value}`).join(';');

/** Writes XML that refers to nothing outside of the document. */
export class MarkupWriter {
  readonly parts: string[] = [];
  readonly images: EmbeddedImage[] = [];
  readonly #note: Note;

  constructor(note: Note) {
    this.#note = note;
  }

  open(name: string, attributes: ReadonlyMap<string, string>, style: ReadonlyMap<string, string>): void {
    this.parts.push(`<${name}`);
    for (const [attribute, value] of attributes) {
      if (attribute === 'href') this.#writeReference(name, value);
      else this.parts.push(` ${attribute}="${escapeAttribute(value)}"`);
    }
    this.parts.push(style.size === 0 ? '>' : ` style="${escapeAttribute(styleText(style))}">`);
  }

  close(name: string): void {
    this.parts.push(`</${name}>`);
  }

  text(text: string): void {
    this.parts.push(escapeText(text));
  }

  #writeReference(element: string, reference: string): void {
    const target = localTarget(reference);
    const address = reference.trim();
    if (target !== undefined) {
      this.parts.push(` xlink:href="#${escapeAttribute(target)}"`);
    } else if ((element === 'image' || element === 'feImage') && /^data:/i.test(address)) {
      this.parts.push(' xlink:href="');
      this.images.push({ part: this.parts.push('') - 1, dataUri: address });
      this.parts.push('"');
    } else if (element !== 'a' && address !== '') {
      noteExternal(address, this.#note);
    }
  }
}
