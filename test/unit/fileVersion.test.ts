import { basename } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isOnlyInEditor, nameOfVersion, pathOfVersion, readImageVersion } from '../../src/app/fileVersion.ts';
import { maxSourceBytes } from '../../src/images/imageLimits.ts';

const git = (ref: string, path = '/project/a rose.png') => ({
  scheme: 'git',
  path: `${path}.git`,
  query: JSON.stringify({ path, ref }),
});

test.each([
  [git('HEAD'), 'a rose (HEAD).png'],
  [git(''), 'a rose (Index).png'],
  [git('~'), 'a rose (HEAD).png'],
  [git('0123456789abcdef0123456789abcdef01234567'), 'a rose (01234567).png'],
  [git('feature/x:y'), 'a rose (feature-x-y).png'],
  [git('HEAD', 'c:\\project\\rose.tar.png'), 'rose.tar (HEAD).png'],
  [git('HEAD', '/project/rose'), 'rose (HEAD)'],
  [{ scheme: 'review', path: '/a.png', query: '{"commit":"abc1234","ref":7}' }, 'a (abc1234).png'],
  [
    { scheme: 'vscode-local-history', path: '/project/a.png', query: '{"location":"b"}' },
    'a (vscode-local-history).png',
  ],
  [{ scheme: 'mem', path: '/', query: '' }, 'image (mem).png'],
])('%j is called %s', (address, name) => {
  expect(nameOfVersion(address)).toBe(name);
});

test('a version always has a name that a file can have', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string(), fc.oneof(fc.string(), fc.json()), (ref, path, query) => {
      for (const address of [git(ref, `/p/${path}`), { scheme: 'x', path: `/${path}`, query }]) {
        const name = nameOfVersion(address);
        expect(basename(name)).toBe(name);
        expect(name).not.toMatch(/[\p{Cc}<>:"/\\|?*]/u);
        expect(typeof pathOfVersion(address)).toBe('string');
      }
    }),
  );
});

test.each([
  ['git:/a.png?{"ref":"HEAD"}', true],
  ['vscode-local-history:/a.png', true],
  ['untitled:a.png', true],
  ['review:/a.png?{}', true],
  ['cap-10:15:30.png', false],
  ['file:///a.png', false],
  ['FILE:///a.png', false],
  ['https://example.com/a.png', false],
  ['data:image/png;base64,AA==', false],
  ['vscode-remote://wsl+a/a.png', false],
  ['c:\\a.png', false],
  ['a.png', false],
])('%s can only be read by the editor: %s', (address, expected) => {
  expect(isOnlyInEditor(address)).toBe(expected);
});

test('the bytes of a version are read within the limits, and a failure names it', async () => {
  const bytes = new Uint8Array([1, 2]);
  const content = { size: async () => 2, read: async () => bytes };
  expect(await readImageVersion('a (HEAD).png', content)).toBe(bytes);
  const fails = (changes: Partial<typeof content>) =>
    expect(readImageVersion('a (HEAD).png', { ...content, ...changes })).rejects;
  const read = () => Promise.reject(new Error('not read'));
  await fails({ size: async () => maxSourceBytes + 1, read }).toMatchObject({
    key: 'image-too-large/bytes',
    imageName: 'a (HEAD).png',
  });
  await fails({ size: async () => 0, read: async () => new Uint8Array(maxSourceBytes + 1) }).toMatchObject({
    key: 'image-too-large/bytes',
  });
  await fails({ read: async () => new Uint8Array() }).toMatchObject({ key: 'unreadable-image/empty' });
  await fails({ read }).toMatchObject({
    key: 'unreadable-image/version',
    imageName: 'a (HEAD).png',
    args: { detail: 'not read' },
  });
});
