import { parseRules, splitTopLevel, unescapeCss } from './cssSyntax.ts';
import { parseSelectors, type Selector } from './selector.ts';

/** A property and its value, as they are written. */
export interface Declaration {
  readonly property: string;
  readonly value: string;
  readonly isImportant: boolean;
}

/** A rule of a stylesheet. */
export interface StyleRule {
  readonly selectors: readonly Selector[];
  readonly declarations: readonly Declaration[];
  /** The full name of its `@layer`; undefined outside of layers, whose rules count more. */
  readonly layer: string | undefined;
  /** What it depends on that isn't known here, such as `@supports`. Such a rule isn't followed. */
  readonly condition: string | undefined;
}

/** A font that a stylesheet brings along. */
export interface FontFace {
  readonly family: string;
  /** Base64 or percent encoded. Undefined for a font outside of the document. */
  readonly dataUri: string | undefined;
}

/** The stylesheets of a document, in their order. */
export interface Stylesheet {
  readonly rules: StyleRule[];
  readonly fontFaces: FontFace[];
  /** Full names, in the order in which they come first. */
  readonly layers: Set<string>;
  /** At-rules that aren't followed. */
  readonly unknown: Set<string>;
}

/** How deep rules are nested in `@media` and `@layer`. */
const maxNesting = 16;

interface Surroundings {
  readonly layer: string | undefined;
  readonly condition: string | undefined;
  readonly depth: number;
}

/** Adds the rules of a `style` element. @param media its attribute. */
export function addStylesheet(css: string, media: string, sheet: Stylesheet): void {
  const plain = css.replace(/\/\*[\s\S]*?(?:\*\/|$)|<!--|-->/g, ' ');
  const condition = mediaCondition(media);
  if (condition !== 'never') addRules(plain, sheet, { layer: undefined, condition, depth: 0 });
}

function addRules(css: string, sheet: Stylesheet, around: Surroundings): void {
  if (around.depth > maxNesting) {
    sheet.unknown.add('nested CSS');
    return;
  }
  for (const { prelude, body } of parseRules(css)) {
    if (prelude.startsWith('@')) addAtRule(prelude, body, sheet, around);
    else if (body !== undefined) {
      const condition = around.condition ?? (/\{/.test(body) ? 'nested CSS' : undefined);
      const { layer } = around;
      sheet.rules.push({ selectors: parseSelectors(prelude), declarations: parseDeclarations(body), layer, condition });
    }
  }
}

/** At-rules that have no effect on a drawing, or only where they are used. */
const silent = new Set([
  '@charset',
  '@namespace',
  '@page',
  '@property',
  '@keyframes',
  '@-webkit-keyframes',
  '@-moz-keyframes',
  '@-o-keyframes',
  '@-ms-viewport',
  '@starting-style',
  '@view-transition',
]);

function addAtRule(prelude: string, body: string | undefined, sheet: Stylesheet, around: Surroundings): void {
  const [name = ''] = prelude.toLowerCase().split(/[\s(]/, 1);
  const head = prelude.slice(name.length).trim();
  const depth = around.depth + 1;
  if (name === '@layer') addLayer(head, body, sheet, around);
  else if (name === '@media') {
    const condition = mediaCondition(head);
    if (condition !== 'never')
      addRules(body ?? '', sheet, { ...around, depth, condition: around.condition ?? condition });
  } else if (name === '@font-face') sheet.fontFaces.push(fontFace(body ?? ''));
  else if (/^@(?:supports|container|scope|document|-moz-document)$/.test(name))
    addRules(body ?? '', sheet, { ...around, depth, condition: name });
  else if (!silent.has(name)) sheet.unknown.add(name);
}

function addLayer(head: string, body: string | undefined, sheet: Stylesheet, around: Surroundings): void {
  const outer = around.layer === undefined ? '' : `${around.layer}.`;
  const names = head === '' ? [`anonymous ${sheet.layers.size}`] : head.split(',').map((name) => name.trim());
  for (const name of names) {
    const full = outer + name;
    for (let dot = full.indexOf('.'); dot >= 0; dot = full.indexOf('.', dot + 1)) sheet.layers.add(full.slice(0, dot));
    sheet.layers.add(full);
  }
  if (body !== undefined)
    addRules(body, sheet, { ...around, depth: around.depth + 1, layer: outer + (names[0] ?? '') });
}

const lightScreen =
  /^(?:(?:only\s+)?(?:all|screen)|not\s+(?:print|speech))?(?:(?:^|\s+and\s+)\((?:prefers-color-scheme:\s*light|prefers-reduced-motion:\s*no-preference|prefers-contrast:\s*no-preference|forced-colors:\s*none)\))*$/;
const otherMedium =
  /^(?:only\s+)?(?:print|speech)\b|^not\s+(?:all|screen)$|\((?:prefers-color-scheme:\s*dark|prefers-reduced-motion(?::\s*reduce)?|prefers-contrast:\s*(?:more|less|custom)|forced-colors:\s*active|-ms-high-contrast[^)]*)\)/;

/** Undefined for media that an image is shown in, `never` for others, and `@media` if it depends on what isn't known here. */
function mediaCondition(list: string): '@media' | 'never' | undefined {
  const queries = list
    .toLowerCase()
    .split(',')
    .map((query) => query.trim());
  if (queries.some((query) => lightScreen.test(query))) return undefined;
  return queries.every((query) => otherMedium.test(query) && !/^not\s.*\(/.test(query)) ? 'never' : '@media';
}

function fontFace(body: string): FontFace {
  const value = (name: string) => parseDeclarations(body).find(({ property }) => property === name)?.value ?? '';
  const family = value('font-family').replace(/^["']|["']$/g, '');
  const dataUri = /url\(\s*["']?(data:[^"')]*)/i.exec(value('src'))?.[1];
  return { family, dataUri: dataUri?.replace(/\s/g, '') };
}

/** The declarations of a rule or a `style` attribute. */
export function parseDeclarations(css: string): Declaration[] {
  return splitTopLevel(css, ';').flatMap((text) => {
    const colon = text.indexOf(':');
    const name = text.slice(0, colon).trim();
    const raw = unescapeCss(text.slice(colon + 1).trim());
    if (colon < 0 || !/^-{0,2}[a-z_][\w-]*$/i.test(name)) return [];
    const important = /\s*!\s*important$/i.exec(raw)?.[0] ?? '';
    const property = name.startsWith('--') ? name : name.toLowerCase();
    return [{ property, value: raw.slice(0, raw.length - important.length), isImportant: important !== '' }];
  });
}
