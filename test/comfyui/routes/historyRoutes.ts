import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import type { Process } from '../process.ts';
import { jsonOf } from './body.ts';

/** The history of finished prompts. */
export function addHistoryRoutes(app: FastifyInstance, process: Process): void {
  const { history } = process;
  app.get('/history', async () => Object.fromEntries(history.entries));
  app.get<{ Params: { id: string } }>('/history/:id', async ({ params }) => {
    const entry = history.entries.get(params.id);
    process.historyAsked(params.id);
    return entry ? { [params.id]: entry } : {};
  });
  app.post('/history', async (request, reply) => {
    const change = z.looseObject({ clear: z.boolean().optional(), delete: z.array(z.string()).optional() });
    const { clear, delete: ids = [] } = jsonOf(request, change);
    if (clear) history.clear();
    for (const id of ids) history.delete(id);
    return await reply.code(200).send();
  });
}
