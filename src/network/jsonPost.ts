import type { Dispatcher } from 'undici';
import { exchange, type HttpReply, type HttpRequest } from './exchange.ts';

export type { HttpReply } from './exchange.ts';

/** One POST of JSON. */
export type JsonPost = Omit<HttpRequest, 'method' | 'headers' | 'body'> & { readonly body: string };

/** Posts JSON and reads the whole response. Rejects with RequestError, or at once with the signal's reason. */
export function postJson(dispatcher: Dispatcher, post: JsonPost, signal: AbortSignal): Promise<HttpReply> {
  const headers = { accept: 'application/json', 'content-type': 'application/json' };
  return exchange(dispatcher, { ...post, method: 'POST', headers }, signal);
}
