import { randomUUID } from 'node:crypto';
import { systemClock } from '../../src/engines/clock.ts';
import { createComfyuiEngine } from '../../src/engines/comfyui/comfyuiEngine.ts';
import { createNetwork } from '../../src/network/connections.ts';
import { Mixer } from '../mixer.ts';
import { adapter } from './models.ts';

/** Mixes with the ComfyUI engine on these servers. */
export class ComfyuiMixer extends Mixer {
  constructor(folder: string, servers: readonly string[]) {
    super({
      folder,
      service: { baseUrl: 'https://not-used.example', dialect: 'v5' },
      comfyui: { ...adapter, imageStrength: 0.8, workflow: null },
      maxConcurrent: servers.length,
      createEngine: ({ codec, reader }) =>
        createComfyuiEngine({
          servers: () => servers,
          timeoutSeconds: () => 600,
          authorization: async () => undefined,
          connect: createNetwork(),
          codec,
          reader,
          clock: systemClock,
          newId: randomUUID,
          log: () => {},
        }),
    });
  }
}
