import { readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { basename, join, relative, sep } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '..', '..');
const ts = (file: string) => readFileSync(join(root, file), 'utf8');
const source = join(import.meta.dirname, '..', '..', 'src');

/** What each room may import, besides itself: rooms below it, and packages. `*` stands for any package or Node module. */
const rooms: Record<string, { rooms: string[]; packages: string[] | '*' }> = {
  mix: { rooms: [], packages: ['zod'] },
  kernel: { rooms: [], packages: [] },
  storage: { rooms: [], packages: '*' },
  network: { rooms: ['mix'], packages: '*' },
  images: { rooms: ['mix', 'storage', 'network'], packages: '*' },
  output: { rooms: ['mix', 'storage', 'images'], packages: '*' },
  engines: { rooms: ['mix', 'storage', 'network', 'images', 'kernel'], packages: '*' },
  jobs: { rooms: ['mix', 'storage', 'images', 'output', 'engines'], packages: '*' },
  protocol: { rooms: ['mix'], packages: ['zod'] },
  app: { rooms: ['mix', 'storage', 'network', 'images', 'output', 'engines', 'jobs', 'protocol'], packages: '*' },
  webview: {
    rooms: ['mix', 'protocol', 'kernel'],
    packages: ['lit', '@lit/context', '@vscode-elements/elements', '@vscode/codicons', 'lru-cache', 'zod', 'worker:'],
  },
  workbench: { rooms: ['mix', 'storage', 'network', 'jobs', 'protocol', 'app'], packages: '*' },
  'extension.ts': { rooms: ['workbench'], packages: '*' },
  cli: { rooms: ['mix', 'network', 'jobs', 'app'], packages: '*' },
  'cli.ts': { rooms: ['mix', 'jobs', 'app', 'cli'], packages: '*' },
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

test('every file belongs to a room, and imports only point down', () => {
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

test('only the workbench and the composition root import vscode', () => {
  const importers = readImports().filter(({ to }) => to === 'vscode');
  expect(importers.filter(({ from }) => !from.startsWith('workbench/') && from !== 'extension.ts')).toEqual([]);
  expect(importers).not.toEqual([]);
});

test('file names are unique', () => {
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' })
    .map((file) => basename(file))
    .filter((name) => /\.(?:ts|css|wat)$/.test(name))
    .map((name) => name.replace(/(?:\.d)?\.\w+$/, '').toLowerCase());
  expect(files.length).toBeGreaterThan(150);
  expect(files.filter((name, at) => files.indexOf(name) !== at)).toEqual([]);
});

test('the files of the workbench, which only adapts VS Code, are short', () => {
  const folder = join(source, 'workbench');
  const long = readdirSync(folder).filter((file) => readFileSync(join(folder, file), 'utf8').split('\n').length > 201);
  expect(long).toEqual([]);
});

test('the application uses neither VS Code nor the DOM', () => {
  const config = ts('tsconfig.json');
  expect(config).not.toMatch(/"DOM/); // so that the compiler refuses the DOM in everything but the webview
  const imports = readImports().filter(({ from }) => from.startsWith('app/') || from === 'cli.ts');
  expect(imports.filter(({ to }) => to === 'vscode' || to.startsWith('lit'))).toEqual([]);
});

test('the webview uses no Node module', () => {
  const inWebview = readImports().filter(({ from }) => from.startsWith('webview/'));
  expect(inWebview.filter(({ to }) => to.startsWith('node:') || builtinModules.includes(to))).toEqual([]);
});
