import { type ImageWarning, makeImageWarning } from '../../mix/imageWarning.ts';
import type { FontLibrary } from '../fonts/fontLibrary.ts';
import { type FontSelection, selectFonts } from '../fonts/fontSelection.ts';
import { readWebFont, type WebFont } from '../fonts/webFont.ts';
import { decodeDataUri } from './dataUri.ts';
import { resolveFamilies } from './fontProperties.ts';
import { readSvgDocument, type SvgDocument } from './svgDocument.ts';
import { escapeAttribute, svgNamespace, xlinkNamespace } from './svgMarkup.ts';
import { isSvg, readXml } from './xmlText.ts';

/** What drawings are made with. */
export interface DrawingTools {
  readonly library: FontLibrary;
  /** Absolute path of the folder of the bundled font. */
  readonly folder: string;
  /** Converts a raster image inside a drawing to PNG. Undefined if it can't be read, so it isn't drawn. */
  toPng(bytes: Uint8Array): Promise<Uint8Array | undefined>;
  /** Renders a drawing inside a drawing to PNG. */
  rasterize(drawing: Drawing): Promise<Uint8Array>;
}

/** How deep SVG images inside SVG images are drawn. Drawings have one or two levels; more could multiply the work for a small file. */
const maxNesting = 3;
/** How many parts or characters a warning names. */
const maxNamed = 6;

/** An SVG that is ready to be rendered. */
export interface Drawing {
  readonly document: SvgDocument;
  /** What isn't drawn, by the names that SVG and CSS have for it. */
  readonly notDrawn: ReadonlySet<string>;
  /** Characters that no font has, or that a browser draws in colors. */
  readonly missing: ReadonlySet<number>;
  /** Whether its text, or that of a drawing in it, may have a better font that wasn't found. */
  readonly hasUncertainFonts: boolean;
  /** Undefined if there's no text. */
  readonly fonts: FontSelection | undefined;
  /** The document at a size in pixels. */
  write(width: number, height: number): string;
}

/** Reads an SVG, its fonts and the images in it. @throws MixFailure `unreadable-image`, `image-too-large`. */
export async function openDrawing(bytes: Uint8Array, tools: DrawingTools, depth = 0): Promise<Drawing> {
  const document = readSvgDocument(readXml(bytes));
  const notDrawn = new Set(document.notDrawn);
  const missing = new Set(document.text.emoji);
  const problems = { notDrawn, missing, hasUncertainFonts: false };
  const written = new Map<string, string>();
  for (const { part, dataUri } of document.images) {
    const address = written.get(dataUri) ?? (await embed(dataUri, problems, tools, depth));
    written.set(dataUri, address);
    document.parts[part] = address;
  }
  const fonts = document.text.isPresent ? await fontsOf(document, notDrawn, tools) : undefined;
  for (const character of fonts?.missing ?? []) missing.add(character);
  const resolve = (text: string) => (fonts ? resolveFamilies(text, fonts.resolve) : text);
  const hasUncertainFonts = problems.hasUncertainFonts || (fonts?.isUncertain ?? false);
  const write = (width: number, height: number) => resolve(writeDocument(document, width, height));
  return { document, notDrawn, missing, hasUncertainFonts, fonts, write };
}

/** The address of an image as the renderer reads it: PNG or SVG. Empty if it can't be drawn. */
async function embed(
  dataUri: string,
  problems: { readonly notDrawn: Set<string>; readonly missing: Set<number>; hasUncertainFonts: boolean },
  tools: DrawingTools,
  depth: number,
): Promise<string> {
  const { bytes, type } = decodeDataUri(dataUri);
  if (isSvg(bytes) && depth < maxNesting) {
    const nested = await openDrawing(bytes, tools, depth + 1);
    if (nested.document.isBare) {
      problems.notDrawn.add(type);
      return ''; // as in a browser
    }
    for (const part of nested.notDrawn) problems.notDrawn.add(part);
    for (const character of nested.missing) problems.missing.add(character);
    problems.hasUncertainFonts ||= nested.hasUncertainFonts;
    // The renderer draws no text in an SVG inside an SVG.
    if (nested.fonts) return toDataUri('image/png', await tools.rasterize(nested));
    const { width, height } = nested.document.size;
    return toDataUri('image/svg+xml', new TextEncoder().encode(nested.write(width, height)));
  }
  const png = await tools.toPng(bytes);
  if (png) return toDataUri('image/png', png);
  problems.notDrawn.add(type);
  return '';
}

const toDataUri = (type: string, bytes: Uint8Array) =>
  `data:${type};base64,${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')}`;

async function fontsOf(
  { text: { families, characters }, fontFaces }: SvgDocument,
  notDrawn: Set<string>,
  { library, folder }: DrawingTools,
): Promise<FontSelection> {
  const webFonts = new Map<string, WebFont>();
  const used = new Set([...families].map((family) => family.toLowerCase()));
  for (const { family, dataUri } of fontFaces) {
    if (!used.has(family.toLowerCase())) continue;
    const font = dataUri === undefined ? undefined : await readWebFont(decodeDataUri(dataUri).bytes);
    if (font?.hasColors) notDrawn.add(`@font-face ${family}`);
    if (font) webFonts.set(family.toLowerCase(), font);
    else notDrawn.add(`@font-face ${family}`);
  }
  return selectFonts({ families, characters, webFonts }, library, folder);
}

function writeDocument({ size, rootAttributes, parts }: SvgDocument, width: number, height: number): string {
  const { viewBox: box, fit } = size;
  const attributes = new Map(rootAttributes)
    .set('width', String(width))
    .set('height', String(height))
    .set('viewBox', `${box.x} ${box.y} ${box.width} ${box.height}`)
    .set('preserveAspectRatio', fit);
  const written = [...attributes].map(([name, value]) => ` ${name}="${escapeAttribute(value)}"`).join('');
  const namespaces = `xmlns="${svgNamespace}" xmlns:xlink="${xlinkNamespace}"`;
  return `<svg ${namespaces}${written}>${parts.join('')}</svg>`;
}

/** The warnings about what isn't drawn as a browser draws it. */
export function warningsOf({ document, notDrawn, missing, hasUncertainFonts }: Drawing): ImageWarning[] {
  const warnings: ImageWarning[] = document.isBare ? [makeImageWarning('svg-namespace')] : [];
  if (notDrawn.size > 0) warnings.push(makeImageWarning('svg-not-drawn', { parts: listed([...notDrawn], ', ') }));
  if (missing.size > 0) {
    const characters = [...missing].map((character) => String.fromCodePoint(character));
    warnings.push(makeImageWarning('svg-characters', { characters: listed(characters, ' ') }));
  }
  if (hasUncertainFonts) warnings.push(makeImageWarning('svg-fonts'));
  return warnings;
}

function listed(names: readonly string[], separator: string): string {
  return [...names.slice(0, maxNamed), ...(names.length > maxNamed ? ['…'] : [])].join(separator);
}
