import { defaultModels } from './modelFiles.ts';
import type { ComfyUISettings } from './settings.ts';

/** A named way in which a server can be or fail. */
export interface Scenario {
  readonly name: string;
  /** What the server does, for the table. */
  readonly server: string;
  /** What a client should do, for the table. */
  readonly client: string;
  readonly settings: Partial<ComfyUISettings>;
}

const scenario = (name: string, server: string, client: string, settings: Partial<ComfyUISettings>): Scenario => ({
  name,
  server,
  client,
  settings,
});

const without = (...folders: readonly string[]): Partial<ComfyUISettings> => ({
  models: { ...defaultModels, ...Object.fromEntries(folders.map((folder) => [folder, []])) },
});

const versions: readonly Scenario[] = [
  scenario('good-run', 'version 0.3.64, nothing wrong', 'succeed', {}),
  scenario(
    'new-version',
    'version 0.38.1: UUIDs only, `missing_node_type`, checked COMBO lists, background removal, `/api/jobs`',
    'succeed',
    { version: '0.38.1' },
  ),
  scenario('combo-lists', 'all lists have the COMBO form', 'read both forms', { comboLists: true }),
  scenario(
    'old-interrupt',
    'version 0.3.56: `/interrupt` stops whatever runs',
    "never interrupt others' prompts; report the version",
    { version: '0.3.56' },
  ),
  scenario('old-prompt-ids', 'version 0.3.44: the server chooses the ids of prompts', 'report the version', {
    version: '0.3.44',
  }),
  scenario('previews', 'a preview image at every step', 'show it', { previews: true }),
  scenario('sub-path', 'the server is under `/comfy`', 'keep the path of the base URL', { basePath: '/comfy' }),
  scenario('unknown-events', 'a custom pack sends text and binary events of its own', 'ignore them', {
    extraEvents: true,
  }),
];

const doors: readonly Scenario[] = [
  scenario('authorization', '401 without `Authorization: Bearer comfyui-secret-51c0`', 'send it, on the upgrade too', {
    door: { kind: 'authorization', value: 'Bearer comfyui-secret-51c0' },
  }),
  scenario('login-redirect', '302 to a login page', "don't follow; report that a sign-in is needed", {
    door: { kind: 'login-redirect' },
  }),
  scenario('login-page', 'HTML of a login page with status 200', 'report that a sign-in is needed', {
    door: { kind: 'login-page' },
  }),
  scenario('other-server', 'JSON that has nothing to do with ComfyUI', "report that it isn't ComfyUI", {
    door: { kind: 'other-server' },
  }),
  scenario('no-websocket', '502 for WebSocket upgrades', 'poll', { door: { kind: 'no-websocket' } }),
  scenario('small-upload-limit', '413 for bodies over 8 KB', 'send smaller images, or report the limit', {
    uploadLimit: 8192,
  }),
];

const models: readonly Scenario[] = [
  scenario('no-checkpoint', 'no checkpoint is installed', 'say so before uploading', without('checkpoints')),
  scenario('no-pack', "the IP-Adapter pack isn't installed", 'say so before uploading', {
    missingClasses: ['IPAdapter'],
  }),
  scenario(
    'no-adapter-files',
    'the pack is there, but none of its models',
    'say so before uploading',
    without('ipadapter'),
  ),
  scenario('no-clip-vision', 'no CLIP vision model is installed', 'say so before uploading', without('clip_vision')),
  scenario('wrong-architecture', 'the only checkpoint is Flux, on which adapters have no effect', 'warn', {
    models: { ...defaultModels, checkpoints: ['flux1-dev-fp8.safetensors'] },
    modelMetadata: { 'flux1-dev-fp8.safetensors': { 'modelspec.architecture': 'Flux.1-dev' } },
  }),
];

const failures: readonly Scenario[] = [
  scenario('out-of-memory', '`torch.OutOfMemoryError` in the sampler', 'report it, with advice on the size', {
    fault: {
      kind: 'raise',
      classType: 'KSampler',
      type: 'torch.OutOfMemoryError',
      message:
        'Allocation on device 0 would exceed allowed memory. (out of memory)\nThis error means you ran out of memory on your GPU.\n\nTIPS: If the workflow worked before you might have accidentally set the batch_size to a large number.',
      times: Number.POSITIVE_INFINITY,
    },
  }),
  scenario('out-of-memory-old', '`torch.cuda.OutOfMemoryError` in the decoder', 'as above', {
    fault: {
      kind: 'raise',
      classType: 'VAEDecode',
      type: 'torch.cuda.OutOfMemoryError',
      message: 'CUDA out of memory. Tried to allocate 2.00 GiB.',
      times: Number.POSITIVE_INFINITY,
    },
  }),
  scenario(
    'custom-node-failure',
    'an adapter node fails with a message that has a path of the server in it',
    'report the node; show no path',
    {
      fault: {
        kind: 'raise',
        classType: 'IPAdapterFromParams',
        type: 'RuntimeError',
        message:
          'mat1 and mat2 shapes cannot be multiplied (/srv/ComfyUI/custom_nodes/ComfyUI_IPAdapter_plus/IPAdapterPlus.py)',
        times: Number.POSITIVE_INFINITY,
      },
    },
  ),
  scenario('custom-node-stuck', "an adapter node never returns and can't be interrupted", 'time out', {
    fault: { kind: 'stuck', classType: 'IPAdapterFromParams', times: Number.POSITIVE_INFINITY },
  }),
];

const losses: readonly Scenario[] = [
  scenario('restart-while-running', 'the process restarts at the 2nd step, once', 'upload and submit again', {
    fault: { kind: 'restart', step: 2 },
  }),
  scenario(
    'restart-while-pending',
    'the process restarts right after accepting a prompt, once',
    'upload and submit again',
    {
      fault: { kind: 'restart-on-arrival' },
    },
  ),
  scenario('lost-history', 'the history is cleared as soon as a prompt is in it, once', 'submit again, or report it', {
    fault: { kind: 'forget-history' },
  }),
  scenario('late-history', 'two requests for the history after `execution_success` are answered `{}`', 'ask again', {
    lateHistory: 2,
  }),
  scenario(
    'outputs-removed',
    'the result files are removed as soon as the history names them, once',
    'force a new run',
    {
      fault: { kind: 'remove-outputs' },
    },
  ),
  scenario(
    'cached-outputs-omitted',
    'the history of prompts without a client id leaves out cached outputs',
    'send a client id',
    {
      omitsCachedOutputs: true,
    },
  ),
  scenario('lost-reply', 'a prompt is accepted, but the connection breaks before the reply, once', 'look for its id', {
    fault: { kind: 'lose-reply' },
  }),
  scenario('sockets-dropped', 'all sockets close at the 1st step, once', 'reconnect; poll meanwhile', {
    fault: { kind: 'drop-sockets', step: 1 },
  }),
  scenario(
    'reconnect-drops-new-socket',
    'open sockets fall silent at the 1st step; when a client opens a new one, the old one closes, and the new one gets nothing',
    'poll',
    { fault: { kind: 'silence-sockets', step: 1 } },
  ),
];

const others: readonly Scenario[] = [
  scenario(
    'strangers-previews',
    "another user's prompt without a client id runs first; its progress and previews are broadcast",
    'ignore them',
    {
      previews: true,
      strangersAhead: [{}],
    },
  ),
  scenario('strangers-ahead', 'three prompts of other users run first', 'show the position', {
    strangersAhead: [{ clientId: 'stranger-1' }, { clientId: 'stranger-2' }, { clientId: 'stranger-1' }],
  }),
  scenario('deleted-while-pending', 'somebody deletes the prompt before it runs, once', 'end the job', {
    fault: { kind: 'delete-pending' },
  }),
  scenario(
    'interrupted-by-others',
    'somebody interrupts the prompt at the 2nd step, once',
    'end the job as canceled elsewhere',
    {
      fault: { kind: 'interrupt', step: 2 },
    },
  ),
];

/** All scenarios, in the order of the table. */
export const scenarios: readonly Scenario[] = [...versions, ...doors, ...models, ...failures, ...losses, ...others];

/** @throws Error for an unknown name. */
export function scenarioNamed(name: string): Scenario {
  const found = scenarios.find((one) => one.name === name);
  if (!found) throw new Error(`No scenario is named "${name}". --list shows them.`);
  return found;
}

/** The scenarios as a Markdown table. */
export function scenarioTable(): string {
  const rows = [['name', 'what the server does', 'what a client should do']].concat(
    scenarios.map(({ name, server, client }) => [`\`${name}\``, server, client]),
  );
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[], fill = ' '): string =>
    `| ${cells.map((cell, i) => cell.padEnd(widths[i] ?? 0, fill)).join(' | ')} |`;
  const [head = [], ...body] = rows;
  return [line(head), line(['', '', ''], '-'), ...body.map((row) => line(row))].join('\n');
}
