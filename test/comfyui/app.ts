import type { Socket } from 'node:net';
import websocket from '@fastify/websocket';
import { type FastifyInstance, type FastifyRequest, fastify } from 'fastify';
import { turnAway } from './door.ts';
import type { Process } from './process.ts';
import { addHistoryRoutes } from './routes/historyRoutes.ts';
import { addImageRoutes } from './routes/imageRoutes.ts';
import { addInformationRoutes } from './routes/informationRoutes.ts';
import { addJobRoutes } from './routes/jobRoutes.ts';
import { addPromptRoutes } from './routes/promptRoutes.ts';
import { addSocketRoute } from './routes/socketRoute.ts';

/** Larger than any upload limit of a test, so that the server's own error is returned. */
const BODY_LIMIT = 1024 ** 3;
const OUTSIDE = '/outside-of-the-base-path';

/** The paths of the stand-in's own controls, which no setting affects. */
export const CONTROLS = '/controls';

/** The HTTP side of one life of the process. */
export async function createApp(
  process: Process,
  addControls: (app: FastifyInstance) => void,
): Promise<FastifyInstance> {
  const { world } = process;
  const app = fastify({
    bodyLimit: BODY_LIMIT,
    forceCloseConnections: true,
    rewriteUrl: ({ url = '/' }) => withoutBase(url, world.settings.basePath),
  });
  await app.register(websocket);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));

  /** Connections of upgrades without an answer, which the server doesn't know any more. */
  const hanging = new Set<Socket>();
  app.addHook('preClose', async () => {
    for (const socket of hanging) socket.destroy();
  });
  app.addHook('onRequest', async (request, reply) => {
    if (isControl(request)) return;
    if (!turnAway(request, reply, world.settings)) return;
    world.log.add(seen(request));
    if (reply.raw.headersSent || !request.ws) return reply;
    hanging.add(request.raw.socket);
    return reply;
  });
  app.addHook('preHandler', async (request, reply) => {
    if (isControl(request)) return;
    world.log.add(seen(request));
    const size = Buffer.isBuffer(request.body) ? request.body.length : 0;
    const limit = world.settings.uploadLimit;
    if (size <= limit) return;
    const text = `Maximum request body size ${limit} exceeded, actual body size ${size}`;
    return await reply.code(413).type('text/plain; charset=utf-8').send(text);
  });
  app.setErrorHandler(async (_error, _request, reply) => {
    const text = '500 Internal Server Error\n\nServer got itself in trouble';
    await reply.code(500).type('text/plain; charset=utf-8').send(text);
  });
  app.setNotFoundHandler(async ({ method }, reply) => {
    // Static files answer for every unknown path, and know only GET.
    await reply.code(method === 'GET' ? 404 : 405).send();
  });

  for (const prefix of ['', '/api']) {
    await app.register(
      async (routes) => {
        addInformationRoutes(routes, process);
        addPromptRoutes(routes, process);
        addHistoryRoutes(routes, process);
        addImageRoutes(routes, process);
        addSocketRoute(routes, process);
        if (prefix === '/api') addJobRoutes(routes, process);
      },
      { prefix },
    );
  }
  await app.register(async (routes) => addControls(routes), { prefix: CONTROLS });
  await app.ready();
  return app;
}

function withoutBase(url: string, basePath: string): string {
  if (basePath === '' || url.startsWith(`${CONTROLS}/`)) return url;
  return url.startsWith(`${basePath}/`) ? url.slice(basePath.length) : OUTSIDE;
}

function isControl(request: FastifyRequest): boolean {
  return request.url.startsWith(`${CONTROLS}/`);
}

function seen(request: FastifyRequest) {
  return {
    method: request.method,
    path: request.url,
    url: request.originalUrl,
    headers: request.headers,
    upgrade: request.ws,
    body: parsedBody(request.body),
  };
}

function parsedBody(body: unknown): unknown {
  if (!Buffer.isBuffer(body)) return undefined;
  try {
    return JSON.parse(body.toString());
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
