import assert from 'node:assert/strict';
import { extensions, commands as registry } from 'vscode';
import manifest from '../../package.json' with { type: 'json' };

suite('The extension', () => {
  const extension = extensions.getExtension(`${manifest.publisher}.${manifest.name}`);

  test('is installed and activates', async () => {
    assert.ok(extension);
    await extension.activate();
    assert.ok(extension.isActive);
  });

  test('registers every command that it contributes', async () => {
    const contributed = manifest.contributes.commands.map(({ command }) => command);
    const registered = new Set(await registry.getCommands(true));
    assert.deepEqual(
      contributed.filter((command) => !registered.has(command)),
      [],
    );
  });
});
