import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import sharp from 'sharp';
import { afterAll, expect, test } from 'vitest';
import { WorkerCodec } from '../../src/images/workerCodec.ts';
import { drawings } from './support/drawings.ts';

const workerPath = join(import.meta.dirname, '../../dist/codecWorker.cjs');
const codec = new WorkerCodec({ workerPath, threads: 1, fontFolders: [] });
afterAll(() => codec.dispose());

const namespaces = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"';
const disc = '<circle cx="50%" cy="50%" r="40%" fill="#080"/>';
const svg = (attributes: string, content = disc) => `<svg ${namespaces} ${attributes}>${content}</svg>`;
const square = (content: string) => svg('viewBox="0 0 100 100"', content);
const encode = (text: string) => new TextEncoder().encode(text);

function utf16(text: string, isBigEndian: boolean): Uint8Array {
  const bytes = Buffer.from(`\uFEFF${text}`, 'utf16le');
  return isBigEndian ? bytes.swap16() : bytes;
}

/** The color in the middle, red, green, blue and alpha, when drawn with sides of at least 40 pixels. */
async function middle(bytes: Uint8Array): Promise<number[]> {
  const { width, height, data } = await codec.decode(bytes, { width: 40, height: 40 });
  const at = 4 * ((height >> 1) * width + (width >> 1));
  return [...data.subarray(at, at + 4)];
}

const green = [0, 136, 0, 255];
const notDrawn = (parts: string) => [{ code: 'svg-not-drawn', args: { parts } }];

test.each<[string, Uint8Array]>([
  ['a long comment', encode(`<!-- ${'License, of many lines.\n'.repeat(200)}-->${svg('viewBox="0 0 9 9"')}`)],
  ['a very long comment', encode(`<!-- ${'x'.repeat(200_000)}-->${svg('viewBox="0 0 9 9"')}`)],
  ['several comments and instructions', encode(`<?xml version="1.0"?><!--a--><?b c?><!-- <svg> -->\n${svg('')}`)],
  [
    'a document type',
    encode(`<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/svg11.dtd">${svg('')}`),
  ],
  [
    'an internal subset',
    encode(`<!DOCTYPE svg [<!ENTITY a "]>"> <!-- ]> --> <!ATTLIST svg b CDATA #IMPLIED>]>${svg('')}`),
  ],
  ['UTF-16, little endian', utf16(`<?xml version="1.0" encoding="UTF-16"?>${svg('')}`, false)],
  ['UTF-16, big endian', utf16(svg(''), true)],
  ['a byte order mark', encode(`\uFEFF${svg('')}`)],
  ['white space before it', encode(`\n  ${svg('')}`)],
  [
    'a prefix',
    encode(`<s:svg xmlns:s="http://www.w3.org/2000/svg"><s:circle cx="150" cy="75" r="60" fill="#080"/></s:svg>`),
  ],
  [
    'xlink without its namespace',
    encode(
      `<svg xmlns="http://www.w3.org/2000/svg"><defs><circle id="a" cx="150" cy="75" r="60"/></defs><use xlink:href="#a" fill="#080"/></svg>`,
    ),
  ],
  ['gzip compression', gzipSync(svg(''))],
])('recognizes an SVG with %s', async (_, bytes) => {
  expect(await codec.probe(bytes)).toMatchObject({ format: 'svg', warnings: [] });
  expect(await middle(bytes)).toEqual(green);
});

test.each<[string, string, [number, number]]>([
  ['pixels', svg('width="30" height="20px"'), [30, 20]],
  ['millimeters', svg('width="20mm" height="10mm"'), [76, 38]],
  ['centimeters', svg('width="2.54cm" height="5.08cm"'), [96, 192]],
  ['inches', svg('width="100in" height="50in"'), [9600, 4800]],
  ['points', svg('width="75pt" height="30pt"'), [100, 40]],
  ['picas', svg('width="2pc" height="1pc"'), [32, 16]],
  ['ems', svg('width="2em" height="1em"'), [32, 16]],
  ['percent', svg('width="100%" height="100%" viewBox="0 0 40 20"'), [40, 20]],
  ['a style', svg('width="9" style="width: 1in; height: 48px"'), [96, 48]],
  ['a style that has no length', svg('width="80" height="40" style="width: 9; height: auto"'), [80, 40]],
  ['inches, whatever the font', svg('width="1in" height="1pc" style="font-size: 40px"'), [96, 16]],
  ['ems of a font', svg('width="2em" height="1em" font-size="20"'), [40, 20]],
  ['a view box', svg('viewBox="0,0 40,20"'), [40, 20]],
  ['a width and a view box', svg('width="80" viewBox="0 0 40 20"'), [80, 40]],
  ['a height and a view box', svg('height="80" viewBox="0 0 40 20"'), [160, 80]],
  ['a width', svg('width="80"'), [80, 150]],
  ['a height', svg('height="80"'), [300, 80]],
  ['a height and a percentage', svg('width="50%" height="80"'), [300, 80]],
  ['nothing', svg(''), [300, 150]],
  ['what is no length', svg('width="wide" height="-3" viewBox="0 0 a b"'), [300, 150]],
  ['a tiny view box', svg('viewBox="0 0 .3 .3"'), [150, 150]],
  ['a huge view box', svg('viewBox="0 0 5000000 2500000"'), [300, 150]],
  ['a huge size', svg('width="5000000" height="5000000"'), [5_000_000, 5_000_000]],
  ['a tiny size', svg('width=".2" height=".1"'), [1, 1]],
])('has the size of a browser for %s, and is sharp at every size', async (_, text, [width, height]) => {
  const bytes = encode(text);
  expect(await codec.probe(bytes)).toMatchObject({ width, height });
  const raster = await codec.decode(bytes, { width: 600, height: 600 });
  expect(Math.min(raster.width, raster.height)).toBe(600);
  // Something that was drawn smaller and enlarged has a wide soft edge.
  const row = raster.data.subarray(
    4 * raster.width * (raster.height >> 1),
    4 * raster.width * ((raster.height >> 1) + 1),
  );
  const soft = row.filter((value, at) => at % 4 === 3 && value > 0 && value < 255);
  expect(soft.length).toBeLessThanOrEqual(4);
  expect(await middle(bytes)).toEqual(green);
});

test.each(Object.entries(drawings))('probes %s as a browser does', async (_, { svg: text, size }) => {
  expect(await codec.probe(encode(text))).toMatchObject({ ...size, warnings: [] });
});

test('is drawn in a thumbnail, in an upload, and when compared for a single color', async () => {
  const bytes = encode(square('<rect width="100" height="50" fill="red"/>'));
  const thumbnail = await codec.thumbnail(bytes, 64);
  expect(thumbnail).toMatchObject({ mime: 'image/webp', width: 64, height: 64 });
  const pixel = async (image: Uint8Array, top: number) => [
    ...(await sharp(image).ensureAlpha().extract({ left: 32, top, width: 1, height: 1 }).raw().toBuffer()),
  ];
  expect((await pixel(thumbnail.bytes, 50))[3]).toBe(0);
  const copy = await codec.uploadCopy(bytes, { maxSide: 256, maxBytes: 1e6 });
  expect(copy).toMatchObject({ mime: 'image/jpeg', width: 256, height: 256 });
  expect(await pixel(copy.bytes, 200)).toEqual([255, 255, 255, 255]);
  expect(await codec.isUniform(bytes)).toBe(false);
  expect(await codec.isUniform(encode(square('<rect width="100" height="100" fill="red"/>')))).toBe(true);
});

test.each<[string, string, string]>([
  ['what every browser can', '<g requiredFeatures="a">#</g><rect width="100" height="100"/>', ''],
  ['the other than HTML', '<foreignObject requiredFeatures="a"><p/></foreignObject><g>#</g>', 'foreignObject'],
  [
    'the one in its language',
    '<text systemLanguage="de">a</text><g systemLanguage="fr,en-US">#</g><rect width="100" height="100"/>',
    '',
  ],
  ['the first one', '<title>a</title><g>#</g><g requiredExtensions="b"/><rect width="100" height="100"/>', ''],
])('shows %s of a switch', async (_, content, parts) => {
  const bytes = encode(square(`<switch>${content.replace('#', disc)}</switch>`));
  expect((await codec.probe(bytes)).warnings).toEqual(parts === '' ? [] : notDrawn(parts));
  expect(await middle(bytes)).toEqual(green);
});

const box = '<rect class="a b" id="c" data-d="e f" width="100" height="100"/>';
const colored = (css: string, content = box) => `<style>${css}</style>${content}`;

test.each<[string, string]>([
  [
    'importance before a style attribute',
    colored('.a { fill: #080 !important }', box.replace('/>', ' style="fill: red"/>')),
  ],
  [
    'the importance of a style attribute',
    colored('rect { fill: red !important }', box.replace('/>', ' style="fill: #080 !important"/>')),
  ],
  ['specificity', colored('#c { fill: #080 } rect.a.b { fill: red } rect { fill: red }')],
  ['order', colored('.a { fill: red } .b { fill: #080 }')],
  ['positions', colored('rect:nth-last-of-type(2n + 1):not(:first-child) { fill: #080 }', `<g/>${box}`)],
  ['lists', colored(':is(g, rect):where(.a, .z) { fill: #080 } :not(.b) { fill: red }')],
  ['siblings', colored('g ~ .a { fill: red } g ~ g + .a { fill: #080 }', `<g/><path/><g/>${box}`)],
  ['what is inside', colored('svg:has(> g > rect) .a { fill: #080 }', `<g>${box}</g>`)],
  ['attributes', colored('[data-d~=f][class^="a"][id="C" i] { fill: #080 }')],
  ['escapes of values', colored(String.raw`.a { fill: \23 08\30 }`)],
  ['escapes', colored(String.raw`.\31 \:x { fill: #080 }`, box.replace('a b', '1:x'))],
  ['layers', colored('@layer y, x; @layer x { .a { fill: #080 } } @layer y { #c { fill: red } }')],
  [
    'layers in layers',
    colored('@layer x.y { .a { fill: red } } @layer x { @layer z { .a { fill: red } } .a { fill: #080 } }'),
  ],
  ['importance in layers', colored('@layer x { .a { fill: #080 !important } } #c { fill: red !important }')],
  ['several media', colored('@media print, screen { .a { fill: #080 } } @media not screen { .a { fill: red } }')],
  ['the medium of a stylesheet', `<style>.a { fill: #080 }</style><style media="print">.a { fill: red }</style>${box}`],
  [
    'variables of ancestors',
    colored(':root { --x: red } g { --x: var(--y, #080) } .a { fill: var(--x) }', `<g>${box}</g>`),
  ],
  ['wrong values', colored('.a { fill: #080; fill: 080808; fill: nothing; fill: var(--nothing, #080) }')],
  [
    'keywords and units that are missing',
    '<path d="M0 50H100" style="stroke: #080; stroke-width: 90px; stroke-width: wide; stroke-width: 9 px; transform: translate(70, 0)"/>',
  ],
  ['wrong rules', colored('rect, :: { fill: red } g; .b { fill: red } .a { fill: #080 }')],
  ['what is unset', `<g fill="#080"><rect width="100" height="100" fill="red" style="fill: unset"/></g>`],
  ['colors of CSS', colored('.a { fill: red; fill: color(srgb 0 .5333 0) }')],
  ['colors in capitals', colored('.a { FILL: RGB(0 136 0) }')],
  [
    'geometry',
    colored(
      '.a { fill: #080; width: 100px; x: 0; r: 9px } path { width: 1px }',
      box.replace('width="100"', 'width="1" x="60"'),
    ),
  ],
  [
    'the origin of an attribute',
    colored(
      '.a { transform-origin: 50px 50px }',
      `<rect transform="rotate(180)" class="a" width="100" height="100" fill="#080"/>`,
    ),
  ],
  [
    'the original of a copy',
    colored('g .a { fill: red } .a { fill: #080 }', `<g><defs>${box}</defs></g><use href="#c"/>`),
  ],
])('follows %s in CSS', async (_, content) => {
  const bytes = encode(square(content));
  expect((await codec.probe(bytes)).warnings).toEqual([]);
  expect(await middle(bytes)).toEqual(green);
});

test('has straight alpha', async () => {
  expect(await middle(encode(square('<rect width="100" height="100" fill="red" fill-opacity=".5"/>')))).toEqual([
    255, 0, 0, 128,
  ]);
});

const text = (attributes: string, content = '■') =>
  `<text x="0" y="100" font-size="130" ${attributes}>${content}</text>`;

test.each<[string, string]>([
  ['no font', text('')],
  ['a font that is not installed', text('font-family="Nowhere Sans"')],
  ['a generic font', text('style="font: bold 130px/1 monospace"')],
  ['a font of a stylesheet', `<style>.a { font-family: "Times New Roman", serif }</style>${text('class="a"')}`],
])('draws text with %s', async (_, content) => {
  const { data } = await codec.decode(encode(square(content)), { width: 100, height: 100 });
  const covered = data.filter((value, at) => at % 4 === 3 && value > 127).length;
  expect(covered).toBeGreaterThan(4000);
  expect((await codec.probe(encode(square(content)))).warnings).toEqual([]);
});

test('draws the same letters from Latin-1 as from UTF-8', async () => {
  const document = (letter: string) => `<?xml version="1.0" encoding="ISO-8859-1"?>${square(text('', letter))}`;
  const size = { width: 100, height: 100 };
  const [latin1, utf8, other] = [
    await codec.decode(Buffer.from(document('ü'), 'latin1'), size),
    await codec.decode(encode(square(text('', 'ü'))), size),
    await codec.decode(encode(square(text('', 'u'))), size),
  ];
  expect(latin1.data).toEqual(utf8.data);
  expect(latin1.data).not.toEqual(other.data);
});

const png = await sharp({ create: { width: 4, height: 4, channels: 3, background: '#080' } })
  .png()
  .toBuffer();
const inside = (mime: string, bytes: Uint8Array) =>
  `<image width="100" height="100" href="data:${mime};base64,${Buffer.from(bytes).toString('base64')}"/>`;

test.each(['png', 'jpeg', 'webp', 'gif', 'avif', 'tiff'] as const)('draws a %s inside', async (format) => {
  const bytes = await sharp(png).toFormat(format).toBuffer();
  const [red = 255, middleGreen = 0, blue = 255, alpha] = await middle(
    encode(square(inside(`image/${format}`, bytes))),
  );
  expect([Math.round(red / 9), Math.round((middleGreen - 136) / 9), Math.round(blue / 9), alpha]).toEqual([
    0, 0, 0, 255,
  ]);
});

test('draws an SVG inside an SVG, with its text', async () => {
  const address = `data:image/svg+xml,${encodeURIComponent(square(text('fill="#080"')))}`;
  const bytes = encode(square(`<image width="100" height="100" href="${address}"/>`));
  expect((await middle(bytes))[3]).toBe(255);
});

test.each<[string, string, readonly object[]]>([
  [
    'foreignObject',
    `<foreignObject width="9" height="9"><p xmlns="http://www.w3.org/1999/xhtml">a</p></foreignObject>`,
    notDrawn('foreignObject'),
  ],
  ['a script', '<script>alert(1)</script>', notDrawn('script')],
  ['no handlers and no links that are scripts', '<a href="javascript:alert(1)"><g onload="alert(1)"/></a>', []],
  [
    'an image of the web',
    '<image href="https://example.com/a.png" width="9" height="9"/>',
    notDrawn('https://example.com/a.png'),
  ],
  [
    'an image on the disk',
    '<image xlink:href="file:///etc/passwd" width="9" height="9"/>',
    notDrawn('file:///etc/passwd'),
  ],
  ['a reference to another drawing', '<use href="other.svg#a"/>', notDrawn('other.svg#a')],
  ['a paint of another drawing', '<rect width="9" height="9" fill="url(other.svg#a)"/>', notDrawn('other.svg#a')],
  ['an imported stylesheet', '<style>@import url("a.css");</style>', notDrawn('@import')],
  [
    'a font of the web',
    '<style>@font-face { font-family: a; src: url(https://example.com/a.woff2) }</style><text font-family="A"/>',
    notDrawn('@font-face a'),
  ],
  ['a width of the window', '<style>@media (max-width: 9px) { circle { fill: red } }</style>', notDrawn('@media')],
  ['a selector', '<style>circle:lang(de) { fill: red }</style>', notDrawn(':lang')],
  ['a color', '<rect width="9" height="9" fill="color-mix(in srgb, red, blue)"/>', notDrawn('color-mix()')],
  ['a calculation', '<rect width="9" height="9" style="stroke-width: calc(1px + 2px)"/>', notDrawn('calc()')],
  ['a basic shape', '<rect width="9" height="9" style="clip-path: circle(3px)"/>', notDrawn('clip-path: circle()')],
  ['strokes that do not scale', '<path d="M0 0L9 9" vector-effect="non-scaling-stroke"/>', notDrawn('vector-effect')],
  ['an animation', '<rect width="9" height="9"><animate attributeName="x" to="9"/></rect>', notDrawn('animate')],
  ['a CSS animation', '<style>circle { animation: a 1s }</style>', notDrawn('animation')],
  ['a damaged image', '<image width="9" height="9" href="data:image/png;base64,AAAA"/>', notDrawn('image/png')],
  [
    'characters without a glyph',
    text('', '\u{12000}'),
    [{ code: 'svg-characters', args: { characters: '\u{12000}' } }],
  ],
  [
    'copies with other styles than the original',
    '<style>g .q { opacity: 1 } use { --x: 1 } .q { opacity: var(--x, 1) }</style><g><path class="q" id="q"/></g><use href="#q"/>',
    notDrawn('use, var(--x)'),
  ],
  ['a property', '<g style="offset-path: path(&quot;M0 0&quot;)"/>', notDrawn('offset-path')],
  ['an outline', '<style>circle { outline-offset: 2px } path { outline: solid }</style><path/>', notDrawn('outline')],
  ['a size by its direction', '<g style="inline-size: auto"/><text style="inline-size: 80"/>', notDrawn('inline-size')],
  ['a property with a small number', '<g style="scale: 0; rotate: 0deg"/>', notDrawn('scale')],
  ['a blend mode', '<g style="mix-blend-mode: plus-lighter"/>', notDrawn('mix-blend-mode')],
  ['colors that are mixed elsewhere', '<mask color-interpolation="linearRGB"/>', notDrawn('color-interpolation')],
  ['modern colors in a gradient', '<stop stop-color="oklch(.6 .2 20)"/>', notDrawn('stop-color: oklch()')],
  ['colors of a context', '<marker><path fill="context-stroke"/></marker>', notDrawn('context-stroke')],
  ['text from right to left', '<text direction="rtl"/>', notDrawn('direction')],
  ['a wavy line', '<text style="text-decoration: underline wavy"/>', notDrawn('text-decoration')],
  ['scaled dashes', '<path pathLength="1" d="M0 0"/>', notDrawn('pathLength')],
  ['text along a shape', '<circle id="z"/><text><textPath href="#z"/></text>', notDrawn('textPath')],
  ['a radius', '<rect rx="auto"/>', notDrawn('rx')],
  ['an earlier layer', '<g style="fill: revert-layer"/>', notDrawn('revert-layer')],
  ['a symbol that is turned', '<symbol transform="rotate(1)" y="2"/>', notDrawn('transform, y')],
  [
    'a copy that is moved by its font size',
    '<defs><g id="y" style="transform: translate(1em)"/></defs><use href="#y"/>',
    notDrawn('CSS unit em'),
  ],
  ['everything of a property', '<g style="all: initial"/>', notDrawn('all')],
  [
    'emoji',
    '<text>\u{1F600} 1 \u2764\uFE0F</text>',
    [{ code: 'svg-characters', args: { characters: '\u{1F600} \u2764' } }],
  ],
  [
    'rules without effect',
    '<style>.a { animation: b 1s } circle:hover { offset-path: none } circle { cursor: pointer; -x-y: 1; offset-path: none } @supports (fill: red) { text { fill: red } }</style>',
    [],
  ],
  [
    'nothing',
    '<metadata><a/></metadata><title>b</title><a href="https://example.com"><rect width="9" height="9"/></a>',
    [],
  ],
])('warns about %s', async (_, content, warnings) => {
  const bytes = encode(square(content + disc));
  expect((await codec.probe(bytes)).warnings).toEqual(warnings);
  expect(await middle(bytes)).toEqual(green); // the rest is drawn
});

test('warns about a border of the root, which is a box', async () => {
  const bytes = encode(svg('viewBox="0 0 100 100" style="border: 1px solid; line-height: 2; margin: 0"'));
  expect((await codec.probe(bytes)).warnings).toEqual(notDrawn('border'));
});

test.each(['<svg>', '<svg xmlns="http://www.w3.org/2000/SVG">'])(
  'draws what starts with %s, with a warning',
  async (start) => {
    const bytes = encode(`${start}${disc}</svg>`);
    expect((await codec.probe(bytes)).warnings).toEqual([{ code: 'svg-namespace', args: {} }]);
    expect(await middle(bytes)).toEqual(green);
  },
);

test('warns about a stylesheet and entities outside of the document', async () => {
  const head = '<?xml-stylesheet href="a.css"?><!DOCTYPE svg [<!ENTITY e SYSTEM "file:///etc/passwd">]>';
  expect((await codec.probe(encode(`${head}${square(`<text>&e;</text>${disc}`)}`))).warnings).toEqual(
    notDrawn('&e;, a.css'),
  );
});

const bomb = [
  '<!ENTITY a0 "aaaaaaaaaa">',
  ...Array.from({ length: 12 }, (_, at) => `<!ENTITY a${at + 1} "${`&a${at};`.repeat(10)}">`),
];
const uses = Array.from({ length: 9 }, (_, at) => `<g id="u${at + 1}">${`<use href="#u${at}"/>`.repeat(10)}</g>`);

test.each<[string, Uint8Array, object]>([
  [
    'an element that is not closed',
    encode(`<svg ${namespaces}>\n\n<rect></svg>`),
    { key: 'unreadable-image/svg-malformed', args: { line: 3 } },
  ],
  [
    'an attribute without quotes',
    encode(`<svg ${namespaces}>\n<rect width=9/></svg>`),
    { key: 'unreadable-image/svg-malformed', args: { line: 2 } },
  ],
  [
    'an unknown entity',
    encode(`<!DOCTYPE svg [\n]>\n<svg ${namespaces}>\n&a;</svg>`),
    { key: 'unreadable-image/svg-malformed', args: { line: 4 } },
  ],
  ['an unknown prefix', encode(square('<a:b/>')), { key: 'unreadable-image/svg-malformed', args: { line: 1 } }],
  ['the start of a document', encode(`<svg ${namespaces}>\n<g>\n`), { key: 'unreadable-image/svg-malformed' }],
  [
    'entities that expand too far',
    encode(`<!DOCTYPE svg [${bomb.join('')}]>${square('<text>&a12;</text>')}`),
    { key: 'unreadable-image/svg-entities' },
  ],
  [
    'an entity in itself',
    encode(`<!DOCTYPE svg [<!ENTITY a "&a;">]>${square('<text>&a;</text>')}`),
    { key: 'unreadable-image/svg-entities' },
  ],
  [
    'uses that multiply',
    encode(square(`<defs><rect id="u0" width="1" height="1"/>${uses.join('')}</defs><use href="#u9"/>`)),
    { key: 'unreadable-image/svg-too-complex' },
  ],
  [
    'groups in groups',
    encode(square(`${'<g>'.repeat(20_000)}${'</g>'.repeat(20_000)}`)),
    { key: 'unreadable-image/svg-too-complex' },
  ],
  [
    'bytes that are not text',
    Buffer.from(`<svg ${namespaces}>\n<text>Gr\u00fc\u00dfe</text></svg>`, 'latin1'),
    { key: 'unreadable-image/svg-malformed', args: { line: 2 } },
  ],
  [
    'selectors that multiply',
    encode(square(`<style>circle~${'path~'.repeat(9)}g{fill:red}</style>${'<path/><g/>'.repeat(3000)}`)),
    { key: 'unreadable-image/svg-too-complex' },
  ],
  ['no width', encode(svg('width="0" height="10"')), { key: 'unreadable-image/svg-no-size' }],
  ['no view', encode(svg('width="10" height="10" viewBox="0 0 0 10"')), { key: 'unreadable-image/svg-no-size' }],
  [
    'a compressed file that expands too far',
    gzipSync(square(`<!--${' '.repeat(11 * 1024 * 1024)}-->`)),
    { key: 'image-too-large/bytes' },
  ],
  [
    'a compressed file that is cut',
    gzipSync(
      square(`<path d="${Array.from({ length: 20_000 }, (_, at) => `L${(at * 7919) % 1009}`).join('')}"/>`),
    ).subarray(0, 999),
    { key: 'unreadable-image/truncated' },
  ],
  ['another compressed file', gzipSync('hello'), { code: 'unsupported-image' }],
])('refuses %s', async (_, bytes, failure) => {
  await expect(codec.decode(bytes, { width: 40, height: 40 })).rejects.toMatchObject(failure);
  expect(await middle(encode(square(disc)))).toEqual(green); // the decoder still works
});

test.each([4096, 5530])('covers the largest result, which is decoded with %i pixels a side', async (side) => {
  const { width, height } = await codec.decode(encode(square(disc)), { width: side, height: side });
  expect([width, height]).toEqual([side, side]);
});

test('bounds the pixels of a long drawing', async () => {
  const { width, height } = await codec.decode(encode(svg('width="100000" height="10"')), {
    width: 4000,
    height: 4000,
  });
  expect([width, height]).toEqual([30_000, 3]);
});

test.each<[string, string]>([
  ['addresses', `<rect style="fill:${'url('.repeat(100_000)}"/>`],
  ['strings', `<style>${String.raw`"\\`.repeat(200_000)}</style>`],
  ['layers', `<style>${'@layer a{'.repeat(50_000)}</style>`],
  ['blocks', `<style>${'a{'.repeat(200_000)}</style>`],
  ['variables', `<rect style="fill:${'var(--a,'.repeat(50_000)}"/>`],
  [
    'variables in variables',
    `<g style="--a0:;${Array.from({ length: 40 }, (_, at) => `--a${at + 1}:var(--a${at}) var(--a${at})`).join(';')};fill:var(--a40)"/>`,
  ],
  [
    'digits',
    `<rect style="stroke-width:${'1'.repeat(300_000)};transform:scale(${'0'.repeat(300_000)}x)" x="${'1'.repeat(300_000)}"/>`,
  ],
  ['functions', `<rect style="fill:${'light-dark('.repeat(20_000)};filter:${'drop-shadow(rgb('.repeat(20_000)}"/>`],
  ['words', `<style>svg{background:${'a '.repeat(100_000)}}</style>`],
  ['positions', `<style>g:nth-child(2n):last-of-type{}</style>${'<g/>'.repeat(20_000)}`],
  ['dashes', `<style>var(${'-'.repeat(500_000)}</style>`],
])('reads many %s in linear time', { timeout: 10_000 }, async (_, content) => {
  await codec.probe(encode(square(content)));
});

test('no document breaks the decoder', async () => {
  const names = fc.constantFrom(
    'g',
    'rect',
    'text',
    'style',
    'use',
    'image',
    'mask',
    'pattern',
    'filter',
    'svg',
    'a:b',
    'marker',
  );
  const values = fc.oneof(
    fc.constantFrom('#a', 'url(#a)', '100%', '1e9', 'NaN', 'rotate(1)', 'var(--a, 1)', 'data:,'),
    fc.string({ maxLength: 12 }),
  );
  const attributes = fc.dictionary(
    fc.constantFrom(
      'id',
      'href',
      'width',
      'height',
      'style',
      'transform',
      'fill',
      'mask',
      'filter',
      'viewBox',
      'd',
      'font',
    ),
    values,
    { maxKeys: 4 },
  );
  const escaped = (value: string) => value.replace(/[&<"\p{C}]/gu, '');
  const { element } = fc.letrec<{ element: string }>((tie) => ({
    element: fc
      .tuple(names, attributes, fc.array(fc.oneof({ maxDepth: 4 }, values, tie('element')), { maxLength: 3 }))
      .map(([name, all, children]) => {
        const written = Object.entries(all).map(([key, value]) => ` ${key}="${escaped(value)}"`);
        return `<${name}${written.join('')}>${children.map((child) => (child.startsWith('<') ? child : escaped(child))).join('')}</${name}>`;
      }),
  }));
  await fc.assert(
    fc.asyncProperty(element, async (content) => {
      const outcome = await codec
        .decode(encode(svg('xmlns:a="urn:a" width="20" height="20"', content)), { width: 20, height: 20 })
        .catch((error: unknown) => error);
      expect(outcome).toMatchObject(
        outcome instanceof Error
          ? { key: expect.stringMatching(/^unreadable-image\/(?!decoder)/) }
          : { width: 20, height: 20 },
      );
    }),
    { numRuns: 200 },
  );
});
