import type { LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';
import { MixFailure } from '../../mix/failure.ts';
import { filteredLookup, isPrivateAddress } from '../../network/addressGuard.ts';
import type { SocketRules } from '../../network/connections.ts';

/** Where a ComfyUI server is. */
export interface ServerAddress {
  /** As written in the setting. */
  readonly url: string;
  /** The base URL without a slash at its end; it keeps the path under which a proxy offers the server. */
  readonly base: string;
  /** The same for every way to write the address of the same server. */
  readonly place: string;
  /** The only origin that the server's authorization is sent to. */
  readonly origin: string;
  /** What messages call the server: host and port. */
  readonly name: string;
}

/**
 * Reads a base URL of the setting. Plain http is for this machine and private networks only: a public address fails here, a name that
 * leads to one fails when it is connected to.
 * @throws MixFailure `network/comfyui-bad-url` or `network/comfyui-insecure-url`.
 */
export function serverAddress(written: string): ServerAddress {
  const text = written.trim();
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || url.username || url.password || /[?#]/.test(text)) {
    // The message doesn't show the value, which may contain a password.
    throw new MixFailure('network/comfyui-bad-url', { retryable: false });
  }
  // Servers print the address they listen on, which means every address of their machine and isn't one to connect to.
  if (url.hostname === '0.0.0.0') url.hostname = '127.0.0.1';
  if (url.hostname === '[::]') url.hostname = '[::1]';
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (url.protocol === 'http:' && ipaddr.isValid(host) && !isPrivateAddress(host)) throw insecure(host);
  const base = url.href.replace(/\/+$/, '');
  const place = base.replace(/^(https?:\/\/)(127\.0\.0\.1|\[::1\])(?=[:/]|$)/, '$1localhost');
  return { url: written, base, place, origin: url.origin, name: url.host };
}

/** The URL of a path of the server's API, such as `queue`. */
export function apiUrl({ base }: ServerAddress, path: string): URL {
  return new URL(`${base}/api/${path}`);
}

/** The URL of a client's WebSocket. */
export function socketUrl({ base }: ServerAddress, clientId: string): URL {
  return new URL(`${base.replace(/^http/, 'ws')}/ws?clientId=${encodeURIComponent(clientId)}`);
}

/**
 * How the server is connected to. Over plain http, only private addresses are, and never through a proxy, which would resolve names
 * itself. So an authorization, too, is sent over plain http to private addresses only.
 * @param timeout milliseconds until a connection attempt fails.
 */
export function socketRules({ origin }: ServerAddress, timeout: number): SocketRules {
  return origin.startsWith('https:') ? { timeout } : { timeout, lookup: privateLookup, isDirect: true };
}

const privateLookup: LookupFunction = filteredLookup(isPrivateAddress, insecure);

function insecure(host: string): MixFailure {
  return new MixFailure('network/comfyui-insecure-url', { args: { host }, retryable: false });
}
