import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, posix, win32 } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { imageUrlOf } from '../../src/app/imagePages.ts';
import { draftOfRecipe, recipeText } from '../../src/app/recipeDraft.ts';
import { readRecipe, readRecipeFromImage } from '../../src/app/recipeFile.ts';
import { locateSource, locationOf, portableSource, uriOf } from '../../src/app/sourceLocation.ts';
import { readSourceFile } from '../../src/images/sourceReader.ts';
import { parseRecipe } from '../../src/mix/recipe.ts';
import { findSpelling } from '../../src/storage/spelling.ts';
import { AppBench, smallRecipe } from './support/appBench.ts';

const noOptions = () => ({});
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spelling-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('a source', () => {
  const names = fc
    .oneof(
      fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }),
      fc.constantFrom(
        'http:',
        'https:x',
        'data:,a.png',
        'file:a',
        'C:',
        'git:x',
        'a:b',
        '#',
        '%41',
        ' x ',
        'bär',
        '\\',
        'ftp:',
      ),
    )
    .filter((name) => !['.', '..'].includes(name) && !/[\0/]/.test(name));
  const mayBeOnWindows = (name: string) => !/[<>:"/\\|?*\p{Cc}]|[. ]$/u.test(name);

  test('that was written for a file is read as the same file', () => {
    const ways = fc.array(names, { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(ways, ways, (to, from) => {
        const path = posix.resolve('/', ...to);
        const root = posix.resolve('/', ...from);
        const source = portableSource({ kind: 'file', path }, root, false);
        expect(locateSource(source, root, 0, false)).toEqual({ kind: 'file', path });
      }),
      { numRuns: 2000 },
    );
  });

  test('that was written for a file of Windows is read as the same file', () => {
    const ways = fc.array(names.filter(mayBeOnWindows), { minLength: 1, maxLength: 4 });
    const drives = fc.constantFrom('C:\\', 'D:\\', '\\\\server\\share\\');
    fc.assert(
      fc.property(drives, ways, drives, ways, (drive, to, otherDrive, from) => {
        const path = win32.resolve(drive, ...to);
        const root = win32.resolve(otherDrive, ...from);
        const source = portableSource({ kind: 'file', path }, root, true);
        expect(locateSource(source, root, 0, true)).toEqual({ kind: 'file', path });
      }),
      { numRuns: 1000 },
    );
  });

  test('that was written for a URL is read as the same URL, without its password', () => {
    fc.assert(
      fc.property(fc.webUrl({ withQueryParameters: true, withFragments: true }), (url) => {
        expect(portableSource({ kind: 'url', url }, '/base')).toBe(url);
        expect(locateSource(url, '/base', 0)).toEqual({ kind: 'url', url });
      }),
      { numRuns: 20 },
    );
    const url = 'https://us%40er:p@ss@host/a.png?sig=%2c#x';
    expect(locateSource(url, '/base', 0)).toEqual({ kind: 'url', url: 'https://host/a.png?sig=%2c#x' });
  });

  test.each([
    ['cap-2026-11-27T10:15:30.png', '/base/cap-2026-11-27T10:15:30.png'],
    ['a#b?c%20 d.png', '/base/a#b?c%20 d.png'],
    ['C:/x.png', '/base/C:/x.png'],
    ['\\\\server\\share\\x.png', '/base/\\\\server\\share\\x.png'],
    ['file:///x/a%20%23%25.png', '/x/a #%.png'],
    ['FILE://localhost/x.png', '/x.png'],
  ])('%j is a file', (source, path) => {
    expect(locateSource(source, '/base', 0, false)).toEqual({ kind: 'file', path });
    const location = locateSource(source, '/base', 0, false);
    expect(locationOf(uriOf(location))).toEqual(location);
  });

  test.each([
    ['img\\a.png', 'C:\\base\\img\\a.png'],
    ['d:/x.png', 'd:\\x.png'],
    ['file:///C:/x%20y.png', 'C:\\x y.png'],
    ['file:///c%3A/x.png', 'c:\\x.png'],
    ['file:///C|/x.png', 'C:\\x.png'],
    ['file://server/share/a.png', '\\\\server\\share\\a.png'],
    ['//server/share/a.png', '\\\\server\\share\\a.png'],
  ])('%j is a file on Windows', (source, path) => {
    expect(locateSource(source, 'C:\\base', 0, true)).toEqual({ kind: 'file', path });
  });

  test.each([
    ['file://img/a.png', 'file-host', 'a.png'],
    ['file:///a%2Fb.png', 'bad-file-uri', 'a%2Fb.png'],
    ['file:///%ff.png', 'bad-file-uri', '%ff.png'],
    ['file:///a%00.png', 'bad-file-uri', 'a%00.png'],
    ['file:///a.png#1', 'bad-file-uri', 'a.png#1'],
    ['file:a.png', 'bad-file-uri', undefined],
    ['data:image/png;base64,AAAA', 'data-source', undefined],
    ['ftp://user:pw@host/a.png', 'bad-source', 'a.png'],
    ['http://', 'bad-source', undefined],
    ['blob:https://host/1', 'bad-source', '1'],
    ['vscode-remote://host/a.png', 'bad-source', 'a.png'],
    ['"https://user:pw@host/a.png"', 'bad-source', 'a.png"'],
    ['url(http://user:pw@host)', 'bad-source', undefined],
    ['view-source:http://user:pw@host', 'bad-source', undefined],
    ['a\0b.png', 'bad-source', undefined],
  ])('%j is refused, with the name of the image', (source, reason, imageName) => {
    let failure: unknown;
    try {
      locateSource(source, '/base', 3, false);
    } catch (error) {
      failure = error;
    }
    expect(failure).toMatchObject({ key: `invalid-recipe/${reason}`, field: 'images.3', image: 3 });
    expect(failure).toHaveProperty('imageName', imageName);
    expect(JSON.stringify(failure)).not.toContain('pw');
  });

  test.each(['file:///x.png', 'file:///C:/a%5Cb.png', 'file:///C:/a%2Fb.png'])('%j is refused on Windows', (source) => {
    expect(() => locateSource(source, 'C:\\base', 0, true)).toThrow('invalid-recipe/bad-file-uri');
  });
});

describe('a file whose name the disk has in another form', () => {
  test.each([
    ['bär.png'.normalize('NFD'), 'bär.png'.normalize('NFC')],
    ['bär.png'.normalize('NFC'), 'bär.png'.normalize('NFD')],
    ['한글/가.png'.normalize('NFD'), '한글/가.png'.normalize('NFC')],
    ['img/sub/a.png', 'img\\sub\\a.png'],
    ['imgé/sub/a.png'.normalize('NFD'), 'imgé\\..\\imgé/sub\\a.png'.normalize('NFC')],
  ])('is found: %j', async (onDisk, written) => {
    const root = await mkdtemp(join(folder, 'same-'));
    await mkdir(join(root, onDisk, '..'), { recursive: true });
    await writeFile(join(root, onDisk), 'bytes');
    const path = `${root}/${written}`;
    expect(await findSpelling(path)).toMatchObject({ path: join(root, onDisk), isSame: true });
    expect(new TextDecoder().decode(await readSourceFile(path, 100))).toBe('bytes');
  });

  test('is not another one: the exact name wins', async () => {
    const root = await mkdtemp(join(folder, 'exact-'));
    const forms = ['ä'.normalize('NFC'), 'ä'.normalize('NFD'), 'a\\b'];
    for (const name of forms) await writeFile(join(root, name), name);
    if ((await readdir(root)).length < forms.length) return; // this disk takes them for one name
    for (const name of forms) {
      expect(new TextDecoder().decode(await readSourceFile(join(root, name), 100))).toBe(name);
    }
  });

  test.each([
    ['Images/Photo.JPG', 'images/photo.jpg', 'Images/Photo.JPG'],
    ['img/Photo.JPG', 'img/photo.jpg', 'Photo.JPG'],
    ['a b.png', 'a%20b.png', 'a b.png'],
    ['c.png', 'c.png ', 'c.png'],
  ])('is suggested if it is only similar: %j', async (onDisk, written, similar) => {
    const root = await mkdtemp(join(folder, 'similar-'));
    await mkdir(join(root, onDisk, '..'), { recursive: true });
    await writeFile(join(root, onDisk), 'bytes');
    await expect(readSourceFile(`${root}/${written}`, 100)).rejects.toMatchObject({
      key: 'unreadable-image/similar',
      args: { similar },
    });
  });

  test('is missing if there is nothing like it', async () => {
    for (const name of ['none.png', 'none/x.png', 'a\\b\\c.png', 'x\0.png', `${'x'.repeat(300)}.png`]) {
      await expect(readSourceFile(join(folder, name), 100)).rejects.toMatchObject({ key: 'unreadable-image/missing' });
    }
  });
});

describe('a recipe', () => {
  test.each<[string, (text: string) => Uint8Array]>([
    ['UTF-8 with a byte order mark', (text) => Buffer.from(`\uFEFF${text}`)],
    ['UTF-16 LE', (text) => Buffer.from(`\uFEFF${text}`, 'utf16le')],
    ['UTF-16 BE', (text) => Buffer.from(`\uFEFF${text}`, 'utf16le').swap16()],
    ['UTF-16 LE without a mark', (text) => Buffer.from(text, 'utf16le')],
    ['UTF-16 BE without a mark', (text) => Buffer.from(text, 'utf16le').swap16()],
  ])('is read in %s', async (name, encode) => {
    const path = join(folder, `${name}.mix.json`);
    await writeFile(path, encode(JSON.stringify({ ...smallRecipe, prompt: 'Bär 🐻' })));
    expect((await readRecipe(path, name)).recipe.prompt).toBe('Bär 🐻');
  });

  test('in another encoding is refused by name, not read with wrong letters', async () => {
    const path = join(folder, 'latin1.mix.json');
    await writeFile(path, Buffer.from(JSON.stringify({ ...smallRecipe, prompt: 'Bär' }), 'latin1'));
    await expect(readRecipe(path, 'a')).rejects.toMatchObject({ key: 'invalid-recipe/encoding', args: { file: 'a' } });
  });

  test('of a draft names every file so that it is found again, and keeps no password', () => {
    const sources = ['cap-10:15:30.png', 'http:a.png', 'ä#%.png', '../out.png'].map((name) => join(folder, name));
    const images = [...sources.map((path) => uriOf({ kind: 'file', path })), 'https://me:secret@host/a.png?b'];
    const { recipe } = parseRecipe({ ...smallRecipe, images: images.map((source) => ({ source })) });
    const draft = draftOfRecipe(recipe, folder, (path) => path);
    expect(draft.images.at(-1)).toMatchObject({ uri: 'https://host/a.png?b', path: 'https://host/a.png?b' });
    const text = recipeText(draft, folder);
    expect(text + JSON.stringify(draft)).not.toContain('secret');
    const again = draftOfRecipe(parseRecipe(JSON.parse(text)).recipe, folder, (path) => path);
    expect(again.images.slice(0, -1).map(({ path }) => path)).toEqual(sources);
  });
});

describe('a mix', () => {
  let bench: AppBench;
  beforeAll(async () => {
    bench = await AppBench.start();
  });
  afterAll(() => bench.close());

  test('of files with odd names saves a recipe that finds them', async () => {
    const files = ['cap-10:15:30.png', 'data:,x.png', 'ü'.normalize('NFD'), 'sub/a b#%20.JPEG'];
    await mkdir(bench.file('sub'));
    const red = await readSourceFile(bench.file('red.png'), 1e6);
    for (const file of files) await writeFile(bench.file(file), red);
    const named = ['cap-10:15:30.png', './data:,x.png', 'ü'.normalize('NFC'), 'sub\\a b#%20.JPEG'];
    const images = named.map((source) => ({ source }));
    const first = await bench
      .recipes()
      .run({ file: await bench.recipeFile('a.mix.json', { ...smallRecipe, images }) }, noOptions);
    expect(first).toMatchObject({ status: 'done' });
    const saved = await readRecipeFromImage(fileURLToPath(first.files[0] ?? ''), '');
    expect(saved.images.map(({ source }) => source)).toEqual([
      'cap-10:15:30.png',
      './data:,x.png',
      'ü'.normalize('NFD'),
      'sub/a b#%20.JPEG',
    ]);
    const again = await bench.recipes().run({ file: await bench.recipeFile('b.mix.json', saved) }, noOptions);
    expect(again).toMatchObject({ status: 'done' });
  });

  test('says which file is meant if only the case differs, and which source is invalid', async () => {
    const mixOf = async (source: string) => {
      const file = await bench.recipeFile('c.mix.json', { ...smallRecipe, images: [{ source }] });
      return (await bench.recipes().run({ file }, noOptions)).error;
    };
    expect(await mixOf('Red.PNG')).toMatchObject({
      code: 'unreadable-image',
      message: 'Red.PNG: This file no longer exists. Did you mean red.png?',
    });
    expect(await mixOf('file://img/a.png')).toMatchObject({
      code: 'invalid-recipe',
      message: expect.stringMatching(/^a\.png: file:\/\/img\/a\.png means a file on the computer img,/),
    });
  });

  test("with the hosted engine doesn't send a password to the service", async () => {
    const images = [{ source: 'https://me:secret@host.example/a.png' }];
    const outcome = await bench.recipes().run({ json: { ...smallRecipe, images } }, () => ({ engine: 'hosted' }));
    expect(outcome.error).toMatchObject({ code: 'invalid-recipe', message: expect.stringContaining('password') });
    expect(JSON.stringify(outcome) + bench.lines.join()).not.toContain('secret');
  });
});

describe('the page of an image stands for the image', () => {
  test.each([
    [
      'https://github.com/me/art/blob/main/a%20b/c.png?raw=true',
      'https://github.com/me/art/raw/main/a%20b/c.png?raw=true',
    ],
    ['https://gitlab.com/group/sub/art/-/blob/main/c.png', 'https://gitlab.com/group/sub/art/-/raw/main/c.png'],
    ['https://codeberg.org/me/art/src/branch/main/c.png', 'https://codeberg.org/me/art/raw/branch/main/c.png'],
    ['https://bitbucket.org/me/art/src/main/c.png', 'https://bitbucket.org/me/art/raw/main/c.png'],
    ['https://www.dropbox.com/s/abc/c.png?dl=0', 'https://www.dropbox.com/s/abc/c.png?raw=1'],
    ['https://www.dropbox.com/scl/fi/x/c.png?rlkey=k&dl=0', 'https://www.dropbox.com/scl/fi/x/c.png?rlkey=k&raw=1'],
    [
      'https://drive.google.com/file/d/1aB-_9/view?usp=sharing',
      'https://drive.google.com/uc?export=download&id=1aB-_9',
    ],
    ['https://drive.google.com/open?id=1aB', 'https://drive.google.com/uc?export=download&id=1aB'],
    ['https://www.bitbucket.org/me/art/src/main/c.png', 'https://www.bitbucket.org/me/art/raw/main/c.png'],
    ['https://ja.wikipedia.org/wiki/ファイル:B.svg', 'https://ja.wikipedia.org/wiki/Special:FilePath/B.svg'],
    ['https://en.wikipedia.org/wiki/File:B%C3%A4r.jpg', 'https://en.wikipedia.org/wiki/Special:FilePath/B%C3%A4r.jpg'],
    ['https://de.wikipedia.org/wiki/B#/media/Datei:B.jpg', 'https://de.wikipedia.org/wiki/Special:FilePath/B.jpg'],
    ['https://fr.m.wikipedia.org/wiki/Fichier:B.png', 'https://fr.m.wikipedia.org/wiki/Special:FilePath/B.png'],
    ['https://en.wiktionary.org/wiki/File%3AB.svg', 'https://en.wiktionary.org/wiki/Special:FilePath/B.svg'],
    ['https://git.example:8443/a/b/-/blob/main/c.png', 'https://git.example:8443/a/b/-/raw/main/c.png'],
    ['https://git.example/me/art/src/tag/v1/c.png', 'https://git.example/me/art/raw/tag/v1/c.png'],
    ['https://git.sr.ht/~me/art/tree/main/item/a/c.png', 'https://git.sr.ht/~me/art/blob/main/a/c.png'],
    ['https://gitee.com/me/art/blob/main/c.png', 'https://gitee.com/me/art/raw/main/c.png'],
    ['https://huggingface.co/datasets/me/a/blob/main/c.png', 'https://huggingface.co/datasets/me/a/resolve/main/c.png'],
    [
      'https://gist.github.com/me/0123456789abcdef0123456789abcdef',
      'https://gist.github.com/me/0123456789abcdef0123456789abcdef/raw',
    ],
    [
      'https://onedrive.live.com/embed?resid=1%21A&authkey=b',
      'https://onedrive.live.com/download?resid=1%21A&authkey=b',
    ],
    ['https://me.sharepoint.com/:i:/g/x/Eab?e=1', 'https://me.sharepoint.com/:i:/g/x/Eab?e=1&download=1'],
    ['https://imgur.com/AbCdEf1', 'https://i.imgur.com/AbCdEf1.png'],
    [
      'https://unsplash.com/photos/a-red-rose-ab_dEf-h1Jk',
      'https://unsplash.com/photos/ab_dEf-h1Jk/download?force=true',
    ],
    ['https://www.google.co.uk/imgres?imgurl=https%3A%2F%2Fx.example%2Fa.png%3Fb&h=1', 'https://x.example/a.png?b'],
    [
      'https://www.bing.com/images/search?view=detailV2&mediaurl=https%3A%2F%2Fgithub.com%2Fa%2Fb%2Fblob%2Fm%2Fc.png',
      'https://github.com/a/b/raw/m/c.png',
    ],
  ])('%s', (page, image) => {
    expect(imageUrlOf(page)).toBe(image);
    expect(imageUrlOf(image)).toBe(image);
    expect(locateSource(page, '/base', 0)).toEqual({ kind: 'url', url: image });
  });

  test.each([
    'https://github.com/me/art',
    'https://github.com.evil.example/me/art/blob/main/c.png',
    'https://www.dropbox.com/s/abc/c.png?dl=1',
    'https://drive.google.com/drive/folders/x',
    'HTTPS://example.com/blob/a.png?b=%2C',
    'https://example.com/me/art/src/branch/c.png',
    'https://imgur.com/gallery/AbCdEf1',
    'https://www.google.com/imgres?imgurl=file%3A%2F%2F%2Fetc%2Fpasswd',
    'https://google.evil.example/imgres?imgurl=https%3A%2F%2Fx.example%2Fa.png',
  ])('%s stays as it is', (url) => expect(imageUrlOf(url)).toBe(url));
});
