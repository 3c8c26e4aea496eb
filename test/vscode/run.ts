// Runs test/vscode/*.test.ts with mocha inside a real VS Code: the desktop if available, otherwise the server build.
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { runTests } from '@vscode/test-electron';
import * as esbuild from 'esbuild';
import { findDesktop } from '../hosts/desktop.ts';
import { makeProject } from '../hosts/project.ts';

const here = import.meta.dirname;
const root = resolve(here, '../..');
const bundles = join(root, '.cache/test-vscode');

const tests = (await readdir(here)).filter((name) => name.endsWith('.test.ts'));
await esbuild.build({
  entryPoints: ['index.ts', ...tests].map((name) => join(here, name)),
  outdir: bundles,
  outExtension: { '.js': '.cjs' },
  bundle: true,
  platform: 'node',
  target: 'node22',
  format: 'cjs',
  external: ['vscode', 'mocha', 'sharp'],
  sourcemap: 'inline',
  logLevel: 'warning',
});

const project = await makeProject();
const profile = await mkdtemp(join(tmpdir(), 'image-mixer-profile-'));
try {
  await runTests({
    vscodeExecutablePath: (await findDesktop(console.log)) ?? join(here, '../hosts/launcher'),
    extensionDevelopmentPath: root,
    extensionTestsPath: join(bundles, 'index.cjs'),
    launchArgs: [project.folder, `--user-data-dir=${profile}`, `--extensions-dir=${join(profile, 'extensions')}`],
  });
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  await project.remove();
  await rm(profile, { recursive: true, force: true, maxRetries: 5 });
}
