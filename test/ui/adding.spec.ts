import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import sharp from 'sharp';
import { ignore } from '../../src/storage/systemError.ts';
import { test as base, expect } from './fixtures.ts';
import { openPanel } from './mixPanel.ts';

const password = 'Xk7-geheim-2q';
const login = `Basic ${Buffer.from(`me:${password}`).toString('base64')}`;

/** A website with two images, one of them behind a password, and a page; on this machine. */
interface Site {
  readonly origin: string;
  /** The path of each request so far. */
  readonly requests: readonly (string | undefined)[];
}

const test = base.extend<{ site: Site }>({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the names of the fixtures from this pattern
  site: async ({}, use) => {
    const image = await redSquare();
    const requests: (string | undefined)[] = [];
    const server: Server = createServer(({ url, headers }, response) => {
      requests.push(url);
      if (url === '/locked.png' && headers.authorization !== login) response.writeHead(401).end();
      else if (url?.endsWith('.png')) response.setHeader('content-type', 'image/png').end(image);
      else response.setHeader('content-type', 'text/html').end('<title>Images</title>');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo; // it listens on a port
    await use({ origin: `http://127.0.0.1:${port}`, requests });
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  },
});

test.use({ launch: { machineSettings: { 'imageMixer.images.allowPrivateAddresses': true } } });

function redSquare(): Promise<Buffer> {
  return sharp({ create: { width: 64, height: 64, channels: 3, background: '#c02020' } })
    .png()
    .toBuffer();
}

test('images are added by URL, from the clipboard, from the desktop and with the file dialog', async ({
  editor,
  site,
}) => {
  const { page } = editor;
  const panel = await openPanel(editor);
  const { frame } = panel;
  await frame.getByRole('button', { name: 'Remove allium.jpg' }).click();

  const addUrl = async (url: string) => {
    await frame.getByRole('button', { name: 'Add URL' }).click();
    const box = page.getByRole('textbox', { name: 'Add an image by URL' });
    await box.fill(url);
    await box.press('Enter');
  };
  await addUrl(`${site.origin}/red.png`);
  await expect(panel.image('red.png').locator('mix-thumbnail img')).toBeVisible(); // fetched by the extension, not by the page
  await addUrl(`${site.origin}/gallery`);
  await expect(panel.image('gallery')).toContainText("didn't return an image. Use the URL of the image itself");
  for (const weight of [0.2, 0.4, 0.6]) await panel.setWeight('gallery', weight);
  await panel.setNumber('Width', 64);
  await panel.setNumber('Height', 64);
  await panel.image('gallery').getByRole('checkbox').uncheck();
  await panel.mix();
  expect(site.requests).toEqual(['/red.png', '/gallery']); // once each: for the thumbnail, the previews and the mix
  await frame.getByRole('button', { name: 'Remove gallery' }).click();
  await frame.getByRole('button', { name: 'Remove red.png' }).click();

  const red = (await redSquare()).toString('base64');
  await addUrl(`data:image/png;base64,${red}`);
  await expect(panel.image('image.png').locator('mix-thumbnail img')).toBeVisible();
  await frame.getByRole('button', { name: 'Remove image.png' }).click();

  await page.evaluate(async (data) => {
    const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
    await navigator.clipboard.write([new ClipboardItem({ 'image/png': new Blob([bytes], { type: 'image/png' }) })]);
  }, red);
  await frame.getByRole('heading', { name: 'Images' }).click();
  await page.keyboard.press('Control+v');
  await expect(panel.image('image.png').locator('mix-thumbnail img')).toBeVisible();

  await frame.getByRole('button', { name: 'Add images' }).click();
  await expect(page.getByRole('checkbox', { name: 'alps.jpg, refs' })).toBeVisible();
  await page.getByRole('checkbox', { name: 'Browse…' }).first().click(); // the row, because its checkbox has the same name
  await page.getByRole('option', { name: 'refs' }).click(); // picked from the list, because VS Code moves the caret in the path while the test would type
  await page.getByRole('option', { name: 'allium.jpg' }).click();
  await expect(panel.image('allium.jpg')).toBeVisible();

  // The tests have no file manager, so this sends the events that end a drag from one.
  await frame.locator('body').evaluate((body, data) => {
    const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
    const dataTransfer = new DataTransfer();
    for (const name of ['one.png', 'two.png']) dataTransfer.items.add(new File([bytes], name, { type: 'image/png' }));
    dataTransfer.items.add(new File(['%PDF'], 'paper.pdf', { type: 'application/pdf' }));
    for (const type of ['dragover', 'drop']) {
      body.dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }));
    }
  }, red);
  await expect(panel.image('one.png')).toBeVisible();
  await expect(panel.image('two.png')).toBeVisible();
  // A linked image from a browser: its URI list has the address of the link.
  await frame.locator('body').evaluate((body, address) => {
    const dataTransfer = new DataTransfer();
    dataTransfer.setData('text/uri-list', `${address}/gallery`);
    dataTransfer.setData('text/html', `<a href="${address}/gallery"><img src="${address}/red.png"></a>`);
    body.dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }));
  }, site.origin);
  await expect(panel.image('red.png').locator('mix-thumbnail img')).toBeVisible();
  await expect(frame.getByText("paper.pdf: PDF files aren't supported.")).toBeVisible();
});

test('a password in a URL is kept nowhere, so that the image asks for it after a reload', async ({
  editor,
  project,
  site,
}) => {
  const { page, workbench } = editor;
  const panel = await openPanel(editor);
  const locked = `${site.origin}/locked.png`;
  const thumbnails = panel.image('locked.png').locator('mix-thumbnail img');
  const addUrl = async () => {
    await panel.frame.getByRole('button', { name: 'Add URL' }).click();
    const box = page.getByRole('textbox', { name: 'Add an image by URL' });
    await box.fill(locked.replace('//', `//me:${password}@`));
    await box.press('Enter');
  };
  await addUrl();
  await expect(thumbnails).toBeVisible();
  await panel.setNumber('Width', 64);
  await panel.setNumber('Height', 64);
  await panel.mix();
  await editor.kept(/locked\.png/);
  expect(await filesWith(workbench.dataDir, 'locked.png')).not.toEqual([]);
  // Besides the browser itself, which remembers what is typed into text boxes, to restore its windows after a crash.
  const kept = await filesWith(workbench.dataDir, password);
  expect(kept.filter((path) => !path.includes('/browser/Default/Sessions/'))).toEqual([]);
  expect(await filesWith(project, password)).toEqual([]);

  await page.reload({ waitUntil: 'commit' });
  await expect(panel.image('locked.png')).toContainText('requires signing in (HTTP 401)');
  await addUrl();
  await expect(panel.frame.getByRole('group', { name: /locked\.png/ }).locator('mix-thumbnail img')).toHaveCount(2);
});

/** The files in a folder that contain a text. */
async function filesWith(folder: string, text: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const found: string[] = [];
  for (const path of entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name))) {
    const bytes = await readFile(path).catch(ignore('ENOENT')); // gone meanwhile
    if (bytes?.includes(text) || bytes?.includes(text, 0, 'utf16le')) found.push(path);
  }
  return found;
}

test('typing a name finds images beyond the first five hundred of a workspace', async ({ editor, project }) => {
  const { page } = editor;
  const panel = await openPanel(editor);
  const image = await redSquare();
  await mkdir(join(project, 'many'));
  await Promise.all(
    Array.from({ length: 1200 }, (_, i) => writeFile(join(project, `many/red-${1000 + i}.png`), image)),
  );

  await panel.frame.getByRole('button', { name: 'Add images' }).click();
  const filter = page.getByRole('textbox', { name: 'Add images to the mix' });
  await expect(page.getByRole('checkbox', { name: /^red-\d+\.png, many$/ }).first()).toBeVisible();
  // The first search may have found one of these by chance, but hardly all of them. Each is checked while icons and searches update the list.
  const wanted = { 'red-1007': 1007, 'RED-1500': 1500, r1911: 1911, rd2199: 2199 };
  for (const [typed, number] of Object.entries(wanted)) {
    await filter.fill(typed);
    await page
      .getByRole('checkbox', { name: `red-${number}.png, many` })
      .first()
      .click(); // the row, because its checkbox has the same name
  }
  await page.getByRole('button', { name: 'OK', exact: true }).click();
  for (const number of Object.values(wanted)) await expect(panel.image(`red-${number}.png`)).toBeVisible();
  await expect(panel.images()).toHaveCount(6);

  await panel.frame.getByRole('button', { name: 'Add images' }).click();
  await filter.fill('rd1777');
  await expect(page.getByRole('checkbox', { name: 'red-1777.png, many' }).first()).toBeVisible();
  await filter.press('Enter'); // the only match
  await expect(panel.image('red-1777.png')).toBeVisible();
});

test('one click equalizes or scales the weights, and dragging reorders images', async ({ editor }) => {
  const panel = await openPanel(editor);
  const { frame } = panel;
  await panel.setWeight('alps.jpg', 0.3);
  await panel.setWeight('allium.jpg', 0.9);
  await frame.getByRole('button', { name: 'Scale weights to add up to 1' }).click();
  await expect(panel.exactWeight('alps.jpg')).toHaveValue('0.25');
  await expect(panel.exactWeight('allium.jpg')).toHaveValue('0.75');
  await frame.getByRole('button', { name: 'Equalize weights' }).click();
  await expect(panel.exactWeight('alps.jpg')).toHaveValue('0.5');
  await expect(panel.exactWeight('allium.jpg')).toHaveValue('0.5');

  expect(await panel.imageNames()).toEqual(['alps.jpg', 'allium.jpg']);
  const from = await panel.image('alps.jpg').locator('mix-thumbnail').boundingBox();
  const to = await panel.image('allium.jpg').locator('mix-thumbnail').boundingBox();
  if (!from || !to) throw new Error("The images aren't visible");
  await editor.page.mouse.move(from.x + 20, from.y + 20);
  await editor.page.mouse.down();
  await editor.page.mouse.move(to.x + 20, to.y + to.height, { steps: 6 });
  await editor.page.mouse.up();
  await expect.poll(() => panel.imageNames()).toEqual(['allium.jpg', 'alps.jpg']);
  await frame.getByRole('button', { name: 'Undo' }).click();
  await expect.poll(() => panel.imageNames()).toEqual(['alps.jpg', 'allium.jpg']);
});
