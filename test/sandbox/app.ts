import { createHash } from 'node:crypto';
import type { IncomingMessage, RequestListener } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { type FastifyReply, type FastifyRequest, fastify } from 'fastify';
import { type Answer, deliver, fixtureAnswer } from './answer.ts';
import type { Origins } from './bodies.ts';
import type { Course } from './generation.ts';
import type { RequestLog, SeenRequest } from './log.ts';
import type { Call, Service } from './service.ts';
import type { DialectName, RequestStage } from './stages.ts';
import type { Switchboard } from './switchboard.ts';

/** Larger than the service's limit for an image, so that the service's own error is returned. */
const BODY_LIMIT = 24 * 1024 * 1024;

export interface AppOptions {
  readonly service: Service;
  readonly switchboard: Switchboard;
  readonly log: RequestLog;
  readonly now: () => number;
  readonly held: (stage: RequestStage) => Promise<void> | undefined;
  readonly latency: number;
  readonly elsewhere: () => string;
  /** A URL whose port nothing listens on. */
  readonly nowhere: () => string;
  /** Stops listening on the service's port. */
  readonly refuse: () => void;
}

interface Route {
  readonly stage: RequestStage;
  readonly dialect: DialectName | undefined;
  readonly method: 'GET' | 'POST';
  readonly url: string;
}

const routes: readonly Route[] = [
  { stage: 'mix', dialect: 'v5', method: 'POST', url: '/api/v5/img_mixer' },
  { stage: 'mix', dialect: 'v6', method: 'POST', url: '/api/v6/image_editing/img_mixer' },
  { stage: 'poll', dialect: 'v5', method: 'POST', url: '/api/v3/fetch/:id' },
  { stage: 'poll', dialect: 'v6', method: 'POST', url: '/api/v6/image_editing/fetch/:id' },
  { stage: 'upload', dialect: 'v5', method: 'POST', url: '/api/v3/base64_crop' },
  { stage: 'upload', dialect: 'v6', method: 'POST', url: '/api/v6/base64_to_url' },
  { stage: 'balance', dialect: 'v6', method: 'POST', url: '/api/wallet_balance' },
  { stage: 'download', dialect: undefined, method: 'GET', url: '/generations/:name' },
];

/** The HTTP side: routes, the log, and the scenario of each stage. One handler is for the service's port, the other for the second origin. */
export async function createApp(
  options: AppOptions,
): Promise<{ service: RequestListener; elsewhere: RequestListener }> {
  const { service, switchboard, log, now, held, latency, elsewhere, refuse } = options;
  const app = fastify({ bodyLimit: BODY_LIMIT, exposeHeadRoutes: false });
  /** Requests to the second origin. */
  const strays = new WeakSet<IncomingMessage>();
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));

  const record = (
    request: FastifyRequest,
    stage: SeenRequest['stage'],
    dialect: DialectName | undefined,
  ): SeenRequest => {
    const seen = {
      at: now(),
      toService: !strays.has(request.raw),
      stage,
      dialect,
      method: request.method,
      path: request.url,
      headers: request.headers,
      body: parsedBody(request.body),
    };
    log.add(seen);
    return seen;
  };

  const handle = async (route: Route, request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const { stage, dialect } = route;
    const seen = record(request, stage, dialect);
    await held(stage);
    if (latency > 0) await delay(latency);
    const origins = originsOf(request, options);
    const serve = async (course: Partial<Course> = {}): Promise<Answer> => {
      if (!dialect) return await service.download(request.url);
      const contentType = request.headers['content-type'] ?? '';
      return await serveCall({ dialect, contentType, body: seen.body, origins }, request, stage, course);
    };
    const subject = stage === 'poll' || stage === 'download' ? request.url : hashOf(request.body);
    const pick = seen.toService ? switchboard.pick(stage, subject, seen.at) : undefined;
    const answer = pick?.behaviour
      ? await pick.behaviour({
          stage,
          attempt: pick.attempt,
          sinceLast: pick.sinceLast,
          running: service.running,
          elsewhere: `${elsewhere()}${request.url}`,
          expireUploads: () => service.expireUploads(),
          serve,
        })
      : await serve();
    switchboard.answering(stage);
    if (switchboard.closed) {
      refuse();
      // Without this, the client would keep using its open connection.
      reply.header('connection', 'close');
    }
    await deliver(reply, answer);
  };

  const serveCall = async (
    call: Call,
    request: FastifyRequest,
    stage: RequestStage,
    course: Partial<Course>,
  ): Promise<Answer> => {
    switch (stage) {
      case 'mix':
        return await service.mix(call, { ...usualCourse(call.dialect, switchboard), ...course });
      case 'poll':
        return service.poll(call, String(request.url.split('/').at(-1)));
      case 'upload':
        return await service.upload(call);
      case 'balance':
        return service.balance(call);
      case 'download':
        throw new Error(`${stage} isn't a call of the API`);
    }
  };

  for (const route of routes) {
    app.route({
      method: route.method,
      url: route.url,
      handler: async (request, reply) => {
        await handle(route, request, reply);
        return reply;
      },
    });
  }
  app.get('/uploads/:name', async (request, reply) => {
    record(request, 'source', undefined);
    await deliver(reply, service.source(request.url));
    return reply;
  });
  app.setNotFoundHandler(async (request, reply) => {
    record(request, 'other', undefined);
    await deliver(reply, fixtureAnswer('invalid-request', 404));
    return reply;
  });
  await app.ready();
  return {
    service: (request, response) => app.routing(request, response),
    elsewhere: (request, response) => {
      strays.add(request);
      app.routing(request, response);
    },
  };
}

/** Without a scenario, a mix succeeds at once. While a polling scenario is active, it needs one poll. */
function usualCourse(dialect: DialectName, switchboard: Switchboard): Course {
  return {
    polls: switchboard.polls ? 1 : 0,
    end: 'success',
    empties: 0,
    form: dialect === 'v5' ? 'old' : 'new',
    output: 'array',
    fetchResult: 'own-id',
  };
}

/** Where links point: to the host that the client requested, so that they work through a proxy too. */
function originsOf(request: FastifyRequest, { switchboard, elsewhere, nowhere }: AppOptions): Origins {
  const service = `${request.protocol}://${request.host}`;
  const links = { service, elsewhere: elsewhere(), refused: nowhere(), 'unknown-host': 'http://no-such-host.invalid' };
  return { service, links: links[switchboard.links], elsewhere: links.elsewhere };
}

function parsedBody(body: unknown): unknown {
  if (!Buffer.isBuffer(body)) return undefined;
  const text = body.toString();
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function hashOf(body: unknown): string {
  return Buffer.isBuffer(body) ? createHash('sha256').update(body).digest('hex') : '';
}
