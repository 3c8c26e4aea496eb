import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FontLibrary } from './fontLibrary.ts';
import { readCoverage, readFaces } from './sfnt.ts';
import type { WebFont } from './webFont.ts';

/** The family of the font that is bundled. */
export const bundledFamily = 'DejaVu Sans';
const bundledFiles = ['DejaVuSans.ttf', 'DejaVuSans-Bold.ttf'];

/** Families for the generic ones, in the order of preference. */
const generic = {
  serif: ['Times New Roman', 'Times', 'Liberation Serif', 'Nimbus Roman', 'Noto Serif', 'DejaVu Serif'],
  'sans-serif': ['Arial', 'Helvetica', 'Liberation Sans', 'Nimbus Sans', 'Noto Sans', 'DejaVu Sans'],
  monospace: ['Consolas', 'Menlo', 'Courier New', 'Liberation Mono', 'Noto Sans Mono', 'DejaVu Sans Mono'],
  cursive: ['Comic Sans MS', 'Apple Chancery', 'URW Chancery L', 'Z003'],
  fantasy: ['Impact', 'Papyrus'],
} as const;
export type GenericFamily = keyof typeof generic;
export const genericFamilies: readonly GenericFamily[] = ['serif', 'sans-serif', 'monospace', 'cursive', 'fantasy'];

/** Families with the same widths, which systems use in place of a missing one. */
const similar: Readonly<Record<string, readonly string[]>> = {
  arial: ['Liberation Sans', 'Arimo'],
  helvetica: ['Arial', 'Liberation Sans', 'Nimbus Sans'],
  'times new roman': ['Liberation Serif', 'Tinos'],
  times: ['Times New Roman', 'Liberation Serif', 'Nimbus Roman'],
  'courier new': ['Liberation Mono', 'Cousine'],
  courier: ['Courier New', 'Liberation Mono', 'Nimbus Mono PS'],
  calibri: ['Carlito'],
  cambria: ['Caladea'],
  verdana: ['DejaVu Sans'],
};

/** The text of a drawing, as far as fonts are concerned. */
export interface TextNeeds {
  readonly families: ReadonlySet<string>;
  readonly characters: ReadonlySet<number>;
  /** Fonts in the document, by the name it gives them. */
  readonly webFonts: ReadonlyMap<string, WebFont>;
}

/** The fonts that a drawing is rendered with. */
export interface FontSelection {
  readonly fonts: readonly Uint8Array[];
  readonly generic: Readonly<Record<GenericFamily, string>>;
  /** The families to draw with in place of the one that the document names. */
  resolve(name: string): readonly string[];
  /** Characters that no font has. */
  readonly missing: readonly number[];
  /** Whether a font that comes first may be installed, but wasn't found because the search for fonts ended early. */
  readonly isUncertain: boolean;
}

/** @param folder of the bundled font. */
export async function selectFonts(needs: TextNeeds, library: FontLibrary, folder: string): Promise<FontSelection> {
  const used = new Set<string>();
  const replacements = new Map<string, readonly string[]>();
  let isFirst = true;
  const firstOf = async (names: readonly string[]) => {
    for (const [at, name] of names.entries()) {
      const found = name === bundledFamily ? name : await library.find(name);
      if (found === undefined) continue;
      if (at > 0) isFirst = false;
      return found;
    }
    isFirst = false;
    return undefined;
  };
  for (const name of needs.families) {
    const web = needs.webFonts.get(name.toLowerCase());
    const family =
      web?.family ?? (isGeneric(name) ? undefined : await firstOf([name, ...(similar[name.toLowerCase()] ?? [])]));
    if (family !== undefined && !web) used.add(family);
    replacements.set(name, family === undefined ? [name] : [family]);
  }
  const families: Record<GenericFamily, string> = {
    serif: '',
    'sans-serif': '',
    monospace: '',
    cursive: '',
    fantasy: '',
  };
  for (const name of genericFamilies) {
    // Text without a family is drawn in the serif font.
    const isUsed = name === 'serif' || needs.families.has(name);
    families[name] = (isUsed ? await firstOf(generic[name]) : undefined) ?? bundledFamily;
    if (isUsed) used.add(families[name]);
  }
  const bundled = await Promise.all(
    bundledFiles.map(async (name) => new Uint8Array(await readFile(join(folder, name)))),
  );
  const webFonts = [...needs.webFonts.values()].map(({ bytes }) => bytes);
  const visible = [...needs.characters].filter((character) => !isInvisible(character));
  const uncovered = await withoutGlyph(visible, [...bundled, ...webFonts]);
  const { fonts, missing } = await library.read(used, uncovered);
  return {
    fonts: [...webFonts, ...fonts, ...bundled],
    generic: families,
    resolve: (name) => (isGeneric(name) ? [families[name]] : (replacements.get(name) ?? [name])),
    missing,
    isUncertain: !isFirst && !(await library.isComplete()),
  };
}

const isGeneric = (name: string): name is GenericFamily => Object.hasOwn(generic, name);

/** White space, controls, joiners and variation selectors. */
function isInvisible(character: number): boolean {
  return /\s|\p{C}|\p{Zs}|[\u{FE00}-\u{FE0F}]/u.test(String.fromCodePoint(character));
}

async function withoutGlyph(characters: readonly number[], fonts: readonly Uint8Array[]): Promise<number[]> {
  let rest = [...characters];
  for (const font of fonts) {
    const read = async (offset: number, length: number) => font.subarray(offset, offset + length);
    for (const face of await readFaces(read)) {
      const has = await readCoverage(read, face);
      rest = rest.filter((character) => !has(character));
    }
  }
  return rest;
}
