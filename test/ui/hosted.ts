import { execFile } from 'node:child_process';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { type Sandbox, startSandbox } from '../sandbox/sandbox.ts';
import type { Editor } from './editor.ts';
import { test as base, expect } from './fixtures.ts';

/** A VS Code with its own sandbox as the hosted service. A mix takes three polls. */
export const test = base.extend<{ sandbox: Sandbox }>({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the names of the fixtures from this pattern
  sandbox: async ({}, use) => {
    const sandbox = await startSandbox({ strict: true, scenarios: ['processing'] });
    await use(sandbox);
    await sandbox.close();
  },
  launch: async ({ sandbox }, use) => {
    await use({ machineSettings: { 'imageMixer.hosted.baseUrl': sandbox.baseUrl } });
  },
});

/** Like `test`, but uploads are allowed, and one job runs at a time. */
export const oneJobAtATime = test.extend({
  launch: async ({ launch }, use) => {
    const more = { 'imageMixer.hosted.uploads': 'allow', 'imageMixer.hosted.maxConcurrent': 1 };
    await use({ ...launch, machineSettings: { ...launch.machineSettings, ...more } });
  },
});

/**
 * The packaged extension, which may upload without asking. (If the host of an extension under development dies, VS Code doesn't start
 * another.) `grace`: seconds that an extension host waits for a closed window.
 */
export const packaged = test.extend<{ grace: number; trust: boolean }>({
  grace: [3600, { option: true }],
  trust: [false, { option: true }],
  launch: async ({ sandbox, grace, trust }, use) => {
    await use({
      vsix: resolve(import.meta.dirname, '../../dist/image-mixer.vsix'),
      machineSettings: { 'imageMixer.hosted.baseUrl': sandbox.baseUrl, 'imageMixer.hosted.uploads': 'allow' },
      serverArgs: ['--reconnection-grace-time', String(grace)],
      trust,
    });
  },
});

/** Absolute path of the folder of the jobs. */
export function jobsFolder({ workbench }: Editor): string {
  return join(workbench.dataDir, 'data/User/globalStorage/imagemixer.image-mixer/jobs');
}

/** The number of paid requests that a service received. */
export function ordersOf({ requests }: Sandbox): number {
  return requests.filter(({ stage }) => stage === 'mix').length;
}

/** The process ids of the extension hosts. */
export async function hostsOf({ workbench }: Editor): Promise<number[]> {
  const { stdout } = await promisify(execFile)('ps', ['-A', '-o', 'pid=,ppid=,args=']);
  return stdout.split('\n').flatMap((line) => {
    const [pid, parent] = line.trim().split(/\s+/).map(Number);
    return parent === workbench.serverPid && pid && line.includes('--type=extensionHost') ? pid : [];
  });
}

/** Sets the API key for an origin with the command. */
export async function setKey(editor: Editor, origin: string, key: string): Promise<void> {
  // A window applies machine settings some time after it appears. The input box shows the origin that it asks for.
  const question = editor.page.getByText(`Enter the API key for ${origin} from your account there.`);
  await expect(async () => {
    await editor.page.keyboard.press('Escape');
    await editor.runCommand('Image Mixer: Set API Key');
    await expect(question).toBeVisible({ timeout: 5000 });
  }).toPass();
  await editor.page.getByRole('textbox', { name: 'API key for the hosted service' }).fill(key);
  await editor.page.keyboard.press('Enter');
  await expect(question).toBeHidden();
}
