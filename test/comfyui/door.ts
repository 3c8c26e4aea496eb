import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ComfyUISettings } from './settings.ts';
import { abilitiesOf } from './version.ts';

const loginPage =
  '<!doctype html><title>Sign in</title><form method="post"><input name="password" type="password"></form>';

/** Answers a request that doesn't get to the server. Returns whether it did. */
export function turnAway(request: FastifyRequest, reply: FastifyReply, settings: ComfyUISettings): boolean {
  const { door } = settings;
  switch (door.kind) {
    case 'open':
      break;
    case 'authorization':
      if (request.headers.authorization === door.value) break;
      reply.code(401).header('www-authenticate', 'Bearer realm="ComfyUI"').send();
      return true;
    case 'login-redirect':
      reply.code(302).header('location', '/login').send();
      return true;
    case 'login-page':
      reply.code(200).type('text/html; charset=utf-8').send(loginPage);
      return true;
    case 'other-server':
      reply.code(200).type('application/json').send('{"status":"ok"}');
      return true;
    case 'no-websocket':
      if (!request.ws) break;
      reply.code(502).type('text/html').send('<h1>502 Bad Gateway</h1>');
      return true;
    case 'hanging-websocket':
      if (!request.ws) break;
      reply.hijack();
      return true;
  }
  if (!isForeign(request, settings)) return false;
  reply.code(403).send();
  return true;
}

/** Whether a page of another site sends the request to a loopback name. */
function isForeign({ headers }: FastifyRequest, { version }: ComfyUISettings): boolean {
  if (abilitiesOf(version).strict && headers['sec-fetch-site'] === 'cross-site') return true;
  const { host = '', origin } = headers;
  const isLoopback = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$/.test(host);
  return isLoopback && origin !== undefined && (!URL.canParse(origin) || new URL(origin).host !== host);
}
