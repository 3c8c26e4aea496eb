import type { Editor } from './editor.ts';
import { MixPanel } from './mixPanel.ts';

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
  await panel.setNumber('Seed', 12345);
  return panel;
}
