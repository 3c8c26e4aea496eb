import type { FastifyInstance, FastifyReply } from 'fastify';
import type { HistoryEntry } from '../history.ts';
import type { Process } from '../process.ts';
import { abilitiesOf } from '../version.ts';
import { cutsCancel } from './cutCancel.ts';

/** The newer routes for jobs, which exist only under `/api`. */
export function addJobRoutes(app: FastifyInstance, process: Process): void {
  const { world, queue, history } = process;

  app.get<{ Params: { id: string } }>('/jobs/:id', async ({ params: { id } }, reply) => {
    if (!abilitiesOf(world.settings.version).jobs) return await missing(reply);
    const prompt = [queue.running, ...queue.pending].find((one) => one?.id === id);
    if (prompt) {
      const status = prompt === queue.running ? 'in_progress' : 'pending';
      return { id, status, priority: prompt.number, create_time: prompt.createdAt, outputs_count: 0 };
    }
    const entry = history.entries.get(id);
    if (!entry) return await reply.code(404).send({ error: 'Job not found' });
    const images = Object.values(entry.outputs).flatMap((output) => output.images);
    return {
      id,
      status: statusOf(entry),
      priority: entry.prompt[0],
      outputs_count: images.length,
      preview_output: images[0] ?? null,
      outputs: entry.outputs,
      execution_error: messageOf(entry, 'execution_error') ?? null,
    };
  });

  app.post<{ Params: { id: string } }>('/jobs/:id/cancel', async (request, reply) => {
    const { id } = request.params;
    if (!abilitiesOf(world.settings.version).jobCancel) return await missing(reply, 405);
    if (cutsCancel(world, request)) return reply.hijack();
    return { cancelled: process.remove((one) => one.id === id) || process.interrupt(id) };
  });
}

async function missing(reply: FastifyReply, code = 404): Promise<FastifyReply> {
  return await reply.code(code).send();
}

function statusOf(entry: HistoryEntry): 'completed' | 'cancelled' | 'failed' {
  if (entry.status.completed) return 'completed';
  return messageOf(entry, 'execution_interrupted') ? 'cancelled' : 'failed';
}

function messageOf(entry: HistoryEntry, type: string): unknown {
  return entry.status.messages.find(([one]) => one === type)?.[1];
}
