import type { FastifyInstance } from 'fastify';
import { classNamed, describe, installedClasses } from '../nodes/catalog.ts';
import type { Process } from '../process.ts';
import { shelfOf } from '../world.ts';

const RAM = 32 * 1024 ** 3;

/** What the server tells about itself: its system, nodes and models. */
export function addInformationRoutes(app: FastifyInstance, process: Process): void {
  const { world } = process;
  app.get('/system_stats', async () => {
    const { version, devices } = world.settings;
    return {
      system: {
        os: 'posix',
        ram_total: RAM,
        ram_free: RAM / 2,
        comfyui_version: version,
        python_version: '3.12.3 (main) [GCC 13.2.0]',
        pytorch_version: '2.8.0+cu128',
        embedded_python: false,
        argv: ['main.py'],
      },
      devices: devices.map(({ name, type, vramTotal, vramFree }, index) => ({
        name,
        type,
        index,
        vram_total: vramTotal,
        vram_free: vramFree,
        torch_vram_total: 0,
        torch_vram_free: 0,
      })),
    };
  });
  app.get('/features', async (_request, reply) => process.flags ?? (await reply.code(404).send()));
  app.get('/object_info', async () => {
    const shelf = shelfOf(world);
    return Object.fromEntries(installedClasses(shelf).map((one) => [one.name, describe(one, shelf)]));
  });
  app.get<{ Params: { name: string } }>('/object_info/:name', async ({ params }) => {
    const shelf = shelfOf(world);
    const one = classNamed(params.name, shelf);
    return one ? { [one.name]: describe(one, shelf) } : {};
  });
  app.get('/models', async () => folders(process));
  app.get<{ Params: { folder: string } }>('/models/:folder', async ({ params }, reply) => {
    if (!folders(process).includes(params.folder)) return await reply.code(404).send();
    return world.settings.models[params.folder];
  });
  app.get<{ Params: { folder: string }; Querystring: { filename?: string } }>(
    '/view_metadata/:folder',
    async ({ params, query }, reply) => {
      const { filename = '' } = query;
      const isThere = world.settings.models[params.folder]?.includes(filename) && filename.endsWith('.safetensors');
      const metadata = isThere ? world.settings.modelMetadata[filename] : undefined;
      return metadata ?? (await reply.code(404).send());
    },
  );
}

/** The folders of models. `ipadapter` exists only with the pack. */
function folders({ world }: Process): string[] {
  const { models, missingClasses } = world.settings;
  return Object.keys(models).filter((folder) => folder !== 'ipadapter' || !missingClasses.includes('IPAdapter'));
}
