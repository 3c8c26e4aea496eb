import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { imageExtensions } from '../../src/app/imageImporter.ts';
import { recipeSchema } from '../../src/mix/recipe.ts';

const root = join(import.meta.dirname, '..', '..');
const read = (file: string) => readFileSync(join(root, file), 'utf8');
const text = read('package.json');
const manifest = z
  .object({
    icon: z.string(),
    engines: z.object({ vscode: z.string(), node: z.string() }),
    devDependencies: z.record(z.string(), z.string()),
    capabilities: z.object({
      untrustedWorkspaces: z.object({ restrictedConfigurations: z.array(z.string()) }),
    }),
    contributes: z.object({
      commands: z.array(z.object({ command: z.string(), title: z.string() })),
      configuration: z.object({ properties: z.record(z.string(), z.object({ default: z.unknown() })) }),
    }),
  })
  .parse(JSON.parse(text));
const titles = z.record(z.string(), z.string()).parse(JSON.parse(read('package.nls.json')));

test('every string of the manifest exists, and none is unused', () => {
  const used = [...text.matchAll(/"%([\w.]+)%"/g)].map(([, key]) => key).sort();
  expect([...new Set(used)]).toEqual(Object.keys(titles).sort());
});

test('the README names every command and every setting with its default', () => {
  const readme = read('README.md');
  for (const { title } of manifest.contributes.commands) expect(readme).toContain(titles[title.replaceAll('%', '')]);
  for (const [name, { default: value }] of Object.entries(manifest.contributes.configuration.properties)) {
    const row = readme.split('\n').find((line) => line.startsWith(`| \`${name}\` `));
    expect(row, name).toBeDefined();
    expect(row, name).toContain(value === '' ? 'empty' : String(value));
  }
});

test('an untrusted workspace sets neither the engine, nor servers, nor files', () => {
  const { restrictedConfigurations } = manifest.capabilities.untrustedWorkspaces;
  const restricted = Object.keys(manifest.contributes.configuration.properties).filter((name) =>
    /^imageMixer\.(?:engine$|output\.|hosted\.|comfyui\.)/.test(name),
  );
  expect(restricted).toContain('imageMixer.comfyui.workflow');
  expect([...restrictedConfigurations].sort()).toEqual(restricted.sort());
});

test('the editor validates recipes with the schema that the extension parses them with', () => {
  const schema: unknown = JSON.parse(read('media/recipe.schema.json'));
  expect(schema).toMatchObject(JSON.parse(JSON.stringify(z.toJSONSchema(recipeSchema, { io: 'input' }))));
});

test('the files that the manifest refers to exist', () => {
  expect([manifest.icon, 'media/recipe.schema.json'].filter((file) => !existsSync(join(root, file)))).toEqual([]);
});

test('the tests use the oldest VS Code and the oldest Node that the manifest allows', () => {
  const { engines, devDependencies } = manifest;
  const oldest = z
    .object({ dependencies: z.object({ 'code-server': z.string(), node: z.string() }) })
    .parse(JSON.parse(read('test/hosts/server/oldest/package.json'))).dependencies;
  const vscode = /^\^1\.(\d+)\.0$/.exec(engines.vscode)?.[1];
  expect(vscode).toBeDefined();
  expect(oldest['code-server']).toMatch(new RegExp(`^4\\.${vscode}\\.`)); // code-server 4.x is VS Code 1.x
  expect(devDependencies['@types/vscode']).toMatch(new RegExp(`^1\\.${vscode}\\.`));

  const major = (version: string | undefined) => /\d+/.exec(version ?? '')?.[0];
  expect(major(devDependencies['@types/node'])).toBe(major(oldest.node));
  expect(devDependencies['@node20/node']).toMatch(new RegExp(`^npm:@types/node@${major(engines.node)}\\.`));
});

test('the menus of the Explorer offer every extension of images, in any case', () => {
  const patterns = [...text.matchAll(/resourceExtname =~ \/(.*?)\/i /g)].map(
    ([, pattern = '']) => new RegExp(JSON.parse(`"${pattern}"`), 'i'),
  );
  expect(patterns).toHaveLength(3);
  for (const extension of imageExtensions) {
    expect(patterns.filter((pattern) => pattern.test(`.${extension.toUpperCase()}`)).length, extension).toBeGreaterThan(
      1,
    );
  }
});
