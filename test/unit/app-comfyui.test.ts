import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { authorizationSecret, isAuthorization } from '../../src/app/serverAuthorizations.ts';
import { maxWorkflowBytes } from '../../src/engines/comfyui/workflow.ts';
import { readProvenance } from '../../src/images/imageMetadata.ts';
import { emptyDraft } from '../../src/mix/draft.ts';
import { type ComfyUIOptions, type ComfyUIServer, startComfyUI } from '../comfyui/server.ts';
import { AppBench, smallRecipe } from './support/appBench.ts';

let bench: AppBench;
const servers: ComfyUIServer[] = [];
beforeEach(async () => {
  bench = await AppBench.start();
});
afterEach(async () => {
  await bench.close();
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

/** Starts a server and adds it to the setting. */
async function addServer(options: ComfyUIOptions = {}): Promise<ComfyUIServer> {
  const server = await startComfyUI(options);
  servers.push(server);
  bench.settings['comfyui.servers'] = servers.map(({ url }) => url);
  return server;
}

const neverAborted = new AbortController().signal;
const check = async () => {
  const report = await bench.app.comfyui.check(neverAborted);
  return { ...report.summary(), details: report.document() };
};
const mix = () => bench.recipes().run({ json: smallRecipe }, () => ({ engine: 'comfyui' }));
const failsWith = (key: string) => expect.objectContaining({ key });

describe('the engine auto', () => {
  test('is hosted with a key, else comfyui with a server, else local, and local in Restricted Mode', async () => {
    const { engine, keys, services } = bench.app;
    expect(await engine.name()).toBe('local');
    bench.settings['comfyui.servers'] = ['http://127.0.0.1:8188'];
    expect(await engine.name()).toBe('comfyui');
    await keys.set(services.origin(), 'k1');
    expect(await engine.name()).toBe('hosted');
    bench.isTrusted = false;
    expect(await engine.name()).toBe('local');
  });

  test('is local if the servers are not a list, and a warning names the setting, but not a password in it', async () => {
    bench.settings['comfyui.servers'] = 'http://me:s3cret@127.0.0.1:8188';
    expect(await bench.app.engine.name()).toBe('local');
    expect(bench.warnings).toEqual([expect.stringContaining('imageMixer.comfyui.servers')]);
    bench.settings['hosted.baseUrl'] = 'ftp://me:s3cret@example.com';
    expect(bench.app.services.usableOrigin()).toBeDefined();
    expect(bench.warnings).toHaveLength(2);
    expect(bench.warnings.join()).not.toContain('s3cret');
  });
});

describe('a mix', () => {
  test('runs although another address of the setting is wrong, which its server says', async () => {
    const { url } = await addServer();
    bench.settings['comfyui.servers'] = ['127.0.0.1:8188', 'http://me:s3cret@127.0.0.1:8188', url];
    expect(await mix()).toMatchObject({ status: 'done', engine: 'comfyui' });
    expect(bench.warnings).toEqual([]);
    const { isReady, message, details } = await check();
    expect(isReady).toBe(true);
    expect(message).toContain('invalid address');
    expect(message + details).not.toContain('s3cret');
  });

  test('runs without questions, and its result names the model, the preset and the image strength', async () => {
    const { url } = await addServer();
    bench.settings['comfyui.imageStrength'] = 0.6;
    const outcome = await mix();
    expect(outcome).toMatchObject({ status: 'done', engine: 'comfyui', seeds: [7] });
    expect(bench.asked).toEqual([]);
    const bytes = await readFile(fileURLToPath(outcome.files[0] ?? ''));
    const provenance = readProvenance(bytes);
    expect(provenance).toMatchObject({
      engine: 'comfyui',
      model: expect.stringMatching(/\.safetensors$/),
      comfyui: { preset: 'PLUS (high strength)', imageStrength: 0.6 },
    });
    expect(bytes.toString('latin1')).toMatch(/Seed: 7, Size: 64x64, Model: \S/);
    expect(bytes.toString('latin1')).not.toContain(new URL(url).host);
  });

  test('takes the settings of the moment when it is started', async () => {
    await addServer();
    const job = await bench.app.starter.startRecipe(smallRecipe, 'comfyui');
    bench.settings['comfyui.imageStrength'] = 0.1;
    const { record } = await job.finished;
    expect(record.request.comfyui).toMatchObject({
      imageStrength: 0.8,
      preset: 'PLUS (high strength)',
      workflow: null,
    });
  });

  test('with the local engine ignores the model and says so', async () => {
    const outcome = await bench.recipes().run({ json: { ...smallRecipe, prompt: '', model: 'base' } }, () => ({}));
    expect(outcome).toMatchObject({ status: 'done', warnings: ['This engine ignores the model.'] });
  });

  test('in Restricted Mode sends and reads nothing', async () => {
    const { requests } = await addServer();
    bench.settings['comfyui.workflow'] = 'none.json';
    bench.isTrusted = false;
    const images = [{ id: 'a', uri: `file://${bench.file('red.png')}`, path: 'red.png', weight: 1, enabled: true }];
    const started = bench.app.starter.startDraft({ ...emptyDraft, images }, 'comfyui');
    await expect(started).rejects.toEqual(failsWith('untrusted-workspace'));
    await expect(bench.app.comfyui.check(neverAborted)).rejects.toEqual(failsWith('untrusted-workspace'));
    expect(requests).toEqual([]);
  });
});

describe("a workflow of the user's own", () => {
  const workflowOf = async () => JSON.parse(await bench.app.comfyui.newWorkflow(2, neverAborted));

  test('is read from the workspace folder when the mix starts, and gives the same result as the built-in graph', async () => {
    await addServer();
    const bytesOf = async () => {
      const { files, error } = await mix();
      expect(error).toBeUndefined();
      return readFile(fileURLToPath(files[0] ?? ''));
    };
    bench.settings['output.embedRecipe'] = false;
    const builtIn = await bytesOf();
    await writeFile(bench.file('mine.json'), JSON.stringify(await workflowOf()));
    for (const path of ['mine.json', bench.file('mine.json')]) {
      bench.settings['comfyui.workflow'] = path;
      expect(await bytesOf()).toEqual(builtIn);
    }
    expect(bench.app.services.runner.jobs().at(-1)?.record.request.comfyui?.workflow?.name).toBe('mine.json');
  });

  test.each([
    ['that is missing', 'none.json', 'invalid-recipe/workflow-unreadable'],
    ['that is a folder', '.', 'invalid-recipe/workflow-unreadable'],
    ['that is too large', 'large.json', 'invalid-recipe/workflow-too-large'],
    ['that is binary', 'red.png', 'invalid-recipe/workflow-no-json'],
    ['that is not JSON', 'text.json', 'invalid-recipe/workflow-no-json'],
  ])('%s is refused before anything is sent', async (_, path, key) => {
    const { requests } = await addServer();
    await writeFile(bench.file('large.json'), Buffer.alloc(maxWorkflowBytes + 1, ' '));
    await writeFile(bench.file('text.json'), 'a workflow');
    bench.settings['comfyui.workflow'] = path;
    await expect(bench.app.starter.startRecipe(smallRecipe, 'comfyui')).rejects.toEqual(failsWith(key));
    expect(requests).toEqual([]);
  });

  test('by a relative path needs a folder', async () => {
    await addServer();
    bench.hasFolder = false;
    bench.settings['comfyui.workflow'] = 'mine.json';
    const recipe = { ...smallRecipe, images: [{ source: bench.file('red.png') }] };
    await expect(bench.app.starter.startRecipe(recipe, 'comfyui')).rejects.toEqual(
      failsWith('invalid-recipe/workflow-no-folder'),
    );
  });

  test('to start from has nodes for the images and the models of the server, and usual ones without a server', async () => {
    bench.settings['comfyui.servers'] = [];
    expect(JSON.stringify(await workflowOf())).toContain('sd_xl_base_1.0.safetensors');
    const { settings } = await addServer();
    const [checkpoint] = settings.models.checkpoints ?? [];
    const text = await bench.app.comfyui.newWorkflow(4, neverAborted);
    expect(text).toContain(JSON.stringify(checkpoint));
    expect(text).toContain('mix:image 4');
    expect(text).not.toContain('mix:image 5');
  });
});

describe('an authorization', () => {
  const authorization = 'Bearer comfyui-secret-51c0';

  test('is stored for an origin, and sent to no other', async () => {
    const [guarded, open] = [await addServer({ scenarios: ['authorization'] }), await addServer()];
    const { authorizations, comfyui } = bench.app;
    const [origin = '', otherOrigin = ''] = comfyui.origins();
    expect(await check()).toMatchObject({
      isReady: true,
      message: expect.stringMatching(/^1 of 2.*requires signing in/),
    });
    expect(await authorizations.set(origin, ` ${authorization} `)).toBe('stored');
    bench.app.services.reconnectComfyui();
    expect(bench.secrets.get(authorizationSecret(origin))).toBe(authorization);
    expect(bench.secrets.has(authorizationSecret(otherOrigin))).toBe(false);
    expect(await check()).toMatchObject({ isReady: true, message: '2 of 2 ComfyUI servers are ready.' });
    expect(guarded.requests.at(-1)?.headers.authorization).toBe(authorization);
    expect(open.requests.length).toBeGreaterThan(0);
    expect(open.requests.filter(({ headers }) => headers.authorization !== undefined)).toEqual([]);
    expect(bench.lines.join('\n')).not.toContain('comfyui-secret');
    await authorizations.clear(origin);
    bench.app.services.reconnectComfyui();
    expect(await check()).toMatchObject({ message: expect.stringContaining('requires signing in') });
  });

  test("that can't be read counts as not set, so a server that needs none works, and the user is told once", async () => {
    await addServer();
    bench.keyringError = new Error('no keyring');
    expect(await bench.app.engine.name()).toBe('comfyui'); // asks for the API key
    expect(await check()).toMatchObject({ isReady: true });
    expect(bench.warnings).toEqual([bench.app.messages.say('key.unreadable')]);
  });

  test.each([
    ['Bearer abc', true],
    [' Basic dXNlcjpwYXNz ', true],
    ['Digest username="a", realm="b"', true],
    ['abc', false], // a bare token: the scheme was forgotten
    ['Bearer', false],
    ['Bearer a\r\nX: y', false],
    ['Bearer ä', false],
    ['', false],
    [undefined, false],
  ])('can be %j: %s', (value, isValid) => {
    expect(isAuthorization(value)).toBe(isValid);
    expect(isAuthorization(`${value}${'a'.repeat(9_000)}`)).toBe(false);
  });
});

describe('the check of the servers', () => {
  test('says what it found on a server that is ready', async () => {
    const { url, settings } = await addServer();
    const { isReady, message, details } = await check();
    const [checkpoint = ''] = settings.models.checkpoints ?? [];
    expect(isReady).toBe(true);
    expect(message).toContain(`${new URL(url).host} is ready.`);
    for (const text of [url, 'ComfyUI 0.3.64', checkpoint, '`PLUS (high strength)`', 'GB free']) {
      expect(details).toContain(text);
    }
  });

  test.each([
    ['no-pack', /ComfyUI_IPAdapter_plus/, ['custom_nodes', 'github.com/cubiq/ComfyUI_IPAdapter_plus']],
    ['no-adapter-files', /ip-adapter-plus/, ['`models/ipadapter`', 'huggingface.co/h94/IP-Adapter']],
    ['no-clip-vision', /CLIP-ViT-H-14/, ['`models/clip_vision`', 'Needed for', 'PLUS (high strength)']],
    ['no-checkpoint', /no checkpoint/, ['None']],
    ['other-server', /isn't a ComfyUI server/, []],
    ['login-page', /requires signing in/, []],
  ])('says what is wrong in the scenario %s, and what is missing where', async (scenario, message, texts) => {
    const server = await addServer({ scenarios: [scenario] });
    server.configure({ models: { ...server.settings.models, diffusion_models: [] } }); // it could mix with Flux
    const found = await check();
    expect(found).toMatchObject({ isReady: false, message: expect.stringMatching(message) });
    for (const text of texts) expect(found.details).toContain(text);
  });

  test('lists what the preset of the settings lacks before what others lack, each file once', async () => {
    const { settings } = await addServer({ scenarios: ['no-adapter-files'] });
    bench.settings['comfyui.preset'] = 'STANDARD (medium strength)';
    const { details } = await check();
    const [, needed = '', others = ''] = details.split(/### Missing files.*\n/);
    expect(needed.match(/ip-adapter[\w-]+(?=\.safetensors)/g)).toEqual(['ip-adapter_sd15', 'ip-adapter_sdxl_vit-h']);
    expect(others).toContain('ip-adapter-plus_sd15.safetensors');
    expect(others).not.toContain('ip-adapter_sd15.safetensors');
    expect(settings.models.ipadapter).toEqual([]);
  });

  test('says so if no server is set', async () => {
    expect(await check()).toMatchObject({
      isReady: false,
      message: expect.stringContaining('No ComfyUI server is set'),
    });
  });

  test('asks anew each time, follows the settings, and shows no password', async () => {
    const server = await addServer();
    expect(await check()).toMatchObject({ isReady: true });
    bench.settings['comfyui.checkpoint'] = 'mine.safetensors';
    expect(await check()).toMatchObject({ isReady: false, message: expect.stringContaining('mine.safetensors') });
    bench.settings['comfyui.checkpoint'] = '';
    await server.stop();
    expect(await check()).toMatchObject({ isReady: false, message: expect.stringContaining('Start ComfyUI') });
    bench.settings['comfyui.servers'] = ['http://me:secret@127.0.0.1:8188'];
    const { message, details } = await check();
    expect(message).toContain('imageMixer.comfyui.servers');
    expect(message + details).not.toContain('secret');
  });
});
