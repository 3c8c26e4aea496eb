import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import * as z from 'zod';
import { ResultStore } from '../../src/app/resultStore.ts';
import { type Clock, systemClock } from '../../src/engines/clock.ts';
import { createHostedEngine } from '../../src/engines/hosted/hostedEngine.ts';
import { FolderStore } from '../../src/engines/hosted/sharedStore.ts';
import { createSourceReader } from '../../src/images/sourceReader.ts';
import type { JobRecord } from '../../src/jobs/job.ts';
import { JobRunner } from '../../src/jobs/jobRunner.ts';
import { ResultWriter } from '../../src/output/resultWriter.ts';
import { passThroughCodec } from '../unit/support/hostedBench.ts';
import { requestOf } from '../unit/support/jobBench.ts';

// A window of the soak: the jobs, the hosted engine and the list of results, in a process of its own. Its parent may kill or stop it.

/** How much faster than real time the window lives. */
const speed = 20;
const fastClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now() * speed,
  sleep: (ms, signal) => systemClock.sleep(ms / speed, signal),
};

const setupSchema = z.object({
  globalStorage: z.string(),
  storage: z.string(),
  project: z.string(),
  image: z.string(),
  baseUrl: z.string(),
  key: z.string(),
});
const messageSchema = z.object({ prompt: z.string(), seed: z.int(), samples: z.int() });

const { globalStorage, storage, project, image, baseUrl, key } = setupSchema.parse(JSON.parse(process.argv[2] ?? ''));
const service = { baseUrl, dialect: 'v6' } as const;
const engine = createHostedEngine({
  settings: () => ({ ...service, timeoutSeconds: 600 }),
  apiKey: async () => key,
  codec: passThroughCodec,
  reader: createSourceReader({ allowPrivateAddresses: () => true, ownOrigin: () => undefined }),
  store: new FolderStore(join(globalStorage, 'service')),
  clock: fastClock,
  random: Math.random,
  log: () => {},
});
const lists = new Map<string, ResultStore>();
const listOf = (folder: string) => {
  const list = lists.get(folder) ?? new ResultStore(folder);
  lists.set(folder, list);
  return list;
};
const runner = new JobRunner({
  directory: join(globalStorage, 'jobs'),
  workspaceStorage: storage,
  isTrusted: () => true,
  engines: {
    hosted: async () => engine,
    local: () => Promise.reject(new Error('never the local engine')),
    comfyui: () => Promise.reject(new Error('never ComfyUI')),
  },
  writer: new ResultWriter(),
  clock: fastClock,
  maxConcurrent: () => 8,
  newId: randomUUID,
  onError: (_, error) => console.error(error),
  owner: randomUUID(),
});
const list = (record: JobRecord) => listOf(record.request.home.storage).addFrom(record);
runner.onSaved = list;
runner.onChange(({ record }) => {
  list(record).catch(console.error);
});
const look = (time: 'start' | 'later') => runner.resume(time).catch(console.error);
process.on('message', (message) => {
  const { prompt, seed, samples } = messageSchema.parse(message);
  const request = requestOf(join(project, 'mixes'), {
    home: { storage, isTrusted: true, mayUpload: true },
    service,
    name: prompt,
    sources: [{ index: 0, name: 'image', weight: 1, location: { kind: 'file', path: image } }],
  });
  runner.start({ ...request, recipe: { ...request.recipe, prompt, seed, samples, width: 64, height: 64 } });
});
process.on('disconnect', () => process.exit());
await look('start');
setInterval(() => void look('later'), 20_000 / speed);
process.send?.('ready');
