import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Sandbox, startSandbox } from '../sandbox/sandbox.ts';
import { test as base, expect } from './fixtures.ts';
import { MixPanel } from './mixPanel.ts';

/** A VS Code whose hosted service is a sandbox with the v6 dialect and an account without credits. */
const test = base.extend<{ sandbox: Sandbox }>({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the names of the fixtures from this pattern
  sandbox: async ({}, use) => {
    const sandbox = await startSandbox({ scenarios: ['no-credits-402'] });
    await use(sandbox);
    await sandbox.close();
  },
  launch: async ({ sandbox }, use) => {
    const hosted = { baseUrl: sandbox.baseUrl, dialect: 'v6', uploads: 'allow' };
    const settings = Object.entries(hosted).map(([name, value]) => [`imageMixer.hosted.${name}`, value]);
    await use({ machineSettings: Object.fromEntries(settings) });
  },
});

test('the balance is shown, a mix without credits offers the account, and the log has each step', async ({
  editor,
  sandbox,
}) => {
  const { page } = editor;
  await editor.chooseFromContextMenu(['refs/alps.jpg', 'refs/allium.jpg'], 'Mix Images');
  const panel = new MixPanel(editor.panel());
  await expect(panel.mixButton()).toBeVisible();
  expect(sandbox.requests).toEqual([]); // without a key, no balance is requested
  await editor.runCommand('Image Mixer: Set API Key');
  await page.getByRole('textbox', { name: 'API key for the hosted service' }).fill(sandbox.key);
  await page.keyboard.press('Enter');
  await expect(panel.frame.getByText('Balance: $9.53.')).toBeVisible();

  const asked = sandbox.requests.filter(({ stage }) => stage === 'balance').length;
  await panel.setPrompt('flower of the mountains');
  await panel.mixButton().click();
  await expect(panel.frame.getByText("doesn't have enough credits for this mix").first()).toBeVisible();
  await sandbox.waitFor('balance', asked + 1);
  const account = page.waitForEvent('popup');
  await panel.frame.getByRole('button', { name: 'Open account' }).click();
  // In a browser, VS Code forwards links to local ports through its server.
  expect((await account).url()).toContain(new URL(sandbox.origin).port);

  const { dataDir } = editor.workbench;
  const files = await readdir(dataDir, { recursive: true });
  const story = await readFile(join(dataDir, files.find((name) => name.endsWith('Image Mixer.log')) ?? ''), 'utf8');
  expect(story).toMatch(
    /started: engine=hosted name="flower of the mountains" images=2 samples=1\n[\s\S]*failed: insufficient-credits/,
  );
  expect(story).not.toContain(sandbox.key);
});
