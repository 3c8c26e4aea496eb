import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { JobRecord, JobRequest } from '../../src/jobs/job.ts';
import { replaceFile } from '../../src/storage/durableFile.ts';
import { makeFolder } from '../../src/storage/folder.ts';
import { AppBench } from './support/appBench.ts';
import { recordOf, requestOf } from './support/jobBench.ts';

let bench: AppBench;
let server: Server;
let connections = 0;
let address = '';
beforeEach(async () => {
  connections = 0;
  server = createServer((socket) => {
    connections++;
    socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const bound = server.address();
  address = typeof bound === 'object' && bound ? `http://127.0.0.1:${bound.port}` : '';
  bench = await AppBench.start();
  bench.isTrusted = false;
  Object.assign(bench.settings, {
    engine: 'hosted',
    'hosted.baseUrl': `${address}/api`,
    'images.allowPrivateAddresses': true,
  });
  await bench.app.keys.set(bench.app.services.origin(), 'k1');
});
afterEach(async () => {
  await bench.close();
  await new Promise((resolve) => server.close(resolve));
});

/** A hosted mix of this workspace whose image the service downloads itself. */
function hostedRequest(): JobRequest {
  return requestOf(bench.file('mixes'), {
    home: { storage: join(bench.storage, 'workspace'), isTrusted: true, mayUpload: true },
    service: { baseUrl: `${address}/api`, dialect: 'v5' },
    sources: [{ index: 0, name: 'a.png', weight: 1, location: { kind: 'url', url: 'https://example.com/a.png' } }],
  });
}

/** Leaves a job on disk, as a window does that was closed. */
async function leaveBehind(record: JobRecord): Promise<void> {
  const folder = join(bench.storage, 'global', 'jobs', record.id);
  await makeFolder(folder);
  await replaceFile(join(folder, 'job-1.json'), JSON.stringify(record));
}

test('not one byte is sent in Restricted Mode, whatever asks for it', async () => {
  const { app } = bench;
  const { runner, reader } = app.services;
  await leaveBehind(recordOf('left', { createdAt: Date.now(), request: hostedRequest() }));
  expect(await runner.resume('start')).toEqual([]);
  expect(await runner.resume('later')).toEqual([]);
  await app.balance.refresh();
  await app.services.balance();
  await app.panel.handlers().ready(null);
  const image = { kind: 'url', url: `${address}/a.png` } as const;
  await expect(app.loader.thumbnail(image.url, 32)).rejects.toMatchObject({ key: 'untrusted-workspace/network' });
  await expect(reader.read(image)).rejects.toMatchObject({ key: 'untrusted-workspace/network' });
  expect(connections).toBe(0);
});

test('a job that would connect fails with a message that says why', async () => {
  const { failure } = await bench.app.services.runner.start(hostedRequest()).finished;
  expect(failure).toMatchObject({ key: 'untrusted-workspace' });
  expect(connections).toBe(0);
});

test('jobs that were left behind are resumed as soon as the workspace is trusted', async () => {
  await leaveBehind(recordOf('left', { createdAt: Date.now(), request: hostedRequest() }));
  await bench.app.services.runner.resume('start');
  expect(bench.app.services.runner.jobs()).toEqual([]);
  bench.isTrusted = true;
  bench.trustGranted.fire();
  await expect.poll(() => connections).toBe(1);
  expect(bench.app.services.runner.jobs()).toMatchObject([{ record: { id: 'left' } }]);
});
