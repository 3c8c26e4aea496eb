import { type ImageWarning, makeImageWarning } from '../../mix/imageWarning.ts';
import type { FontLibrary } from '../fonts/fontLibrary.ts';
import { type FontSelection, selectFonts } from '../fonts/fontSelection.ts';
import { readWebFont, type WebFont } from '../fonts/webFont.ts';
import { decodeDataUri } from './dataUri.ts';
import { resolveFamilies } from './fontProperties.ts';
import { escapeAttribute, readSvgDocument, type SvgDocument } from './svgDocument.ts';
import { isSvg, readXml } from './xmlText.ts';

/** Converts a raster image inside a drawing to PNG. Undefined if it can't be read, so it isn't drawn. */
export type ToPng = (bytes: Uint8Array) => Promise<Uint8Array | undefined>;

/** What drawings are made with. */
export interface DrawingTools {
  readonly library: FontLibrary;
  /** Absolute path of the folder of the bundled font. */
  readonly folder: string;
  readonly toPng: ToPng;
}

/** How deep SVG images inside SVG images are drawn. */
const maxNesting = 3;
const maxNamed = 6;

/** An SVG that is ready to be rendered. */
export interface Drawing {
  readonly document: SvgDocument;
  readonly warnings: readonly ImageWarning[];
  /** Undefined if there's no text. */
  readonly fonts: FontSelection | undefined;
  /** The document at a size in pixels. */
  write(width: number, height: number): string;
}

/** Reads an SVG, its fonts and the images in it. @throws MixFailure `unreadable-image`, `image-too-large`. */
export async function openDrawing(bytes: Uint8Array, tools: DrawingTools): Promise<Drawing> {
  const all = new Collected();
  const document = await readNested(readXml(bytes), all, tools, 0);
  const webFonts = all.hasText ? await readWebFonts(all) : new Map<string, WebFont>();
  const { families, characters } = all;
  const fonts = all.hasText
    ? await selectFonts({ families, characters, webFonts }, tools.library, tools.folder)
    : undefined;
  const resolve = (text: string) => (fonts ? resolveFamilies(text, fonts.resolve) : text);
  return {
    document,
    warnings: warningsOf([...all.notDrawn], fonts?.missing ?? []),
    fonts,
    write: (width, height) => resolve(writeDocument(document, width, height)),
  };
}

/** What a document and the SVG images in it need together. */
class Collected {
  hasText = false;
  readonly families = new Set<string>();
  readonly characters = new Set<number>();
  readonly notDrawn = new Set<string>();
  readonly fontFaces: SvgDocument['fontFaces'][number][] = [];

  add(document: SvgDocument): void {
    this.hasText ||= document.hasText;
    for (const family of document.families) this.families.add(family);
    for (const character of document.characters) this.characters.add(character);
    for (const part of document.notDrawn) this.notDrawn.add(part);
    this.fontFaces.push(...document.fontFaces);
  }
}

async function readNested(text: string, all: Collected, tools: DrawingTools, depth: number): Promise<SvgDocument> {
  const document = readSvgDocument(text);
  all.add(document);
  const written = new Map<string, string>();
  for (const { part, dataUri } of document.images) {
    const known = written.get(dataUri) ?? (await embed(dataUri, all, tools, depth));
    written.set(dataUri, known);
    document.parts[part] = known;
  }
  return document;
}

/** The address of an image as the renderer reads it: PNG or SVG. Empty if it can't be drawn. */
async function embed(dataUri: string, all: Collected, tools: DrawingTools, depth: number): Promise<string> {
  const { bytes, type } = decodeDataUri(dataUri);
  if (isSvg(bytes) && depth < maxNesting) {
    const nested = await readNested(readXml(bytes), all, tools, depth + 1);
    const { width, height } = nested.size;
    return toDataUri('image/svg+xml', new TextEncoder().encode(writeDocument(nested, width, height)));
  }
  const png = await tools.toPng(bytes);
  if (png) return toDataUri('image/png', png);
  all.notDrawn.add(type);
  return '';
}

const toDataUri = (type: string, bytes: Uint8Array) =>
  `data:${type};base64,${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')}`;

async function readWebFonts({ fontFaces, notDrawn }: Collected): Promise<Map<string, WebFont>> {
  const fonts = new Map<string, WebFont>();
  for (const { family, dataUri } of fontFaces) {
    const font = await readWebFont(decodeDataUri(dataUri).bytes);
    if (font) fonts.set(family.toLowerCase(), font);
    else notDrawn.add(`@font-face ${family}`);
  }
  return fonts;
}

function writeDocument({ size, rootAttributes, parts }: SvgDocument, width: number, height: number): string {
  const { viewBox: box, fit } = size;
  const attributes = new Map(rootAttributes)
    .set('width', String(width))
    .set('height', String(height))
    .set('viewBox', `${box.x} ${box.y} ${box.width} ${box.height}`)
    .set('preserveAspectRatio', fit);
  const written = [...attributes].map(([name, value]) => ` ${name}="${escapeAttribute(value)}"`).join('');
  const namespaces = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"';
  return `<svg ${namespaces}${written}>${parts.join('')}</svg>`;
}

function warningsOf(notDrawn: readonly string[], missing: readonly number[]): ImageWarning[] {
  const warnings: ImageWarning[] = [];
  if (notDrawn.length > 0) warnings.push(makeImageWarning('svg-not-drawn', { parts: listed(notDrawn, ', ') }));
  if (missing.length > 0) {
    const characters = missing.map((character) => String.fromCodePoint(character));
    warnings.push(makeImageWarning('svg-characters', { characters: listed(characters, ' ') }));
  }
  return warnings;
}

function listed(names: readonly string[], separator: string): string {
  return [...names.slice(0, maxNamed), ...(names.length > maxNamed ? ['…'] : [])].join(separator);
}
