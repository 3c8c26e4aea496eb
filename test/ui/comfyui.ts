import { type ComfyUIServer, startComfyUI } from '../comfyui/server.ts';
import type { Editor } from './editor.ts';
import { test as base } from './fixtures.ts';
import { MixPanel } from './mixPanel.ts';

/** A VS Code with a loopback ComfyUI server in its settings, which sends previews. */
export const test = base.extend<{ server: ComfyUIServer }>({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the names of the fixtures from this pattern
  server: async ({}, use) => {
    const server = await startComfyUI({ previews: true });
    await use(server);
    await server.close();
  },
  launch: async ({ server }, use) => {
    await use({ machineSettings: { 'imageMixer.comfyui.servers': [server.url] } });
  },
});

/** The file name of the mix below. */
export const resultName = 'flower-of-the-mountains-12345-1.png';

/** Opens the panel with two photographs from the Explorer and fills in a mix. */
export async function drawMix(editor: Editor): Promise<MixPanel> {
  await editor.chooseFromContextMenu(['refs/alps.jpg', 'refs/allium.jpg'], 'Mix Images');
  const panel = new MixPanel(editor.panel());
  await panel.setWeight('alps.jpg', 0.3);
  await panel.setWeight('allium.jpg', 0.7);
  await panel.setPrompt('flower of the mountains');
  await panel.setNumber('Width', 320);
  await panel.setNumber('Height', 240);
  await panel.setNumber('Steps', 4);
  await panel.setNumber('Seed', 12345);
  return panel;
}
