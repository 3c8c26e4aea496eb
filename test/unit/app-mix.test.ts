import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { draftOfRecipe, recipeText } from '../../src/app/recipeDraft.ts';
import { readRecipe, readRecipeFromImage } from '../../src/app/recipeFile.ts';
import { draftOfResult } from '../../src/app/resultView.ts';
import { Settings } from '../../src/app/settings.ts';
import { locateSource, locationOf, uriOf } from '../../src/app/sourceLocation.ts';
import { type Draft, emptyDraft } from '../../src/mix/draft.ts';
import { MixFailure } from '../../src/mix/failure.ts';
import { parseRecipe } from '../../src/mix/recipe.ts';
import { AppBench, smallRecipe } from './support/appBench.ts';

let bench: AppBench;
beforeEach(async () => {
  bench = await AppBench.start();
});
afterEach(() => bench.close());

const noOptions = () => ({});
const failsWith = (key: string) => expect.objectContaining({ key });

function draftWith(...files: string[]): Draft {
  const images = files.map((file, at) => ({
    id: `${at}`,
    uri: pathToFileURL(file).href,
    path: file,
    weight: 0.5,
    enabled: true,
  }));
  return { ...emptyDraft, images, prompt: 'rose man', width: 64, height: 64, seed: 7 };
}

describe('a recipe', () => {
  test('given as an object is mixed, and the result is saved in the output folder and listed with its recipe', async () => {
    const progress: string[] = [];
    const outcome = await bench.recipes(progress).run({ json: smallRecipe }, noOptions);
    expect(outcome).toMatchObject({ status: 'done', engine: 'local', seed: 7, seeds: [7] });
    const [file = ''] = outcome.files;
    expect(fileURLToPath(file)).toBe(bench.file('mixes/rose-man-7-1.png'));
    expect(progress.at(-1)).toBe(bench.app.messages.stage('saving'));
    const recipe = await readRecipeFromImage(fileURLToPath(file), 'rose-man-7-1.png');
    expect(recipe).toMatchObject({
      prompt: 'rose man',
      seed: 7,
      images: [{ source: 'red.png' }, { source: 'blue.png' }],
    });
  });

  test.each([
    ['jpeg', 'jpg'],
    ['webp', 'webp'],
  ])('is saved as %s with its recipe if the setting says so', async (format, extension) => {
    bench.settings['output.format'] = format;
    const outcome = await bench.recipes().run({ json: smallRecipe }, noOptions);
    expect(outcome).toMatchObject({ status: 'done', warnings: ['This engine ignores the prompt.'] });
    const path = fileURLToPath(outcome.files[0] ?? '');
    expect(path).toBe(bench.file(`mixes/rose-man-7-1.${extension}`));
    const { width, height } = smallRecipe;
    expect(await sharp(path).metadata()).toMatchObject({ format, width, height, hasAlpha: false });
    expect(await readRecipeFromImage(path, '')).toMatchObject({ prompt: 'rose man', seed: 7 });
  });

  test("has its outcome once it has started, even if its progress can't be shown", async () => {
    const recipes = bench.recipes([], { showProgress: () => Promise.reject(new Error('The window closes')) });
    expect(await recipes.run({ json: smallRecipe }, noOptions)).toMatchObject({ status: 'done', seeds: [7] });
  });

  test('in a file finds its sources by paths relative to it, and images from outside the folder are copied into it', async () => {
    await mkdir(bench.file('art'));
    await rename(bench.file('red.png'), bench.file('art/red.png'));
    const images = [{ source: 'red.png' }, { source: '../../green.png' }, { source: '../../gone.png', enabled: false }];
    const file = await bench.recipeFile('art/hero.mix.json', `\uFEFF${JSON.stringify({ ...smallRecipe, images })}`);
    const outcome = await bench.recipes().run({ file }, () => ({ engine: 'local' }));
    expect(outcome.status).toBe('done');
    expect(await readdir(bench.file('mixes/sources'))).toEqual([expect.stringMatching(/^[0-9a-f]{8}-green\.png$/)]);
    const saved = await readRecipeFromImage(fileURLToPath(outcome.files[0] ?? ''), '');
    expect(saved.images.map(({ source }) => source)).toEqual([
      'art/red.png',
      expect.stringMatching(/^mixes\/sources\/\w+-green\.png$/),
      'gone.png',
    ]);
  });

  test.each([
    ['is missing', undefined, 'invalid-recipe/no-file'],
    ['is not JSON', '{ "images": ', 'invalid-recipe/no-json'],
    ['is no recipe', '[]', 'invalid-recipe/not-a-recipe'],
    ['has a value out of range', JSON.stringify({ ...smallRecipe, width: 9 }), 'invalid-recipe/out-of-range'],
  ])('that %s says so', async (_, content, key) => {
    if (content !== undefined) await bench.recipeFile('a.mix.json', content);
    await expect(readRecipe(bench.file('a.mix.json'), 'a.mix.json')).rejects.toEqual(failsWith(key));
    const outcome = await bench.recipes().run({ file: bench.file('a.mix.json') }, noOptions);
    expect(outcome).toMatchObject({ status: 'failed', jobId: '', error: { code: 'invalid-recipe' } });
  });

  test("that isn't on disk finds its sources from the folder of its file, and says why it can't be read", async () => {
    const file = bench.file('sub/old.mix.json');
    const images = [{ source: '../red.png' }, { source: '../blue.png' }];
    const read = async () => Buffer.from(JSON.stringify({ ...smallRecipe, images }));
    expect(await bench.recipes().run({ file, read }, noOptions)).toMatchObject({ status: 'done', seed: 7 });
    const detail = 'no version HEAD~1';
    const fail = async () => {
      throw new MixFailure('invalid-recipe/unreadable-file', { args: { file: 'old.mix.json', detail } });
    };
    expect(await bench.recipes().run({ file, read: fail }, noOptions)).toMatchObject({
      status: 'failed',
      error: { code: 'invalid-recipe', message: expect.stringContaining(detail) },
    });
  });

  test("that can't be read says why", async () => {
    const unreadable = readRecipe(bench.folder, 'project'); // a folder
    await expect(unreadable).rejects.toMatchObject({
      key: 'invalid-recipe/unreadable-file',
      args: { detail: 'EISDIR' },
    });
  });

  test('with a missing image or an invalid address fails with a message that names it', async () => {
    const missing = { ...smallRecipe, images: [{ source: 'red.png' }, { source: 'gone.png' }] };
    const outcome = await bench.recipes().run({ json: missing }, noOptions);
    expect(outcome.error).toMatchObject({ code: 'unreadable-image', message: expect.stringMatching(/^gone\.png: /) });
    const outside = await bench.recipes().run({ json: { images: [{ source: '../gone.png' }] } }, noOptions);
    expect(outside.error).toMatchObject({ code: 'unreadable-image', message: expect.stringMatching(/^gone\.png: /) });
    const strange = await bench.recipes().run({ json: { images: [{ source: 'ftp://a/b.png' }] } }, noOptions);
    expect(strange.error).toMatchObject({ code: 'invalid-recipe', message: expect.stringContaining('ftp://a/b.png') });
  });

  test('with invalid options fails with a message about them', async () => {
    const outcome = await bench.recipes().run({ json: smallRecipe }, () => {
      throw new TypeError('bad options');
    });
    expect(outcome).toMatchObject({ status: 'failed', error: { code: 'invalid-request' } });
    expect(bench.lines.join('\n')).toContain('TypeError: bad options');
  });

  test('can be canceled', async () => {
    const job = await bench.app.starter.startRecipe({ ...smallRecipe, width: 1024, height: 1024 }, 'local');
    await bench.app.services.runner.cancel(job.id);
    expect(bench.app.messages.outcome(await job.finished)).toMatchObject({ status: 'cancelled', files: [] });
  });

  test('is saved in the folder that the caller names, and the setting never leads outside the workspace', async () => {
    const elsewhere = join(bench.root, 'elsewhere');
    const outcome = await bench.recipes().run({ json: smallRecipe }, () => ({ outputFolder: elsewhere }));
    expect(outcome.files).toEqual([pathToFileURL(join(elsewhere, 'rose-man-7-1.png')).href]);
    bench.settings['output.folder'] = '../out';
    const outside = await bench.recipes().run({ json: smallRecipe }, noOptions);
    expect(outside.error).toMatchObject({ code: 'save-failed', message: expect.stringContaining('../out') });
  });

  test('is saved in storage if no folder is open', async () => {
    bench.hasFolder = false;
    const images = smallRecipe.images.map(({ source }) => ({ source: bench.file(source) }));
    const outcome = await bench.recipes().run({ json: { ...smallRecipe, images } }, noOptions);
    expect(outcome.files).toEqual([expect.stringContaining('/storage/workspace/untitled/mixes/')]);
  });
});

describe('Restricted Mode', () => {
  beforeEach(async () => {
    bench.isTrusted = false;
    await bench.app.keys.set(bench.app.services.origin(), 'k1');
  });

  test('runs no recipe, neither an object nor a file', async () => {
    const file = await bench.recipeFile('a.mix.json', smallRecipe);
    for (const target of [{ json: smallRecipe }, { file }]) {
      const outcome = await bench.recipes().run(target, () => ({ engine: 'local' }));
      expect(outcome).toMatchObject({ status: 'failed', error: { code: 'untrusted-workspace' } });
    }
  });

  test('mixes images that the user picked, with the local engine only', async () => {
    expect(await bench.app.engine.name()).toBe('local');
    const draft = draftWith(bench.file('red.png'));
    const job = await bench.app.starter.startDraft(draft, 'local');
    expect((await job.finished).status).toBe('done');
    await expect(bench.app.starter.startDraft(draft, 'hosted')).rejects.toEqual(failsWith('untrusted-workspace'));
  });

  test("doesn't use the network", async () => {
    const fetched = bench.app.loader.thumbnail('https://example.com/a.png', 64);
    await expect(fetched).rejects.toEqual(failsWith('untrusted-workspace/network'));
    const draft = draftWith(bench.file('red.png'));
    draft.images.push({ id: 'a', uri: 'https://example.com/a.png', path: 'a.png', weight: 1, enabled: true });
    const mixed = bench.app.starter.startDraft(draft, 'local');
    await expect(mixed).rejects.toEqual(failsWith('untrusted-workspace/network'));
    const outside = draftWith(join(bench.root, 'green.png'));
    const withUrl = { ...outside, images: [...outside.images, ...draft.images] };
    await expect(bench.app.starter.startDraft(withUrl, 'local')).rejects.toEqual(
      failsWith('untrusted-workspace/network'),
    );
    await expect(bench.app.starter.startDraft(outside, 'hosted')).rejects.toEqual(failsWith('untrusted-workspace'));
    expect(await readdir(bench.folder)).not.toContain('mixes');
    expect(bench.app.services.runner.jobs()).toEqual([]);
    bench.settings.engine = 'hosted';
    await bench.app.balance.refresh();
    expect(bench.app.balance.last).toBeNull();
  });

  test('no longer applies once the workspace is trusted', async () => {
    const changed: string[] = [];
    const subscription = bench.app.engine.onChange(() => void changed.push('engine'));
    bench.isTrusted = true;
    bench.trustGranted.fire();
    expect(changed).toEqual(['engine']);
    expect(await bench.app.panel.engineView()).toMatchObject({ name: 'hosted', hasKey: true, trusted: true });
    subscription.dispose();
    bench.settingsChanged.fire();
    expect(changed).toEqual(['engine']);
  });
});

describe('consent to upload', () => {
  beforeEach(async () => {
    bench.settings['hosted.baseUrl'] = 'http://127.0.0.1:9/api'; // nothing listens on this port
    await bench.app.keys.set(bench.app.services.origin(), 'k1');
  });
  const start = () => bench.app.starter.startDraft(draftWith(bench.file('red.png')), 'hosted');
  const cancelAll = async () => {
    for (const { record } of bench.app.services.runner.jobs()) await bench.app.services.runner.cancel(record.id);
  };

  test('is asked for once per workspace', async () => {
    await start();
    await start();
    expect(bench.asked).toHaveLength(1);
    expect(bench.asked[0]?.message).toContain('http://127.0.0.1:9');
    await cancelAll();
  });

  test('is asked for once even if two mixes are started at the same time', async () => {
    await Promise.all([start(), start()]);
    expect(bench.asked).toHaveLength(1);
    await cancelAll();
  });

  test('counts for this window even if it cannot be saved', async () => {
    bench.storeError = new Error('The workspace storage is gone');
    await start();
    await start();
    expect(bench.asked).toHaveLength(1);
    await expect.poll(() => bench.lines.join('\n')).toContain('The workspace storage is gone');
    await cancelAll();
  });

  test('can be declined, and is then asked for again', async () => {
    bench.answer = false;
    for (const times of [1, 2]) {
      await expect(start()).rejects.toEqual(failsWith('upload-not-allowed'));
      expect(bench.asked).toHaveLength(times);
    }
  });

  test('follows the setting without asking', async () => {
    bench.settings['hosted.uploads'] = 'never';
    await expect(start()).rejects.toEqual(failsWith('upload-not-allowed'));
    bench.settings['hosted.uploads'] = 'allow';
    await start();
    expect(bench.asked).toEqual([]);
    await cancelAll();
  });

  test("isn't needed for images that the service downloads itself", async () => {
    const draft = draftWith();
    draft.images.push({ id: 'a', uri: 'https://example.com/a.png', path: 'a.png', weight: 1, enabled: true });
    await bench.app.starter.startDraft(draft, 'hosted');
    expect(bench.asked).toEqual([]);
    await cancelAll();
  });

  test("isn't asked for by a recipe: without an earlier yes, it fails before anything is copied or started", async () => {
    const json = { ...smallRecipe, images: [{ source: join(bench.root, 'green.png') }] };
    const file = await bench.recipeFile('a.mix.json', json);
    for (const target of [{ json }, { file }]) {
      const outcome = await bench.recipes().run(target, () => ({ engine: 'hosted' }));
      expect(outcome).toMatchObject({ status: 'failed', jobId: '', error: { code: 'upload-not-allowed' } });
    }
    expect(bench.asked).toEqual([]);
    expect(bench.app.services.runner.jobs()).toEqual([]);
    expect(await readdir(bench.folder)).not.toContain('mixes');
  });

  test("is asked for before an image from outside the project is copied into it, and isn't copied without a yes", async () => {
    const outside = draftWith(join(bench.root, 'green.png'));
    bench.answer = false;
    const declined = bench.app.starter.startDraft(outside, 'hosted');
    await expect(declined).rejects.toEqual(failsWith('upload-not-allowed'));
    expect(await readdir(bench.folder)).not.toContain('mixes');
    bench.answer = true;
    await bench.app.starter.startDraft(outside, 'hosted');
    expect(await readdir(bench.file('mixes/sources'))).toHaveLength(1);
    const [job] = bench.app.services.runner.jobs();
    expect(job?.record.request.home).toEqual({
      storage: join(bench.storage, 'workspace'),
      isTrusted: true,
      mayUpload: true,
    });
    await cancelAll();
  });

  test("of a service with an invalid address isn't asked for", async () => {
    bench.settings['hosted.baseUrl'] = 'http://example.com/api';
    await expect(start()).rejects.toEqual(failsWith('network/insecure-base-url'));
    expect(bench.asked).toEqual([]);
  });
});

describe('a setting', () => {
  test('with an invalid value counts as unset, and is reported once', async () => {
    bench.settings.engine = 'warp';
    expect(await bench.app.engine.name()).toBe('local');
    expect(await bench.app.engine.name()).toBe('local');
    expect(bench.warnings).toEqual([expect.stringMatching(/imageMixer\.engine.*"warp"/)]);
  });

  test.each([
    ['hosted.timeout', 6, 600, '6'],
    ['hosted.timeout', '60', 600, '"60"'],
    ['hosted.maxConcurrent', 'x', 3, '"x"'],
    ['hosted.maxConcurrent', 99, 3, '99'],
    ['hosted.baseUrl', 'name:password@example.com/api', '', undefined], // it may hold a password
  ] as const)('%s with the value %j falls back to %j, with one warning', (name, value, fallback, shown) => {
    const reported: unknown[] = [];
    const settings = new Settings({ read: () => value, onChange: () => ({ dispose: () => {} }) }, (...args) =>
      reported.push(args),
    );
    expect([settings.get(name), settings.get(name)]).toEqual([fallback, fallback]);
    expect(reported).toEqual([[name, shown]]);
  });

  test.each(['nonsense', 'https://name:password@example.com/api', 'http://example.com/api'])(
    "with the base URL %s doesn't matter to a local mix of a web image",
    async (baseUrl) => {
      const image = await readFile(bench.file('red.png'));
      const web = createServer((_, response) => response.end(image));
      await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve));
      const bound = web.address();
      const port = typeof bound === 'object' ? bound?.port : undefined;
      Object.assign(bench.settings, { 'hosted.baseUrl': baseUrl, 'images.allowPrivateAddresses': true });
      const json = { ...smallRecipe, images: [{ source: `http://127.0.0.1:${port}/a.png` }] };
      const outcome = await bench.recipes().run({ json }, () => ({ engine: 'local' }));
      expect(outcome.status).toBe('done');
      web.closeAllConnections();
      await new Promise((resolve) => web.close(resolve));
    },
  );

  test('with an invalid URL is named when it is needed', async () => {
    bench.settings['hosted.baseUrl'] = 'http://example.com/api';
    bench.settings['hosted.uploads'] = 'allow';
    expect(await bench.app.panel.engineView()).toMatchObject({ name: 'local', hasKey: false }); // the panel still opens
    await expect(bench.app.loader.bytes('http://127.0.0.1:9/a.png')).rejects.toMatchObject({ code: 'blocked-address' });
    bench.settings.engine = 'hosted';
    const outcome = await bench.recipes().run({ json: smallRecipe }, noOptions);
    expect(outcome.error).toMatchObject({
      code: 'network',
      message: expect.stringContaining('imageMixer.hosted.baseUrl'),
    });
  });
});

describe('a draft', () => {
  test("of a recipe keeps what the panel doesn't show, and produces the same recipe", () => {
    const json = {
      ...smallRecipe,
      trackId: 'x',
      mood: 'calm',
      model: 'base.safetensors',
      images: [{ source: 'red.png', weight: 0.2, enabled: false }],
    };
    const { recipe } = parseRecipe(json);
    const draft = draftOfRecipe(recipe, bench.folder, (path) => path);
    expect(draft).toMatchObject({
      model: 'base.safetensors',
      extra: { trackId: 'x', mood: 'calm' },
      images: [{ path: bench.file('red.png') }],
    });
    expect(draft.extra).not.toHaveProperty('model');
    expect(JSON.parse(recipeText(draft, bench.folder))).toEqual({ ...recipe, webhook: null });
  });

  test('of a result reproduces the mix', async () => {
    const draft = draftWith(bench.file('red.png'), join(bench.root, 'green.png'));
    const job = await bench.app.starter.startDraft(draft, 'local');
    const { record } = await job.finished;
    await bench.app.results.addFrom(record);
    const [result] = await bench.app.results.all();
    const again = result && draftOfResult(result, (path) => path);
    expect(again).toMatchObject({ prompt: 'rose man', seed: 7, width: 64 });
    expect(again?.images.map(({ uri }) => uri)).toEqual([
      pathToFileURL(bench.file('red.png')).href,
      expect.stringMatching(/\/project\/mixes\/sources\/\w+-green\.png$/),
    ]);
  });

  test('a file without a recipe is reported', async () => {
    const file = bench.file('red.png');
    await expect(readRecipeFromImage(file, 'red.png')).rejects.toEqual(failsWith('invalid-recipe/none-in-image'));
    await writeFile(file, '');
    await expect(readRecipeFromImage(file, 'red.png')).rejects.toMatchObject({
      key: 'unreadable-image/empty',
      imageName: 'red.png',
    });
    await expect(readRecipeFromImage('/dev/zero', 'a')).rejects.toMatchObject({ key: 'unreadable-image/no-file' });
  });
});

test('a source is a path, a file URI or a web URL, and its address resolves to it again', () => {
  expect(locateSource('a b/c.png', '/base', 0)).toEqual({ kind: 'file', path: '/base/a b/c.png' });
  expect(locateSource('file:///x/y%20z.png', '/base', 0)).toEqual({ kind: 'file', path: '/x/y z.png' });
  expect(locateSource('HTTPS://example.com/a?b=%2C', '/base', 0)).toEqual({
    kind: 'url',
    url: 'HTTPS://example.com/a?b=%2C',
  });
  expect(() => locateSource('a\0b', '/base', 3)).toThrow(failsWith('invalid-recipe/bad-source'));
  for (const location of [
    { kind: 'file', path: '/ü#?%.png' } as const,
    { kind: 'url', url: 'https://a/?x=1' } as const,
  ]) {
    expect(locationOf(uriOf(location))).toEqual(location);
  }
});
