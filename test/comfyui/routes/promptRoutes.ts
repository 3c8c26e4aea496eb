import { randomUUID } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { graphSchema } from '../graph.ts';
import type { Process } from '../process.ts';
import { itemOf } from '../queue.ts';
import { requestError, validate } from '../validation.ts';
import { abilitiesOf } from '../version.ts';
import { shelfOf } from '../world.ts';
import { jsonOf } from './body.ts';
import { cutsCancel } from './cutCancel.ts';

const submission = z.looseObject({
  prompt: graphSchema.optional(),
  client_id: z.string().optional(),
  prompt_id: z.unknown().optional(),
  extra_data: z.record(z.string(), z.unknown()).optional(),
  front: z.boolean().optional(),
  number: z.number().optional(),
});
const queueChange = z.looseObject({ clear: z.boolean().optional(), delete: z.array(z.string()).optional() });
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Queueing, the queue, and interrupting. */
export function addPromptRoutes(app: FastifyInstance, process: Process): void {
  const { world, queue } = process;
  app.get('/prompt', async () => ({ exec_info: { queue_remaining: queue.remaining } }));

  app.post('/prompt', async (request, reply) => {
    const body = jsonOf(request, submission);
    const { clientPromptIds, strict } = abilitiesOf(world.settings.version);
    if (!body.prompt) {
      const error = requestError('no_prompt', 'No prompt provided', 'No prompt provided');
      return await reply.code(400).send({ error, node_errors: {} });
    }
    const asked = clientPromptIds ? (body.prompt_id ?? undefined) : undefined;
    if (strict && asked !== undefined && !(typeof asked === 'string' && uuid.test(asked))) {
      const error = requestError('invalid_prompt_id', 'prompt_id must be a valid UUID', String(asked));
      return await reply.code(400).send({ error, node_errors: {} });
    }
    const { error, outputs, nodeErrors } = validate(body.prompt, shelfOf(world));
    if (error) return await reply.code(400).send({ error, node_errors: nodeErrors });

    const clientId = body.client_id;
    await world.gate.pass({ at: 'arrival' }, String(asked));
    const { id, number } = process.submit(
      {
        id: asked === undefined ? randomUUID() : String(asked),
        graph: body.prompt,
        outputs,
        clientId,
        isStrangers: false,
        extraData: { ...body.extra_data, ...(clientId === undefined ? {} : { client_id: clientId }) },
      },
      { front: body.front ?? false, number: body.number },
    );
    if (process.isDoomed) reply.raw.once('finish', () => void world.restart());
    if (world.faults.take(['lose-reply'])) {
      request.raw.socket.destroy();
      return reply.hijack();
    }
    if (world.faults.take(['late-reply'])) await process.idle();
    return { prompt_id: id, number, node_errors: nodeErrors };
  });

  app.get('/queue', async () => ({
    queue_running: queue.running ? [itemOf(queue.running)] : [],
    queue_pending: [...queue.heap.map(itemOf), ...ballast(world.settings.queueBytes)],
  }));

  app.post('/queue', async (request, reply) => {
    if (cutsCancel(world, request)) return reply.hijack();
    const { clear, delete: ids = [] } = jsonOf(request, queueChange);
    process.remove(({ id }) => clear === true || ids.includes(id));
    return await reply.code(200).send();
  });

  app.post('/interrupt', async (request, reply) => {
    if (cutsCancel(world, request)) return reply.hijack();
    const { targetedInterrupt } = abilitiesOf(world.settings.version);
    const hasBody = Buffer.isBuffer(request.body) && request.body.length > 0;
    const body = hasBody ? jsonOf(request, z.looseObject({ prompt_id: z.string().nullish() })) : {};
    process.interrupt(targetedInterrupt ? (body.prompt_id ?? undefined) : undefined);
    return await reply.code(200).send();
  });

  app.post('/free', async (request, reply) => {
    const { free_memory } = jsonOf(request, z.looseObject({ free_memory: z.boolean().optional() }));
    if (free_memory) void process.idle().then(() => process.clearCache());
    return await reply.code(200).send();
  });
}

/** Another user's prompt with a graph of so many bytes, which waits behind all others; none for 0. */
function ballast(bytes: number): unknown[] {
  return bytes === 0 ? [] : [[2 ** 40, 'another-users-prompt', { text: 'x'.repeat(bytes) }, {}, []]];
}
