import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';
import { badGatewayPage, type FixtureName, fixture } from './fixtures.ts';

/**
 * How the bytes of an answer travel: `reset` cuts the connection before the headers, `reset-body` after half the body;
 * `stall` never answers, `stall-body` stops after half the body, `slow` takes about half a second for the body.
 */
export type Delivery = 'whole' | 'reset' | 'reset-body' | 'stall' | 'stall-body' | 'slow';

/** An HTTP answer before it is sent. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | Iterable<Buffer>;
  readonly delivery: Delivery;
}

/** An answer of any media type, sent completely. */
export function answer(status: number, type: string, body: Answer['body'], headers: Answer['headers'] = {}): Answer {
  return { status, headers: { 'content-type': type, ...headers }, body, delivery: 'whole' };
}

/** A JSON answer. `escaped` writes every slash as `\/`, as the service sometimes does. */
export function json(value: unknown, status = 200, escaped = false): Answer {
  const text = JSON.stringify(value);
  return answer(status, 'application/json', Buffer.from(escaped ? text.replaceAll('/', '\\/') : text));
}

/** A fixture, byte for byte. */
export function fixtureAnswer(name: FixtureName, status = 200, headers: Answer['headers'] = {}): Answer {
  return answer(status, 'application/json', fixture(name), headers);
}

/** HTTP 502 with the page of a gateway in front of the service. */
export function badGateway(): Answer {
  return answer(502, 'text/html', badGatewayPage());
}

/** The first half of an answer's body, sent as if it were complete. */
export function cut(whole: Answer): Answer {
  const bytes = bytesOf(whole);
  return { ...whole, body: bytes.subarray(0, bytes.length >> 1) };
}

/** The same JSON answer with another body. Any other answer stays unchanged. */
export function reworded(
  original: Answer,
  change: (body: Readonly<Record<string, unknown>>) => Record<string, unknown>,
): Answer {
  const body: unknown = JSON.parse(bytesOf(original).toString());
  return typeof body === 'object' && body !== null ? json(change({ ...body }), original.status) : original;
}

const MEGABYTE = 1024 * 1024;
const HUGE_MEGABYTES = 100;

/** 100 MB that start like the given answer. */
export function* hugeBody(start: Buffer): Generator<Buffer> {
  yield start;
  const filling = Buffer.alloc(MEGABYTE, 'a');
  for (let count = 0; count < HUGE_MEGABYTES; count++) yield filling;
}

function bytesOf({ body }: Answer): Buffer {
  return Buffer.isBuffer(body) ? body : Buffer.concat([...body]);
}

const SLOW_PARTS = 20;
const SLOW_PAUSE_MS = 25;

/** Sends an answer as its `delivery` says. */
export async function deliver(reply: FastifyReply, answer: Answer): Promise<void> {
  const { status, headers, body, delivery } = answer;
  if (delivery === 'whole') {
    await reply
      .code(status)
      .headers(headers)
      .send(Buffer.isBuffer(body) ? body : Readable.from(body));
    return;
  }
  reply.hijack();
  const { raw } = reply;
  if (delivery === 'stall') return;
  if (delivery === 'reset') {
    raw.socket?.resetAndDestroy();
    return;
  }
  const bytes = bytesOf(answer);
  raw.writeHead(status, { ...headers, 'content-length': String(bytes.length) });
  if (delivery === 'slow') {
    const size = Math.ceil(bytes.length / SLOW_PARTS);
    for (let at = 0; at < bytes.length && !raw.destroyed; at += size) {
      raw.write(bytes.subarray(at, at + size));
      await new Promise((resolve) => setTimeout(resolve, SLOW_PAUSE_MS));
    }
    raw.end();
    return;
  }
  raw.write(bytes.subarray(0, bytes.length >> 1), () => {
    // The reset waits one turn, so that the first half is sent before it.
    if (delivery === 'reset-body') setImmediate(() => raw.socket?.resetAndDestroy());
  });
}
