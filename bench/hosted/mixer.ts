import { readFile } from 'node:fs/promises';
import { systemClock } from '../../src/engines/clock.ts';
import { createHostedEngine } from '../../src/engines/hosted/hostedEngine.ts';
import type { ServiceSettings } from '../../src/engines/hosted/service.ts';
import { FolderStore } from '../../src/engines/hosted/sharedStore.ts';
import { Mixer } from '../mixer.ts';
import { middle } from './bareClient.ts';

/** Mixes with the hosted engine. */
export class HostedMixer extends Mixer {
  constructor(folder: string, { baseUrl, key }: { baseUrl: string; key: string }, maxConcurrent: number) {
    const service: ServiceSettings = { baseUrl, dialect: 'v5' };
    super({
      folder,
      service,
      maxConcurrent,
      createEngine: ({ codec, reader, storage }) =>
        createHostedEngine({
          settings: () => ({ ...service, timeoutSeconds: 600 }),
          apiKey: async () => key,
          codec,
          reader,
          store: new FolderStore(storage),
          clock: systemClock,
          random: () => middle,
          log: () => {},
        }),
    });
  }

  /** The data URI that the engine would upload for a photograph. */
  async uploadCopy(name: string): Promise<string> {
    const bounds = { maxSide: 1024, maxBytes: 3_700_000 };
    const { mime, bytes } = await this.codec.uploadCopy(await readFile(this.path(name)), bounds);
    return `data:${mime};base64,${Buffer.from(bytes).toString('base64')}`;
  }
}
