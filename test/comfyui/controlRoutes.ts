import type { FastifyInstance } from 'fastify';
import type { ComfyUIServer } from './controls.ts';
import { scenarios } from './scenarios.ts';

/** The controls that need no types of their own, for another process: `POST /controls/restart` and the like. */
export function addControlRoutes(app: FastifyInstance, server: ComfyUIServer): void {
  const actions: Readonly<Record<string, () => unknown>> = {
    reset: () => server.reset(),
    restart: () => server.restart(),
    'drop-sockets': () => server.dropSockets(),
    'silence-sockets': () => server.silenceSockets(),
    'forget-history': () => server.forgetHistory(),
    'remove-outputs': () => {
      server.removeFiles('output');
      server.removeFiles('temp');
    },
    'queue-stranger': () => server.queueStranger(),
  };

  app.get('/state', async () => ({
    settings: server.settings,
    queue: server.queue,
    sockets: server.sockets,
    requests: server.requests.map(({ method, url, headers, upgrade }) => ({ method, url, headers, upgrade })),
    runs: server.runs.map(({ promptId, nodeId, classType, key }) => ({ promptId, nodeId, classType, key })),
    files: server.files.map(({ type, subfolder, name, bytes }) => ({ type, subfolder, name, size: bytes.length })),
  }));
  app.post<{ Params: { name: string } }>('/scenario/:name', async ({ params }, reply) => {
    if (!scenarios.some(({ name }) => name === params.name)) return await reply.code(404).send();
    server.scenario(params.name);
    return await reply.code(204).send();
  });
  app.post<{ Params: { action: string } }>('/:action', async (request, reply) => {
    const action = actions[request.params.action];
    if (!action) return await reply.code(404).send({ actions: Object.keys(actions) });
    // The reply has to be out before the process that sends it restarts.
    if (request.params.action === 'restart') reply.raw.once('finish', () => void action());
    else action();
    return await reply.code(204).send();
  });
}
