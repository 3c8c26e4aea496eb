import { randomUUID } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import type { Process } from '../process.ts';

/** The WebSocket. Without a client id, the server makes one up. */
export function addSocketRoute(app: FastifyInstance, process: Process): void {
  app.get<{ Querystring: { clientId?: string } }>('/ws', { websocket: true }, (socket, { query }) => {
    process.connect(query.clientId || randomUUID().replaceAll('-', ''), socket);
  });
}
