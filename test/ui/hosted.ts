import { type Sandbox, startSandbox } from '../sandbox/sandbox.ts';
import type { Editor } from './editor.ts';
import { test as base, expect } from './fixtures.ts';
import { MixPanel } from './mixPanel.ts';

/** A VS Code whose hosted service is a sandbox of the test's own; a mix there takes three polls. */
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

/** As `test`, of which uploads are allowed and one job runs while the others wait. */
export const oneJobAtATime = test.extend({
  launch: async ({ launch }, use) => {
    const more = { 'imageMixer.hosted.uploads': 'allow', 'imageMixer.hosted.maxConcurrent': 1 };
    await use({ ...launch, machineSettings: { ...launch.machineSettings, ...more } });
  },
});

/** Sets the key for an origin through the input box that the command opens. */
export async function setKey(editor: Editor, origin: string, key: string): Promise<void> {
  // A window knows the settings of its machine some time after it shows; the input box says whose key it asks for.
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

/** The file that the mix below is saved as. */
export const resultName = 'flower-of-the-mountains-12345-1.png';

/** Opens the panel on two photographs of the explorer and sets up a mix. */
export async function drawMix(editor: Editor): Promise<MixPanel> {
  await editor.chooseFromContextMenu(['refs/alps.jpg', 'refs/allium.jpg'], 'Mix Images');
  const panel = new MixPanel(editor.panel());
  await panel.setWeight('alps.jpg', 0.3);
  await panel.setWeight('allium.jpg', 0.7);
  await panel.setPrompt('flower of the mountains');
  await panel.setNumber('Width', 320);
  await panel.setNumber('Height', 240);
  await panel.setNumber('Seed', 12345);
  return panel;
}
