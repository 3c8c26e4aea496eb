// Packs the production build into dist/image-mixer.vsix, the one package for every platform.
import { join, resolve } from 'node:path';
import { createVSIX } from '@vscode/vsce';

const root = resolve(import.meta.dirname, '..');
await createVSIX({
  cwd: root,
  packagePath: join(root, 'dist/image-mixer.vsix'),
  dependencies: false, // everything is bundled
  allowMissingRepository: true,
  rewriteRelativeLinks: false, // there is no public repository to point them at
});
