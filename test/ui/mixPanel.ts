import { expect, type FrameLocator, type Locator } from '@playwright/test';
import type { Editor } from './editor.ts';

/** The panel as a user operates it: by role, name, mouse and keys. */
export class MixPanel {
  readonly frame: FrameLocator;

  constructor(frame: FrameLocator) {
    this.frame = frame;
  }

  /** The cards of the images, in order. */
  images(): Locator {
    return this.frame.getByRole('list', { name: 'Images' }).getByRole('group');
  }

  imageNames(): Promise<(string | null)[]> {
    return this.images().evaluateAll((groups) => groups.map((group) => group.ariaLabel));
  }

  /** The card of an image. */
  image(name: string): Locator {
    return this.frame.getByRole('list', { name: 'Images' }).getByRole('group', { name, exact: true });
  }

  slider(name: string): Locator {
    return this.frame.getByRole('slider', { name: `Weight of ${name}`, exact: true });
  }

  exactWeight(name: string): Locator {
    return this.frame.getByRole('spinbutton', { name: `Exact weight of ${name}`, exact: true });
  }

  async setWeight(name: string, weight: number): Promise<void> {
    const box = this.exactWeight(name);
    await box.fill(String(weight));
    await box.press('Tab');
    await expect(this.slider(name)).toHaveValue(String(weight));
  }

  async setNumber(
    name: 'Width' | 'Height' | 'Steps' | 'Guidance scale' | 'Seed' | 'Samples',
    value: number,
  ): Promise<void> {
    const box = this.frame.getByRole('spinbutton', { name, exact: true });
    await box.fill(String(value));
    await box.press('Tab');
  }

  async setPrompt(text: string): Promise<void> {
    await this.frame.getByRole('textbox', { name: 'Prompt', exact: true }).fill(text);
  }

  preview(): Locator {
    return this.frame.getByRole('img', { name: 'Live preview' });
  }

  mixButton(): Locator {
    return this.frame.getByRole('button', { name: 'Mix', exact: true });
  }

  /** The results, newest first. */
  results(): Locator {
    return this.frame.getByRole('list', { name: 'Results' }).getByRole('img');
  }

  /** Clicks Mix and waits for the result. Returns its file name. */
  async mix(): Promise<string> {
    const before = await this.results().count();
    await this.mixButton().click();
    await expect(this.results()).toHaveCount(before + 1, { timeout: 120_000 });
    return this.newestResult();
  }

  /** The file name of the newest result. */
  async newestResult(): Promise<string> {
    let name = '';
    // The thumbnail first replaces an icon of the same name.
    await expect(async () => {
      [, name = ''] = /img "(.+)"/.exec(await this.results().first().ariaSnapshot()) ?? [];
      expect(name).not.toBe('');
    }).toPass({ timeout: 20_000 });
    return name;
  }
}

/** Opens the panel with the project's two photographs. */
export async function openPanel(editor: Editor): Promise<MixPanel> {
  const panel = new MixPanel(editor.panel());
  await editor.chooseFromContextMenu(['refs/alps.jpg', 'refs/allium.jpg'], 'Mix Images');
  await expect(panel.image('alps.jpg')).toBeVisible({ timeout: 120_000 });
  return panel;
}
