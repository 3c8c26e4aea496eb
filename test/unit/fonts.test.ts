import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompressSync, deflateSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { FontLibrary } from '../../src/images/fonts/fontLibrary.ts';
import { selectFonts } from '../../src/images/fonts/fontSelection.ts';
import { WorkerCodec } from '../../src/images/workerCodec.ts';

const root = join(import.meta.dirname, '../..');
const workerPath = join(root, 'dist/codecWorker.cjs');
const dejavu = (name: string) => join(root, 'node_modules/dejavu-fonts-ttf/ttf', `${name}.ttf`);
const icons = await readFile(join(root, 'node_modules/@vscode/codicons/dist/codicon.ttf'));

let folder: string;
let codec: WorkerCodec;
const bare = new WorkerCodec({ workerPath, threads: 1, fontFolders: [] });
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fonts-'));
  await mkdir(join(folder, 'a/b'), { recursive: true });
  await copyFile(dejavu('DejaVuSerif'), join(folder, 'a/b/serif.ttf'));
  await copyFile(dejavu('DejaVuSansMono'), join(folder, 'a/mono.ttf'));
  await writeFile(join(folder, 'a/b/icons.TTF'), icons);
  // None of these is a font.
  await writeFile(join(folder, 'a/broken.ttf'), (await readFile(dejavu('DejaVuSans'))).subarray(0, 300));
  await writeFile(join(folder, 'a/empty.otf'), '');
  await writeFile(join(folder, 'a/text.ttc'), 'ttcf, or so it says, but no more than that');
  await symlink(folder, join(folder, 'a/circle'));
  await symlink(join(folder, 'gone'), join(folder, 'a/gone.ttf'));
  if (process.platform !== 'win32') await promisify(execFile)('mkfifo', [join(folder, 'a/pipe.ttf')]);
  codec = new WorkerCodec({ workerPath, threads: 1, fontFolders: [join(folder, 'gone'), folder] });
});
afterAll(async () => {
  await codec.dispose();
  await bare.dispose();
  await rm(folder, { recursive: true });
});

const drawing = (text: string, style = '') =>
  new TextEncoder().encode(
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 200 60"><style>${style}</style><text x="5" y="50" font-size="50" ${text}</text></svg>`,
  );

async function draw(by: WorkerCodec, bytes: Uint8Array): Promise<Buffer> {
  const { data } = await by.decode(bytes, { width: 200, height: 60 });
  expect(data.some((value, at) => at % 4 === 3 && value === 255)).toBe(true);
  return Buffer.from(data.buffer);
}

test.each([
  ['by its name', 'font-family="DejaVu Serif">Rag'],
  ['by its name in quotes and in other letters', `font-family="Nowhere, 'dejavu  SERIF'">Rag`],
  ['for the generic family', 'font-family="serif">Rag'],
  ['for text without a family', '>Rag'],
])('a font of the system is found %s', async (_, text) => {
  const expected = await draw(codec, drawing('style="font: 50px &quot;DejaVu Serif&quot;">Rag'));
  expect((await draw(codec, drawing(text))).equals(expected)).toBe(true);
  expect((await draw(bare, drawing(text))).equals(expected)).toBe(false);
});

test.each([
  ['Nowhere', 0, true],
  ['Nowhere', 60_000, false],
  ['DejaVu Sans', 0, true], // text without a family, too
])(
  'the choice of %s after a search of at most %i ms may depend on time: %s',
  async (family, searchTime, isUncertain) => {
    const needs = { families: new Set([family]), characters: new Set<number>(), webFonts: new Map() };
    const selection = await selectFonts(needs, new FontLibrary([folder], searchTime), join(root, 'dist'));
    expect(selection.isUncertain).toBe(isUncertain);
  },
);

test('each generic family has its own font', async () => {
  const expected = await draw(codec, drawing('font-family="DejaVu Sans Mono">Rag'));
  expect((await draw(codec, drawing('font-family="Nowhere, monospace">Rag'))).equals(expected)).toBe(true);
  expect((await draw(codec, drawing('>Rag'))).equals(expected)).toBe(false);
});

test('a character that the font lacks is drawn in another one that has it', async () => {
  const text = drawing('font-family="DejaVu Serif">\u{2603}'); // a snowman, which only the bundled font has
  expect((await codec.probe(text)).warnings).toEqual([]);
  await draw(codec, text);
});

const icon = 'font-family="My Icons">\u{EB01}';
const face = (type: string, bytes: Uint8Array) =>
  `@font-face { font-family: "My Icons"; src: url(data:font/${type};base64,${Buffer.from(bytes).toString('base64')}) }`;

test.each<[string, () => Uint8Array]>([
  ['ttf', () => icons],
  ['woff', () => toWoff(icons)],
  ['woff2', () => toWoff2(icons)],
])('a %s font in the document is used under the name it has there', async (type, font) => {
  const bytes = drawing(icon, face(type, font()));
  expect((await bare.probe(bytes)).warnings).toEqual([]);
  const installed = drawing('font-family="codicon">\u{EB01}');
  expect((await draw(bare, bytes)).equals(await draw(codec, installed))).toBe(true);
});

test.each<[string, Uint8Array]>([
  ['nothing', new Uint8Array()],
  ['text', new TextEncoder().encode('no font')],
  ['a font that is cut', icons.subarray(0, 200)],
  ['WOFF that is cut', toWoff(icons).subarray(0, 5000)],
  ['WOFF 2 that is cut', toWoff2(icons).subarray(0, 5000)],
  ['WOFF 2 of lies', Buffer.concat([toWoff2(icons).subarray(0, 100), Buffer.alloc(400, 255)])],
])('%s in place of a font in the document is named', async (_, bytes) => {
  const warnings = [{ code: 'svg-not-drawn', args: { parts: '@font-face My Icons' } }];
  expect((await bare.probe(drawing('font-family="My Icons">Rag', face('woff2', bytes)))).warnings).toEqual(warnings);
});

test.each<[string, (font: Buffer) => Uint8Array]>([
  ['ttf', (font) => font],
  ['woff', toWoff],
  ['woff2', toWoff2],
])('a %s font in colors is named, because it is drawn without them', async (type, pack) => {
  const colored = Buffer.from(icons);
  colored.write('COLR', colored.indexOf('GSUB'), 'latin1');
  const warnings = [{ code: 'svg-not-drawn', args: { parts: '@font-face My Icons' } }];
  expect((await bare.probe(drawing(icon, face(type, pack(colored))))).warnings).toEqual(warnings);
});

interface Table {
  readonly tag: string;
  readonly checksum: number;
  readonly content: Buffer;
}

function tablesOf(font: Buffer): Table[] {
  return Array.from({ length: font.readUInt16BE(4) }, (_, index) => {
    const at = 12 + 16 * index;
    const [checksum = 0, offset = 0, length = 0] = [4, 8, 12].map((field) => font.readUInt32BE(at + field));
    return { tag: font.toString('latin1', at, at + 4), checksum, content: font.subarray(offset, offset + length) };
  });
}

function toWoff(font: Buffer): Buffer {
  const tables = tablesOf(font);
  const head = Buffer.alloc(44 + 20 * tables.length);
  head.write('wOFF', 0, 'latin1');
  font.copy(head, 4, 0, 4);
  head.writeUInt16BE(tables.length, 12);
  const parts = [head];
  let offset = head.length;
  for (const [index, { tag, checksum, content }] of tables.entries()) {
    const packed = deflateSync(content);
    const stored = packed.length < content.length ? packed : content;
    const at = 44 + 20 * index;
    head.write(tag, at, 'latin1');
    [offset, stored.length, content.length, checksum].forEach((value, field) => {
      head.writeUInt32BE(value, at + 4 + 4 * field);
    });
    const padded = Buffer.concat([stored, Buffer.alloc(-stored.length & 3)]);
    parts.push(padded);
    offset += padded.length;
  }
  head.writeUInt32BE(offset, 8);
  return Buffer.concat(parts);
}

/** Without the transformations that make it small. */
function toWoff2(font: Buffer): Buffer {
  const tables = tablesOf(font);
  const base128 = (value: number): number[] =>
    value < 128 ? [value] : [...base128(Math.floor(value / 128)).map((byte) => byte | 128), value & 127];
  const directory = tables.flatMap(({ tag, content }) => {
    const known = { name: 5, glyf: 10, loca: 11, COLR: 34 }[tag];
    const version = tag === 'glyf' || tag === 'loca' ? 3 << 6 : 0;
    const name = known === undefined ? [63, ...Buffer.from(tag, 'latin1')] : [known | version];
    return [...name, ...base128(content.length)];
  });
  const packed = brotliCompressSync(Buffer.concat(tables.map(({ content }) => content)));
  const head = Buffer.alloc(48);
  head.write('wOF2', 0, 'latin1');
  font.copy(head, 4, 0, 4);
  head.writeUInt16BE(tables.length, 12);
  head.writeUInt32BE(font.length, 16);
  head.writeUInt32BE(packed.length, 20);
  const whole = Buffer.concat([head, Buffer.from(directory), packed]);
  const padded = Buffer.concat([whole, Buffer.alloc(-whole.length & 3)]);
  padded.writeUInt32BE(padded.length, 8);
  return padded;
}
