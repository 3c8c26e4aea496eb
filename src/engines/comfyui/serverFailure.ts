import { MixFailure } from '../../mix/failure.ts';
import type { HttpReply } from '../../network/exchange.ts';
import { proxyFailure } from '../../network/proxyFailure.ts';
import type { RequestError } from '../../network/requestError.ts';
import type { ServerAddress } from './serverAddress.ts';

/** The failure for a request that got no complete response. Its cause is the RequestError. */
export function requestFailure(error: RequestError, { name, origin }: ServerAddress): MixFailure {
  if (error.cause instanceof MixFailure) return error.cause; // the address may not be connected to
  const { args } = error;
  const host = args.host ?? new URL(origin).hostname;
  const details = { retryable: error.retryable, cause: error };
  switch (error.reason) {
    case 'refused':
      return new MixFailure('network/comfyui-refused', { args: { server: name }, ...details });
    case 'too-large':
      return new MixFailure('unexpected-response/comfyui', { args: { server: name }, cause: error });
    case 'proxy-auth':
    case 'proxy-refused':
    case 'proxy-unreachable':
      return proxyFailure(error.reason, error, host);
    case 'no-answer':
    case 'timeout':
      return new MixFailure('network/timeout', { args: { host }, ...details });
    case 'dns':
    case 'certificate':
      return new MixFailure(`network/${error.reason}`, { args: { host }, ...details });
    case 'connection':
    case 'connection-lost':
    case 'answer-cut':
    case 'redirected':
    case 'withheld':
      return new MixFailure('network/connection', { args: { host }, ...details });
  }
}

/** HTTP statuses of a proxy whose server doesn't answer; those above 520 are Cloudflare's. */
const gatewayStatuses = new Set([502, 503, 504, 521, 522, 523, 524]);
const busyStatuses = new Set([408, 425, 429]);

/**
 * What a reply's status or type says is wrong; undefined if nothing is. Redirects and web pages come from a page to sign in, because
 * ComfyUI's API has neither.
 * @param isAuthorized whether the request had an authorization.
 */
export function replyFailure(reply: HttpReply, { name: server }: ServerAddress, isAuthorized: boolean) {
  const { status } = reply;
  const args = { server, status };
  if (status === 403) return new MixFailure('unexpected-response/comfyui-forbidden', { args });
  if (status === 401) {
    return new MixFailure(isAuthorized ? 'invalid-api-key/comfyui' : 'unexpected-response/sign-in', { args });
  }
  if (status >= 300 && status < 400) return new MixFailure('unexpected-response/sign-in', { args });
  if (status === 413) return new MixFailure('image-too-large/comfyui', { args: { server } });
  if (gatewayStatuses.has(status)) return new MixFailure('service-unavailable/comfyui-gateway', { args });
  if (status >= 500 || busyStatuses.has(status)) return new MixFailure('service-unavailable/comfyui', { args });
  if (status >= 400) return new MixFailure('unexpected-response/not-comfyui', { args });
  const type = String(reply.headers['content-type'] ?? '');
  return /^text\/html\b/i.test(type) ? new MixFailure('unexpected-response/sign-in', { args }) : undefined;
}

/** The failure for an answer whose content isn't ComfyUI's. @param cause says what is wrong with it, for the log. */
export function answerFailure({ name }: ServerAddress, cause: unknown): MixFailure {
  return new MixFailure('unexpected-response/comfyui', { args: { server: name }, cause });
}
