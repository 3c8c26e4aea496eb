import type { FastifyRequest } from 'fastify';
import type { World } from '../world.ts';

/** Breaks the connection of a request that cancels, if the settings say so. Returns whether it did. */
export function cutsCancel({ faults }: World, request: FastifyRequest): boolean {
  if (!faults.take(['cut-cancel'])) return false;
  request.raw.socket.destroy();
  return true;
}
