import { resolve } from 'node:path';
import { test as base } from '@playwright/test';
import { makeProject } from '../hosts/project.ts';
import type { Release } from '../hosts/serverInstall.ts';
import { launchWorkbench, type WorkbenchOptions } from '../hosts/workbench.ts';
import { Editor } from './editor.ts';

export { expect } from '@playwright/test';

export interface FixtureOptions {
  /** The VS Code that the tests run in. */
  release: Release;
}

interface Fixtures extends FixtureOptions {
  /** Options for starting the test's VS Code. Set them with `test.use({ launch: … })`. */
  launch: Partial<WorkbenchOptions>;
  /** Absolute path of a folder with photographs that only this test uses. */
  project: string;
  /** A VS Code that only this test uses, open on the project, with the extension of this source tree. */
  editor: Editor;
}

export const test = base.extend<Fixtures>({
  release: ['newest', { option: true }],
  launch: [{}, { option: true }],
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the names of the fixtures from this pattern
  project: async ({}, use) => {
    const { folder, remove } = await makeProject();
    await use(folder);
    await remove();
  },
  editor: async ({ release, launch, project }, use) => {
    const ours = launch.vsix ? {} : { develop: resolve(import.meta.dirname, '../..') };
    const workbench = await launchWorkbench({ release, folder: project, ...ours, ...launch });
    const editor = new Editor(workbench, workbench.page);
    await editor.ready();
    await use(editor);
    await workbench.close();
  },
});
