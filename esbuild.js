// Builds everything that ships, and the command line, into dist/.
//   node esbuild.js [--production] [--watch]
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import * as esbuild from 'esbuild';

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

/** The part of the extension that activation does not need is a file of its own, loaded when first used. */
const lazyApp = {
  name: 'lazy-app',
  setup(build) {
    build.onResolve({ filter: /\/app\.ts$/ }, ({ kind }) =>
      kind === 'dynamic-import' ? { path: './app.cjs', external: true } : undefined,
    );
  },
};

const shared = {
  bundle: true,
  minify: production,
  sourcemap: production ? false : 'linked',
  legalComments: 'none',
  logLevel: 'warning',
};
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
  target: 'chrome130',
  format: 'iife',
  outdir: 'dist/webview',
  loader: { '.ttf': 'file' },
  assetNames: '[name]',
  plugins: [inlineWorkers],
};

const builds = [
  {
    ...node,
    entryPoints: {
      extension: 'src/extension.ts',
      app: 'src/workbench/app.ts',
      kernelWorker: 'src/engines/local/worker.ts',
      cli: 'src/cli.ts',
    },
  },
  { ...node, entryPoints: { codecWorker: 'src/images/codecWorker.ts' } },
  { ...browser, entryPoints: { panel: 'src/webview/panel.ts' } },
].map((build) => ({
  ...build,
  entryPoints: Object.fromEntries(Object.entries(build.entryPoints).filter(([, path]) => existsSync(path))),
}));

if (!watch) await rm('dist', { recursive: true, force: true });
for (const options of builds) {
  if (watch) await (await esbuild.context(options)).watch();
  else await esbuild.build(options);
}
