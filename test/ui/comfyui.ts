import { type ComfyUIServer, startComfyUI } from '../comfyui/server.ts';
import type { Editor } from './editor.ts';
import { test as base } from './fixtures.ts';
import { drawMix } from './flowerMix.ts';
import type { MixPanel } from './mixPanel.ts';

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

/** The same mix as for the other engines, in the four steps that the tests hold at. */
export async function drawMixInSteps(editor: Editor): Promise<MixPanel> {
  const panel = await drawMix(editor);
  await panel.setNumber('Steps', 4);
  return panel;
}
