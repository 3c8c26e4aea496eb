import { readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join, relative, sep } from 'node:path';
import { expect, test } from 'vitest';

const source = join(import.meta.dirname, '..', '..', 'src');

/** What each room may import, besides itself: rooms below it, and packages. `*` stands for any package or Node module. */
const rooms: Record<string, { rooms: string[]; packages: string[] | '*' }> = {
  mix: { rooms: [], packages: ['zod'] },
  'images/raster.ts': { rooms: [], packages: [] },
  images: { rooms: ['mix', 'images/raster.ts'], packages: '*' },
  output: { rooms: ['mix', 'images'], packages: '*' },
  engines: { rooms: ['mix', 'images', 'engines/local/kernel'], packages: '*' },
  'engines/local/kernel': { rooms: ['images/raster.ts'], packages: [] },
  jobs: { rooms: ['mix', 'images', 'output', 'engines'], packages: '*' },
  protocol: { rooms: ['mix'], packages: ['zod'] },
  webview: {
    rooms: ['mix', 'protocol', 'engines/local/kernel', 'images/raster.ts'],
    packages: ['lit', '@vscode-elements/elements', '@vscode/codicons', 'lru-cache', 'zod', 'worker:'],
  },
  workbench: { rooms: ['mix', 'images', 'output', 'engines', 'jobs', 'protocol'], packages: '*' },
  'extension.ts': { rooms: ['workbench'], packages: '*' },
  'cli.ts': { rooms: ['mix', 'images', 'output', 'engines', 'jobs', 'workbench'], packages: '*' },
};
const names = Object.keys(rooms).sort((a, b) => b.length - a.length);

interface Import {
  readonly from: string;
  readonly to: string;
}

/** Every import and re-export of `src`, dynamic ones and types too; inner targets are paths below `src`. */
function readImports(): Import[] {
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((file) => /\.tsx?$/.test(file));
  return files.flatMap((file) => {
    const from = file.split(sep).join('/');
    const text = readFileSync(join(source, file), 'utf8');
    const found = text.matchAll(/(?:\bfrom\s*|\bimport\s*\(?\s*)'([^']+)'/g);
    return [...found].map(([, target = '']) => {
      if (!target.startsWith('.')) return { from, to: target };
      return {
        from,
        to: relative(source, join(source, file, '..', target))
          .split(sep)
          .join('/'),
      };
    });
  });
}

const roomOf = (path: string) => names.find((name) => path === name || path.startsWith(`${name}/`));

test('every file belongs to a room, and imports go down only', () => {
  const imports = readImports();
  expect(imports.length).toBeGreaterThan(100);
  const wrong = imports.filter(({ from, to }) => {
    const room = roomOf(from);
    if (!room) return true;
    const allowed = rooms[room];
    if (!allowed) return true;
    const target = roomOf(to);
    if (target)
      return target !== room && !allowed.rooms.some((name) => target === name || target.startsWith(`${name}/`));
    if (allowed.packages === '*') return false;
    return !allowed.packages.some((name) => to === name || to.startsWith(name));
  });
  expect(wrong).toEqual([]);
});

test('only the workbench and the composition root see the vscode API', () => {
  const seers = readImports().filter(({ to }) => to === 'vscode');
  expect(seers.filter(({ from }) => !from.startsWith('workbench/') && from !== 'extension.ts')).toEqual([]);
  expect(seers).not.toEqual([]);
});

test('the command line, which has no VS Code, reaches no file that imports it', () => {
  const imports = readImports();
  const reached = new Set<string>();
  const visit = (file: string) => {
    if (reached.has(file)) return;
    reached.add(file);
    for (const { to } of imports.filter(({ from }) => from === file)) visit(to);
  };
  visit('cli.ts');
  expect(reached.has('workbench/words.ts')).toBe(true);
  expect(reached.has('vscode')).toBe(false);
});

test('the webview uses no Node module', () => {
  const inWebview = readImports().filter(({ from }) => from.startsWith('webview/'));
  expect(inWebview.filter(({ to }) => to.startsWith('node:') || builtinModules.includes(to))).toEqual([]);
});
