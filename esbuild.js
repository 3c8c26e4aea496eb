// Builds everything that ships, and the command line, in dist/.
//   node esbuild.js [--production] [--watch]
import { copyFile, mkdir, readdir, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import * as esbuild from 'esbuild';
import { updateBlendModule } from './scripts/blend-wasm.ts';

const production = process.argv.includes('--production');
const watch = process.argv.includes('--watch');

/** `import source from 'worker:./file.ts'` gives the bundled worker as text: webviews start workers only from blobs. */
const inlineWorkers = {
  name: 'inline-workers',
  setup(build) {
    build.onResolve({ filter: /^worker:/ }, ({ path, resolveDir }) => ({
      path: resolve(resolveDir, path.slice('worker:'.length)),
      namespace: 'worker',
    }));
    build.onLoad({ filter: /.*/, namespace: 'worker' }, async ({ path }) => {
      const result = await esbuild.build({
        ...browser,
        entryPoints: [path],
        write: false,
        metafile: true,
        sourcemap: false,
      });
      return {
        contents: result.outputFiles[0].text,
        loader: 'text',
        watchFiles: Object.keys(result.metafile.inputs).map((file) => resolve(file)),
        watchDirs: [dirname(path)],
      };
    });
  },
};

/** The part of the extension that activation doesn't need is a separate file, loaded on first use. */
const lazyApp = {
  name: 'lazy-app',
  setup(build) {
    build.onResolve({ filter: /\/workbench\.ts$/ }, ({ kind }) =>
      kind === 'dynamic-import' ? { path: './workbench.cjs', external: true } : undefined,
    );
  },
};

const require = createRequire(import.meta.url);
const sharpWasm = require.resolve('@img/sharp-wasm32/sharp.node');

/** sharp with only its WebAssembly build: one package for every platform, and no native code in the extension host. */
const sharpOnWasm = {
  name: 'sharp-on-wasm',
  setup(build) {
    build.onResolve({ filter: /^sharp$/ }, () => ({ path: require.resolve('sharp') }));
    // sharp's loader looks for native builds. This file stays separate, because its threads start from its own path.
    build.onResolve({ filter: /^\.\/sharp\.cjs$/ }, ({ importer }) =>
      dirname(importer) === dirname(require.resolve('sharp')) ? { path: './sharpWasm.cjs', external: true } : undefined,
    );
  },
};

/** Files that the codec's worker reads from its own folder. `sharpWasm.cjs` loads its WebAssembly itself. */
async function copyCodecAssets() {
  const folder = join(dirname(sharpWasm), 'lib');
  await mkdir('dist', { recursive: true });
  for (const name of await readdir(folder)) {
    if (name.endsWith('.wasm')) await copyFile(join(folder, name), join('dist', name));
  }
  await copyFile(require.resolve('@resvg/resvg-wasm/index_bg.wasm'), join('dist', 'resvg.wasm'));
  const fonts = join(dirname(require.resolve('dejavu-fonts-ttf/package.json')), 'ttf');
  for (const name of ['DejaVuSans.ttf', 'DejaVuSans-Bold.ttf']) await copyFile(join(fonts, name), join('dist', name));
}

const shared = {
  bundle: true,
  minify: production,
  sourcemap: production ? false : 'linked',
  legalComments: 'none',
  logLevel: 'warning',
};
// The oldest VS Code, 1.106, is Electron 37: Node 22 and Chromium 138. The command line and its workers run on Node 20 too.
const node = {
  ...shared,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  outdir: 'dist',
  outExtension: { '.js': '.cjs' },
  external: ['vscode'],
  plugins: [lazyApp],
};
const browser = {
  ...shared,
  platform: 'browser',
  target: 'chrome138',
  format: 'iife',
  outdir: 'dist/webview',
  loader: { '.ttf': 'file' },
  assetNames: '[name]',
  plugins: [inlineWorkers],
};

const builds = [
  {
    ...node,
    target: 'node22',
    entryPoints: { extension: 'src/extension.ts', workbench: 'src/workbench/workbench.ts' },
  },
  {
    ...node,
    entryPoints: { cli: 'src/cli.ts', kernelWorker: 'src/engines/local/kernelWorker.ts' },
  },
  {
    ...node,
    entryPoints: { codecWorker: 'src/images/codecWorker.ts', sharpWasm },
    plugins: [sharpOnWasm],
  },
  { ...browser, entryPoints: { panel: 'src/webview/panelMain.ts' } },
];

if (production) await rm('dist', { recursive: true, force: true });
await copyCodecAssets();
await updateBlendModule();
// These two lines of watch mode tell the editor's build task when the first build starts and ends.
if (watch) console.log('[watch] building');
for (const options of builds) {
  if (!watch) {
    await esbuild.build(options);
    continue;
  }
  const context = await esbuild.context(options);
  await context.rebuild().catch(() => {}); // the errors are printed, and the next change may fix them
  await context.watch();
}
if (watch) console.log('[watch] ready');
