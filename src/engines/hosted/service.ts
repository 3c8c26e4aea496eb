import ipaddr from 'ipaddr.js';
import { MixFailure } from '../../mix/failure.ts';
import type { DialectName } from '../../mix/limits.ts';
import { type Dialect, dialects } from './dialect.ts';

/** The service that a job talks to: one origin, one dialect. */
export interface Service {
  /** Without a slash at its end. */
  readonly base: string;
  /** The only origin that ever gets the key. */
  readonly origin: string;
  readonly dialect: Dialect;
}

/**
 * The service that the settings name; an empty base URL means the dialect's own host.
 * @throws MixFailure `network` (`bad-base-url`, `insecure-base-url`): plain http is for loopback only.
 */
export function serviceOf(settings: { baseUrl: string; dialect: DialectName }): Service {
  const dialect = dialects[settings.dialect];
  const text = settings.baseUrl.trim() || dialect.defaultBase;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || url.username || url.password || url.search || url.hash) {
    // Not shown: what does not parse may hold anything, a password too.
    throw new MixFailure('network/bad-base-url', { retryable: false });
  }
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) {
    throw new MixFailure('network/insecure-base-url', { retryable: false });
  }
  return { base: url.href.replace(/\/+$/, ''), origin: url.origin, dialect };
}

/** Whether a URL's host is this machine by name or literal address. */
function isLoopback(hostname: string): boolean {
  if (hostname === 'localhost') return true;
  const address = hostname.replace(/^\[|\]$/g, '');
  return ipaddr.isValid(address) && ipaddr.process(address).range() === 'loopback';
}

/** A path of the service as a URL. */
export function endpointUrl(service: Service, path: string): string {
  return `${service.base}${path}`;
}

/** The origin of an address, or undefined where it is none. */
export function originOf(address: string): string | undefined {
  return URL.canParse(address) ? new URL(address).origin : undefined;
}
