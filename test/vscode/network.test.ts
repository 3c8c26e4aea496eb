import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { ConfigurationTarget, commands, Uri, workspace } from 'vscode';
import { makeCertificate } from '../sandbox/certificate.ts';
import { ForwardProxy } from '../unit/support/forwardProxy.ts';

const root = workspace.workspaceFolders?.[0]?.uri.fsPath ?? '';
const outputFolder = Uri.file(join(root, 'mixes'));

/** Mixes one image from the web locally and returns the status, or the message if it failed. */
async function mixOf(source: string): Promise<string> {
  const recipe = { images: [{ source }], width: 64, height: 64, seed: 1 };
  const outcome: unknown = await commands.executeCommand('imageMixer.run', recipe, { outputFolder, engine: 'local' });
  const { status, error } = outcome as { status: string; error?: { message: string } }; // run.test.ts checks the form
  return error?.message ?? status;
}

const set = (name: string, value: unknown) =>
  workspace.getConfiguration('http').update(name, value, ConfigurationTarget.Global);

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port; // a TCP server's address is always of this form
}

suite('The network settings of VS Code', () => {
  const servers: Server[] = [];
  let proxy: ForwardProxy;

  suiteSetup(async () => {
    const image = await readFile(join(root, 'refs/alps.jpg'));
    const answer: RequestListener = (_, response) => void response.end(image);
    const certificate = await makeCertificate('images.test');
    servers.push(createServer(answer), createTlsServer({ ...certificate }, answer));
    const [plain = 0, secure = 0] = await Promise.all(servers.map(listen));
    proxy = await ForwardProxy.start({
      routes: { 'images.test:80': plain, 'images.test:443': secure },
      authorization: 'Basic bWU6cGFzcw==',
    });
    await set('proxy', proxy.url);
  });

  suiteTeardown(async () => {
    for (const name of ['proxy', 'proxyAuthorization', 'proxySupport', 'proxyStrictSSL']) await set(name, undefined);
    await proxy.close();
    for (const server of servers) {
      server.closeAllConnections();
      server.close();
    }
  });

  test('send requests through the proxy and leave the rest of the extension host alone', async () => {
    const shared = (): unknown[] => {
      const symbols = Object.getOwnPropertySymbols(globalThis);
      return [globalThis.fetch, ...symbols, ...symbols.map((symbol) => Reflect.get(globalThis, symbol))];
    };
    const before = shared();
    assert.match(await mixOf('http://images.test/a.jpg'), /proxy requires authorization/);
    await set('proxyAuthorization', 'Basic bWU6cGFzcw==');
    assert.equal(await mixOf('http://images.test/a.jpg'), 'done');
    assert.match(await mixOf('https://images.test/a.jpg'), /certificate of images\.test isn't trusted/);
    await set('proxyStrictSSL', false);
    assert.equal(await mixOf('https://images.test/a.jpg'), 'done');
    assert.deepEqual(
      proxy.seen.map(({ what }) => what),
      [
        'GET http://images.test/a.jpg',
        'GET http://images.test/a.jpg',
        'CONNECT images.test:443',
        'CONNECT images.test:443',
      ],
    );
    const after = shared();
    assert.equal(after.length, before.length);
    assert.ok(after.every((value, at) => Object.is(value, before[at])));
  });

  test('turn the proxy off', async () => {
    await set('proxySupport', 'off');
    const asked = proxy.seen.length;
    assert.match(await mixOf('http://images.test/a.jpg'), /images\.test can't be found/);
    assert.equal(proxy.seen.length, asked);
  });
});
