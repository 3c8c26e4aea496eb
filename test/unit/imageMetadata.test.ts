import fc from 'fast-check';
import sharp, { type Sharp } from 'sharp';
import { expect, test } from 'vitest';
import { embedProvenance, readProvenance } from '../../src/images/imageMetadata.ts';
import { barePng, readPngText, writePngTexts } from '../../src/images/pngText.ts';

const noise = (channels: 3 | 4 = 3): Sharp => {
  const image = sharp({
    create: { width: 9, height: 7, channels: 3, background: '#888', noise: { type: 'gaussian', mean: 128, sigma: 40 } },
  });
  return channels === 4 ? image.ensureAlpha(0.5) : image;
};
const bytesOf = async (image: Sharp) => new Uint8Array(await image.toBuffer());
const pixels = (bytes: Uint8Array) => sharp(bytes).raw().toBuffer();

const images: [string, () => Sharp][] = [
  ['PNG', () => noise(4).png()],
  ['palette PNG', () => noise().png({ palette: true })],
  ['JPEG', () => noise().jpeg()],
  [
    'JPEG with EXIF, ICC and XMP',
    () =>
      noise()
        .withExif({ IFD0: { Artist: 'me' } })
        .withIccProfile('p3')
        .withXmp(foreign)
        .jpeg(),
  ],
  ['lossy WebP', () => noise().webp()],
  ['lossy WebP with alpha', () => noise(4).webp()],
  ['lossless WebP', () => noise(4).webp({ lossless: true })],
  [
    'WebP with EXIF and XMP',
    () =>
      noise()
        .withExif({ IFD0: { Artist: 'me' } })
        .withXmp(foreign)
        .webp(),
  ],
  ['animated WebP', () => sharp(animated, { pages: -1 }).webp({ lossless: true })],
];
const foreign =
  '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">' +
  '<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:format>theirs</dc:format></rdf:Description></rdf:RDF></x:xmpmeta>';
const frame = await noise(4).png().toBuffer();
const animated = await sharp([frame, frame], { join: { animated: true } })
  .gif()
  .toBuffer();

const text = fc.string({ unit: 'binary', maxLength: 200 });
const provenance = fc.record({
  recipe: fc.dictionary(text, fc.oneof(text, fc.double({ noDefaultInfinity: true, noNaN: true }), fc.constant(null))),
  parameters: text,
});
const asJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

test.each(images)('a %s embeds any recipe and keeps its pixels', async (_, make) => {
  const image = await bytesOf(make());
  const before = await pixels(image);
  expect(readProvenance(image)).toBeUndefined();
  await fc.assert(
    fc.asyncProperty(provenance, provenance, async (first, second) => {
      const once = embedProvenance(image, second);
      expect(readProvenance(once)).toEqual(asJson(second.recipe));
      expect(embedProvenance(once, second)).toEqual(once);
      expect(embedProvenance(embedProvenance(image, first), second)).toEqual(once);
      expect(await pixels(once)).toEqual(before);
    }),
    { numRuns: 25 },
  );
});

test('other metadata is kept', async () => {
  const both = { recipe: { version: 1 }, parameters: 'a & <b>' };
  for (const format of ['jpeg', 'webp'] as const) {
    const image = await bytesOf(
      noise()
        .withExif({ IFD0: { Artist: 'me' } })
        .withIccProfile('p3')
        .withXmp(foreign)
        .toFormat(format),
    );
    const before = await sharp(image).metadata();
    const after = await sharp(embedProvenance(image, both)).metadata();
    expect(after).toMatchObject({ width: 9, height: 7, exif: before.exif, icc: before.icc });
    expect(after.xmp?.toString()).toContain('<dc:format>theirs</dc:format>');
    expect(after.xmp?.toString()).toContain('<mixer:parameters>a &amp; &lt;b&gt;</mixer:parameters>');
  }
});

test('other tools can read the parameters in a PNG', async () => {
  const image = embedProvenance(await bytesOf(noise().png()), { recipe: {}, parameters: 'rose\nSteps: 30' });
  expect((await sharp(image).metadata()).comments).toContainEqual({ keyword: 'parameters', text: 'rose\nSteps: 30' });
  expect(readPngText(image, 'parameters')).toBe('rose\nSteps: 30');
});

test('broken, truncated and unknown bytes are returned unchanged and contain no recipe', async () => {
  const whole = await Promise.all(images.map(async ([, make]) => bytesOf(make())));
  fc.assert(
    fc.property(fc.constantFrom(...whole), fc.nat(2000), fc.uint8Array({ maxLength: 60 }), (image, length, junk) => {
      for (const bytes of [image.slice(0, length), new Uint8Array([...image.slice(0, length % 40), ...junk])]) {
        const written = embedProvenance(bytes, { recipe: { a: 1 }, parameters: '' });
        if (written !== bytes) expect(readProvenance(written)).toEqual({ a: 1 });
        else expect(readProvenance(bytes)).toBeUndefined();
      }
    }),
  );
  const gif = await bytesOf(noise().gif());
  expect(embedProvenance(gif, { recipe: {}, parameters: '' })).toBe(gif);
});

test('a recipe that is too large for a JPEG segment leaves the image unchanged', async () => {
  const image = await bytesOf(noise().jpeg());
  expect(embedProvenance(image, { recipe: { prompt: 'x'.repeat(70_000) }, parameters: '' })).toBe(image);
});

test('a bare PNG has the image and its color profile, and nothing else', async () => {
  const png = await bytesOf(noise(4).withIccProfile('p3').png());
  const marked = writePngTexts(png, { prompt: '{"a": 1}', Author: 'me' });
  const tail = new TextEncoder().encode('behind the image');
  const bare = barePng(new Uint8Array([...marked, ...tail]));
  if (!bare) throw new Error('It is a whole PNG');
  expect(Buffer.from(bare).toString('latin1')).not.toMatch(/prompt|Author|behind|tEXt|iTXt|pHYs/);
  expect((await sharp(bare).metadata()).icc).toEqual((await sharp(png).metadata()).icc);
  expect(await pixels(bare)).toEqual(await pixels(png));
  expect(barePng(marked.subarray(0, 20))).toBeUndefined();
  const exif = noise().withExif({ IFD0: { Artist: 'me' } });
  expect(barePng(await bytesOf(exif.png()))).toBeUndefined();
});
