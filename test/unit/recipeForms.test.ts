import { deflateSync } from 'node:zlib';
import fc from 'fast-check';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { embedProvenance, readProvenance } from '../../src/images/imageMetadata.ts';
import { readXmp, writeXmp } from '../../src/images/xmp.ts';
import {
  encodings,
  pngForms,
  rawProfile,
  withExtendedXmp,
  withJpegXmp,
  withPngChunk,
  withWebpXmp,
  xmpForms,
} from './support/recipeForms.ts';

const blank = sharp({ create: { width: 8, height: 8, channels: 3, background: '#888' } });
const bytesOf = async (format: 'png' | 'jpeg' | 'webp') => new Uint8Array(await blank.toFormat(format).toBuffer());
const png = await bytesOf('png');
const jpeg = await bytesOf('jpeg');
const webp = await bytesOf('webp');

const recipe = { version: 1, prompt: 'a “red” bär & <blue> boat ]]> \t\n 🚣', images: [{ source: "it's.png" }] };
const json = JSON.stringify(recipe);
const anyRecipe = fc.record({ prompt: fc.string({ unit: 'grapheme' }), more: fc.jsonValue() });
const asJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
const each = <Value>(table: Readonly<Record<string, Value>>): [string, Value][] => Object.entries(table);

test.each(each(pngForms))('a recipe in %s of a PNG is read, in UTF-8 and in Latin-1', (_, form) => {
  expect(readProvenance(form(png, 'image-mixer', Buffer.from(json)))).toEqual(recipe);
  const german = { prompt: 'Bär' };
  expect(readProvenance(form(png, 'image-mixer', Buffer.from(JSON.stringify(german), 'latin1')))).toEqual(german);
  fc.assert(
    fc.property(anyRecipe, (any) => {
      expect(readProvenance(form(png, 'image-mixer', Buffer.from(JSON.stringify(any))))).toEqual(asJson(any));
    }),
    { numRuns: 30 },
  );
});

test.each(each(xmpForms))('a recipe in XMP is read from %s, in each format, and replaced', (_, form) => {
  fc.assert(
    fc.property(anyRecipe, fc.constantFrom(...Object.values(encodings)), (any, encode) => {
      const packet = encode(form(JSON.stringify(any)));
      const files = [
        withJpegXmp(jpeg, packet),
        withExtendedXmp(jpeg, packet, 300),
        withWebpXmp(webp, packet),
        ...Object.values(pngForms).map((write) => write(png, 'XML:com.adobe.xmp', packet)),
        pngForms.zTXt?.(png, ...rawProfile(packet)),
      ];
      for (const file of files) expect(readProvenance(file ?? png)).toEqual(asJson(any));
    }),
    { numRuns: 30 },
  );
  const rewritten = writeXmp(form(json), { 'image-mixer': '{"version":2}', parameters: '' });
  expect(readXmp(rewritten, 'image-mixer')).toBe('{"version":2}');
  expect(rewritten).not.toContain('boat');
  expect(writeXmp(rewritten, { 'image-mixer': json })).toBe(writeXmp(form(json), { 'image-mixer': json }));
});

test.each(each(encodings))('a packet in %s is read and written', (_, encode) => {
  for (const form of Object.values(xmpForms)) {
    const file = withWebpXmp(webp, encode(form(json)));
    expect(readProvenance(file)).toEqual(recipe);
  }
  const foreign =
    '<r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><r:Description xmlns:d="urn:d" d:a="ä"/></r:RDF>';
  const written = embedProvenance(new Uint8Array(withJpegXmp(jpeg, encode(foreign))), { recipe, parameters: '' });
  expect(readProvenance(written)).toEqual(recipe);
  expect(Buffer.from(written).toString()).toContain('<r:Description xmlns:d="urn:d" d:a="ä"/>');
});

test('what others say in the same packet stays', () => {
  const packet = (own: string) =>
    `<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:m="urn:image-mixer:" xmlns:d="urn:d"><rdf:Description d:a="m:b='1'"${own && ' m:b="1"'}><d:c/>${own}</rdf:Description></rdf:RDF>`;
  const written = (own: string) => writeXmp(packet(own), { x: '1' });
  expect(written('<m:e>ours</m:e>')).toBe(written(''));
  expect(written('')).toContain('<rdf:Description d:a="m:b=\'1\'"><d:c/></rdf:Description>');
  expect(readXmp(writeXmp('<r:RDF xmlns:r="http://www.w3.org/1999/02/22-rdf-syntax-ns#" />', { x: '1' }), 'x')).toBe(
    '1',
  );
  for (const broken of ['', '<a>', '<rdf:RDF></rdf:RDF>', 'x'.repeat(100)]) {
    expect(writeXmp(broken, { x: '1' })).toBe(writeXmp(undefined, { x: '1' }));
  }
});

test('the parts of an extended packet may come in any order and twice, but none may be missing', () => {
  const packet = Buffer.from(xmpForms.CDATA?.(json) ?? '');
  const read = (arrange: Parameters<typeof withExtendedXmp>[3]) =>
    readProvenance(withExtendedXmp(jpeg, packet, 100, arrange));
  expect(read((parts) => parts.toReversed())).toEqual(recipe);
  expect(read((parts) => [...parts, ...parts])).toEqual(recipe);
  for (const missing of packet.subarray(0, Math.ceil(packet.length / 100)).keys()) {
    expect(read((parts) => parts.toSpliced(missing, 1))).toBeUndefined();
  }
});

test('a recipe is found although another text with its name is damaged or huge', () => {
  const keyword = Buffer.from('image-mixer\0\0');
  const bomb = Buffer.concat([keyword, deflateSync(Buffer.alloc(50_000_000))]);
  let file = embedProvenance(png, { recipe, parameters: '' });
  for (const data of [bomb, keyword, Buffer.from('image-mixer\0\u0001abc'), Buffer.from('image-mixer')]) {
    file = new Uint8Array(withPngChunk(file, 'zTXt', data));
  }
  expect(readProvenance(file)).toEqual(recipe);
  const withOne = withPngChunk(png, 'zTXt', bomb);
  const chunk = withOne.subarray(33, withOne.length - png.length + 33);
  const many = Buffer.concat([png.subarray(0, 33), ...Array.from({ length: 500 }, () => chunk), png.subarray(33)]);
  const start = performance.now();
  expect(readProvenance(many)).toBeUndefined();
  expect(performance.now() - start).toBeLessThan(5000);
});

test.each([
  ['nested elements', (count: number) => '<r:a xmlns:r="r">'.repeat(count)],
  ['nested properties', (count: number) => '<m:a xmlns:m="urn:image-mixer:">'.repeat(count)],
  ['end tags', (count: number) => `<a>${'</b>'.repeat(count)}`],
  ['attributes', (count: number) => `<a xmlns:m="urn:image-mixer:" ${'m:b="c" '.repeat(count)}/>`],
  ['spaces', (count: number) => `<a ${' '.repeat(count)}b=""><rdf:RDF${' '.repeat(count)}/>`],
  ['entities', (count: number) => `<a>${'&b;'.repeat(count)}</a>`],
])('a packet of many %s ends in time', (_, make) => {
  const packet = make(50_000);
  const start = performance.now();
  readXmp(packet, 'image-mixer');
  writeXmp(packet, {});
  expect(performance.now() - start).toBeLessThan(10_000);
});

test('random changes to a file never crash or hang reading it', () => {
  const packets = Object.values(xmpForms).map((form) => Buffer.from(form(json)));
  const files = packets.flatMap((packet) => [
    withJpegXmp(jpeg, packet),
    withExtendedXmp(jpeg, packet, 300),
    withWebpXmp(webp, packet),
    ...Object.values(pngForms).map((write) => write(png, 'XML:com.adobe.xmp', packet)),
  ]);
  const change = fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.uint8Array({ maxLength: 4 }), fc.nat(3));
  fc.assert(
    fc.property(fc.constantFrom(...files), fc.array(change, { maxLength: 8 }), (file, changes) => {
      let bytes: Uint8Array<ArrayBuffer> = new Uint8Array(file);
      for (const [place, inserted, removed] of changes) {
        const at = Math.floor(place * bytes.length);
        bytes = new Uint8Array([...bytes.subarray(0, at), ...inserted, ...bytes.subarray(at + removed)]);
      }
      readProvenance(bytes);
      const written = embedProvenance(bytes, { recipe, parameters: 'x' });
      if (written !== bytes) expect(readProvenance(written)).toEqual(recipe);
    }),
    { numRuns: 1000 },
  );
});

test('no text crashes the reader of packets, and what is written into it is read back', () => {
  const token = fc.oneof(
    fc.constantFrom('<', '>', '/>', '</', '<!--', '-->', '<![CDATA[', ']]>', '&', ';', '"', "'", '=', ' ', '<?', '?>'),
    fc.constantFrom('<a>', '</a>', '<m:x>', '</m:x>', 'xmlns:m="urn:image-mixer:"', 'm:y="1"', '<!DOCTYPE a [', '&lt;'),
    fc.constantFrom('<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">', '</rdf:RDF>', '\0', '\uFEFF'),
    fc.string({ unit: 'binary', maxLength: 3 }),
  );
  fc.assert(
    fc.property(fc.array(token, { maxLength: 40 }), fc.string({ unit: 'grapheme' }), (tokens, text) => {
      readXmp(tokens.join(''), 'x');
      const written = writeXmp(tokens.join(''), { x: JSON.stringify(text) });
      expect(JSON.parse(readXmp(written, 'x') ?? '')).toBe(text);
    }),
    { numRuns: 2000 },
  );
});
