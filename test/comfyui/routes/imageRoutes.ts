import type { FastifyInstance, FastifyRequest } from 'fastify';
import sharp from 'sharp';
import { folderTypes } from '../disk.ts';
import type { Process } from '../process.ts';
import { abilitiesOf } from '../version.ts';

/** Uploads and downloads. */
export function addImageRoutes(app: FastifyInstance, process: Process): void {
  const { world } = process;
  const { disk } = world;
  app.post('/upload/image', async (request, reply) => {
    const form = await formOf(request);
    const image = form.get('image');
    const type = folderTypes.find((one) => one === (form.get('type') ?? 'input'));
    if (!type) throw new Error('An upload to a folder that does not exist');
    const subfolder = String(form.get('subfolder') ?? '');
    if (!(image instanceof File) || image.name === '' || escapes(subfolder) || escapes(image.name)) {
      return await reply.code(400).send();
    }
    const bytes = Buffer.from(await image.arrayBuffer());
    const overwrite = ['true', '1'].includes(String(form.get('overwrite')));
    const name = disk.upload({ type, subfolder, name: image.name, bytes }, overwrite);
    const { strict } = abilitiesOf(world.settings.version);
    return { name, subfolder, type, ...(strict ? { asset: { name, size: bytes.length } } : {}) };
  });

  app.get<{ Querystring: Partial<Record<'filename' | 'subfolder' | 'type' | 'preview' | 'channel', string>> }>(
    '/view',
    async ({ query }, reply) => {
      const { filename = '', subfolder = '', preview, channel } = query;
      if (filename === '' || filename.startsWith('/') || filename.includes('..')) return await reply.code(400).send();
      const type = folderTypes.find((one) => one === (query.type ?? 'output'));
      if (!type) return await reply.code(400).send();
      if (escapes(subfolder)) return await reply.code(403).send();
      const file = disk.find(type, subfolder, filename);
      if (!file) return await reply.code(404).send();
      reply.header('content-disposition', `filename="${filename}"`);
      if (preview === undefined && channel !== 'rgb') return reply.type(contentTypeOf(filename)).send(file.bytes);
      const image = channel === 'rgb' ? sharp(file.bytes).removeAlpha() : sharp(file.bytes);
      const [format, quality = '90'] = (preview ?? 'png').split(';');
      if (format === 'png') return reply.type('image/png').send(await image.png().toBuffer());
      const lossy = format === 'jpeg' ? 'jpeg' : 'webp';
      return reply.type(`image/${lossy}`).send(await image.toFormat(lossy, { quality: Number(quality) }).toBuffer());
    },
  );
}

async function formOf(request: FastifyRequest): Promise<FormData> {
  const body = Buffer.isBuffer(request.body) ? new Uint8Array(request.body) : null;
  return await new Response(body, { headers: { 'content-type': request.headers['content-type'] ?? '' } }).formData();
}

/** Whether a path leads out of its folder. */
function escapes(path: string): boolean {
  return path.startsWith('/') || path.split(/[\\/]/).includes('..');
}

function contentTypeOf(name: string): string {
  const types: Readonly<Record<string, string>> = {
    png: 'image/png',
    jpg: 'image/jpeg',
    jpeg: 'image/jpeg',
    webp: 'image/webp',
  };
  return types[name.split('.').at(-1)?.toLowerCase() ?? ''] ?? 'application/octet-stream';
}
