// Packages the production build as dist/image-mixer.vsix, one package for every platform.
import { join, resolve } from 'node:path';
import { createVSIX } from '@vscode/vsce';

const root = resolve(import.meta.dirname, '..');
await createVSIX({
  cwd: root,
  packagePath: join(root, 'dist/image-mixer.vsix'),
  dependencies: false, // because everything is bundled
  allowMissingRepository: true,
  rewriteRelativeLinks: false, // the repository isn't public, so links can't point to it
});
