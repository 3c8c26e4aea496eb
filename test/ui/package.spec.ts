import { readdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { expect, test } from './fixtures.ts';
import { MixPanel } from './mixPanel.ts';
import { readSavedResult } from './savedResult.ts';

const vsix = resolve(import.meta.dirname, '../../dist/image-mixer.vsix');
test.use({ launch: { vsix } });

test('the package, installed outside the repository, runs a local mix', async ({ editor, project }) => {
  await editor.chooseFromContextMenu(['refs/alps.jpg', 'refs/allium.jpg'], 'Mix Images');
  const panel = new MixPanel(editor.panel());
  await panel.setWeight('alps.jpg', 0.3);
  await panel.setWeight('allium.jpg', 0.7);
  const name = await panel.mix();
  await expect(await editor.file(`mixes/${name}`)).toBeVisible();
  expect(await readSavedResult(join(project, 'mixes', name))).toMatchObject({ format: 'png', width: 768, height: 768 });

  const extensions = join(editor.workbench.dataDir, 'extensions');
  const installed = (await readdir(extensions, { recursive: true, withFileTypes: true })).filter((file) =>
    file.isFile(),
  );
  const paths = installed.map((file) => join(file.parentPath, file.name).slice(extensions.length));
  expect(paths.filter((path) => /\/dist\/extension\.cjs$/.test(path))).toHaveLength(1);
  expect(paths.filter((path) => /\.(node|dll|dylib|so(\.\d+)*)$/.test(path))).toEqual([]);
  expect(paths.filter((path) => /\/(src|test|bench|scripts|node_modules)\/|\.(ts|map)$/.test(path))).toEqual([]);
  expect((await stat(vsix)).size).toBeLessThanOrEqual(8 * 1024 * 1024);
});
