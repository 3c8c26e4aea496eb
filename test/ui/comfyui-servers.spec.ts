import type { Page } from '@playwright/test';
import { type ComfyUIServer, startComfyUI } from '../comfyui/server.ts';
import type { Editor } from './editor.ts';
import { test as base, expect } from './fixtures.ts';

const authorization = 'Bearer comfyui-secret-51c0';

/** A VS Code with a ComfyUI server that requires authorization and lacks the files of the IP-Adapter. */
const test = base.extend<{ server: ComfyUIServer }>({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the names of the fixtures from this pattern
  server: async ({}, use) => {
    const server = await startComfyUI({ scenarios: ['authorization', 'no-adapter-files'] });
    server.configure({ models: { ...server.settings.models, diffusion_models: [] } }); // it could mix with Flux
    await use(server);
    await server.close();
  },
  launch: async ({ server }, use) => {
    await use({ machineSettings: { 'imageMixer.comfyui.servers': [server.url] } });
  },
});

test('a ComfyUI server is checked, gets its authorization, and the details say which file is missing where', async ({
  editor,
  server,
}) => {
  const { page } = editor;
  await editor.runCommand('Image Mixer: Check ComfyUI Server');
  await announces(page, 'requires signing in (HTTP 401)');

  await editor.runCommand('Image Mixer: Set ComfyUI Authorization');
  const input = page.getByRole('textbox', { name: 'Authorization for the ComfyUI server' });
  await expect(input).toHaveAttribute('type', 'password');
  await input.fill('comfyui-secret-51c0');
  await expect(page.getByText('Enter a scheme, a space, and the credentials').first()).toBeVisible();
  await input.fill(authorization);
  await page.keyboard.press('Enter');
  await announces(page, `The authorization for ${new URL(server.url).origin} was`);
  await chooseInNotification(editor, 'The authorization for', 'Check Server');

  const problem = "doesn't have ip-adapter-plus_sdxl_vit-h.safetensors";
  await announces(page, problem);
  await chooseInNotification(editor, problem, 'Show Details');
  const details = editor.panel();
  await expect(details.getByRole('heading', { name: 'ComfyUI servers' })).toBeVisible();
  await expect(details.getByRole('heading', { name: 'Missing files', exact: true })).toBeVisible();
  await expect(
    details.getByText('Save ip-adapter-plus_sdxl_vit-h.safetensors in the folder models/ipadapter').first(),
  ).toBeVisible();
  await editor.screenshot('comfyui-details');
});

/** Waits until a notification is announced to screen readers. */
async function announces(page: Page, text: string): Promise<void> {
  await expect(page.getByRole('alert').filter({ hasText: text })).not.toHaveCount(0);
}

/** Clicks a button of a notification in the notification center: it disappears from elsewhere after some seconds. */
async function chooseInNotification(editor: Editor, text: string, name: string): Promise<void> {
  await editor.runCommand('Notifications: Show Notifications');
  await editor.notification(text).getByRole('button', { name }).click();
}
