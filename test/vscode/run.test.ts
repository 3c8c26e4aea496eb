import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { crc32 } from 'node:zlib';
import { ConfigurationTarget, commands, Position, Uri, WorkspaceEdit, window, workspace } from 'vscode';
import { z } from 'zod';
import { failureCodes } from '../../src/mix/failureTable.ts';

const outcomeSchema = z.strictObject({
  status: z.enum(['done', 'failed', 'cancelled']),
  jobId: z.string(),
  engine: z.enum(['hosted', 'comfyui', 'local']),
  files: z.array(z.string()),
  seed: z.number().nullable(),
  seeds: z.array(z.number()),
  warnings: z.array(z.string()),
  error: z.strictObject({ code: z.enum(failureCodes), message: z.string(), retryable: z.boolean() }).optional(),
});

const run = async (recipe: unknown, options?: unknown) =>
  outcomeSchema.parse(await commands.executeCommand('imageMixer.run', recipe, options));

const root = workspace.workspaceFolders?.[0]?.uri.fsPath ?? '';
const alps = { source: 'refs/alps.jpg', weight: 0.3 };
const flower = { source: 'refs/allium.jpg', weight: 0.7 };

/** A PNG whose header gives a size that doesn't match its data. */
function pngHeader(width: number, height: number): Buffer {
  const chunk = (type: string, data: Buffer) => {
    const body = Buffer.concat([Buffer.from(type), data]);
    const frame = Buffer.alloc(8);
    frame.writeUInt32BE(data.length, 0);
    frame.writeUInt32BE(crc32(body), 4);
    return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)]);
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk('IHDR', header),
    chunk('IDAT', Buffer.alloc(64)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

suite('imageMixer.run', () => {
  let web: Server;
  let address = '';

  suiteSetup(async () => {
    const whole = await readFile(join(root, 'refs/alps.jpg'));
    await mkdir(join(root, 'bad'), { recursive: true });
    await writeFile(join(root, 'bad/text.png'), 'not an image\n');
    await writeFile(join(root, 'bad/empty.jpg'), '');
    await writeFile(join(root, 'bad/huge.png'), pngHeader(30_000, 30_000));
    await writeFile(join(root, 'bad/cut.jpg'), whole.subarray(0, whole.length / 2));
    web = createServer((_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<html></html>'));
    await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve));
    const bound = web.address();
    address = typeof bound === 'object' && bound ? `http://127.0.0.1:${bound.port}/image.png` : '';
  });

  suiteTeardown(() => new Promise((resolve) => web.close(resolve)));

  test('mixes two photographs with the local engine and saves the result', async () => {
    const outcome = await run({ images: [alps, flower], width: 320, height: 240, seed: '77', prompt: 'rose man' });
    assert.equal(outcome.status, 'done', outcome.error?.message);
    assert.deepEqual([outcome.engine, outcome.seed, outcome.seeds], ['local', 77, [77]]);
    const [file = ''] = outcome.files;
    const path = fileURLToPath(file);
    assert.equal(path, join(root, 'mixes', 'rose-man-77-1.png'));
    const bytes = await readFile(path);
    assert.deepEqual([bytes.readUInt32BE(16), bytes.readUInt32BE(20)], [320, 240]);
    assert.match(outcome.warnings.join(' '), /prompt/);
  });

  test('the same recipe gives the same result under another name', async () => {
    const recipe = { images: [alps, flower], width: 128, height: 128, seed: 5 };
    const first = await run(recipe);
    const second = await run(recipe);
    const [a = '', b = ''] = [first.files[0], second.files[0]];
    assert.notEqual(a, b);
    assert.deepEqual(await readFile(fileURLToPath(a)), await readFile(fileURLToPath(b)));
  });

  test('four samples have four seeds and four files', async () => {
    const outcome = await run({ images: [alps, flower], width: 96, height: 96, seed: 2 ** 32 - 2, samples: 4 });
    assert.deepEqual(outcome.seeds, [2 ** 32 - 2, 2 ** 32 - 1, 0, 1]);
    assert.equal(new Set(outcome.files).size, 4);
  });

  test('a recipe file finds its images relative to itself, and saves in the folder that the caller names', async () => {
    const file = join(root, 'refs', 'here.mix.json');
    await writeFile(file, JSON.stringify({ images: [{ source: 'alps.jpg' }], width: 64, height: 64, mood: 1 }));
    const outputFolder = Uri.file(join(root, 'elsewhere'));
    const outcome = await run(Uri.file(file), { outputFolder, engine: 'local' });
    assert.equal(outcome.status, 'done', outcome.error?.message);
    assert.ok(fileURLToPath(outcome.files[0] ?? '').startsWith(outputFolder.fsPath));
    assert.match(outcome.warnings.join(' '), /mood/);
    await rm(file);
  });

  test('a recipe that only VS Code can read finds its images from the folder of its file', async () => {
    const text = JSON.stringify({ images: [{ source: 'alps.jpg' }], width: 64, height: 64, seed: 3 });
    const address = Uri.file(join(root, 'refs', 'here.mix.json'));
    const version = address.with({ scheme: 'old', query: '{"ref":"HEAD"}' });
    const old = workspace.registerTextDocumentContentProvider('old', {
      provideTextDocumentContent: ({ path }) => {
        if (path !== address.path) throw new Error('no such version');
        return text;
      },
    });
    try {
      assert.equal((await run(version)).status, 'done');
      const missing = await run(version.with({ path: `${address.path}.mix.json` }));
      assert.equal(missing.error?.code, 'invalid-recipe');
      assert.match(missing.error.message, /here\.mix\.json\.mix\.json.*no such version/);
      assert.match((await run(address.with({ scheme: 'nobody' }))).error?.message ?? '', /refs\/here\.mix\.json/);
    } finally {
      old.dispose();
    }
    const unsaved = address.with({ scheme: 'untitled' });
    assert.equal((await run(unsaved)).error?.code, 'invalid-recipe');
    assert.ok(!workspace.textDocuments.some(({ uri }) => uri.toString() === unsaved.toString()));
    const document = await workspace.openTextDocument(unsaved);
    const edit = new WorkspaceEdit();
    edit.insert(unsaved, new Position(0, 0), text);
    await workspace.applyEdit(edit);
    const outcome = await run(document.uri);
    assert.equal(outcome.status, 'done', outcome.error?.message);
    await window.showTextDocument(document);
    await commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
  });

  const eleven = Array.from({ length: 11 }, () => alps);
  const bad: [what: string, recipe: unknown, code: string, message: RegExp][] = [
    ['no image', { images: [] }, 'invalid-recipe', /at least one/],
    ['11 images', { images: eleven }, 'invalid-recipe', /11.*10/],
    ['all weights 0', { images: [{ ...alps, weight: 0 }] }, 'invalid-recipe', /weight above 0/],
    ['a weight of -1', { images: [{ ...alps, weight: -1 }] }, 'invalid-recipe', /Weight.*-1.*0 to 1/],
    ['a weight of "x"', { images: [{ ...alps, weight: 'x' }] }, 'invalid-recipe', /Weight.*"x".*0 to 1/],
    ['width 5000', { images: [alps], width: 5000 }, 'invalid-recipe', /Width.*5000.*64 to 4096/],
    ['a source that is no address', { images: [{ source: 'ftp://example.com/a.png' }] }, 'invalid-recipe', /ftp/],
    ['no recipe', 'nonsense', 'invalid-recipe', /JSON/],
    ['a text file named .png', { images: [alps, { source: 'bad/text.png' }] }, 'unsupported-image', /text\.png/],
    ['an empty file', { images: [alps, { source: 'bad/empty.jpg' }] }, 'unreadable-image', /empty\.jpg/],
    ['a cut-off JPEG', { images: [alps, { source: 'bad/cut.jpg' }] }, 'unreadable-image', /cut\.jpg/],
    ['a 30000×30000 PNG', { images: [alps, { source: 'bad/huge.png' }] }, 'image-too-large', /huge\.png/],
    ['a deleted source', { images: [alps, { source: 'refs/gone.jpg' }] }, 'unreadable-image', /gone\.jpg/],
    ['a metadata address', { images: [{ source: 'http://169.254.169.254/a.png' }] }, 'blocked-address', /169\.254/],
    [
      'a hosted mix without a key',
      { images: [{ source: 'https://example.com/a.png' }], prompt: 'x' },
      'no-api-key',
      /Set API Key/,
    ],
    ['an upload nobody agreed to', { images: [alps], prompt: 'x' }, 'upload-not-allowed', /upload/i],
  ];
  for (const [what, recipe, code, message] of bad) {
    test(`${what} is ${code}, and nothing is written`, async () => {
      const before = await readdir(join(root, 'mixes'));
      const outcome = await run(recipe, { engine: /key|upload/.test(code) ? 'hosted' : 'local' });
      assert.equal(outcome.status, 'failed');
      assert.equal(outcome.error?.code, code);
      assert.match(outcome.error.message, message);
      assert.deepEqual(await readdir(join(root, 'mixes')), before);
    });
  }

  test("an address of this machine is blocked unless it's allowed, and an HTML page isn't an image", async () => {
    const recipe = { images: [{ source: address }] };
    assert.equal((await run(recipe)).error?.code, 'blocked-address');
    const settings = workspace.getConfiguration('imageMixer');
    await settings.update('images.allowPrivateAddresses', true, ConfigurationTarget.Global);
    try {
      assert.equal((await run(recipe)).error?.code, 'unsupported-image');
    } finally {
      await settings.update('images.allowPrivateAddresses', undefined, ConfigurationTarget.Global);
    }
  });

  test('a command that a setting prevents says which one', async () => {
    const settings = workspace.getConfiguration('imageMixer');
    await settings.update('hosted.baseUrl', 'http://example.com/api', ConfigurationTarget.Global);
    try {
      await assert.rejects(Promise.resolve(commands.executeCommand('imageMixer.setApiKey', 'key')), /hosted\.baseUrl/);
    } finally {
      await settings.update('hosted.baseUrl', undefined, ConfigurationTarget.Global);
    }
  });

  test('unknown options are rejected', async () => {
    const elsewhere = Uri.file(root).with({ scheme: 'git' });
    for (const options of [{ engin: 'local' }, { outputFolder: elsewhere }]) {
      const outcome = await run({ images: [alps] }, options);
      assert.equal(outcome.error?.code, 'invalid-request');
    }
  });
});
