import ipaddr from 'ipaddr.js';
import * as z from 'zod';
import { MixFailure } from '../../mix/failure.ts';
import { dialectNames } from '../../mix/limits.ts';
import { type Dialect, dialects } from './dialect.ts';

/** The settings that say which service a job uses. */
export const serviceSettingsSchema = z.object({
  /** As in the setting: empty means the dialect's default. */
  baseUrl: z.string(),
  dialect: z.enum(dialectNames),
});
export type ServiceSettings = z.infer<typeof serviceSettingsSchema>;

/** The service that a job uses: one origin, one dialect. */
export interface Service {
  /** The base URL, without a slash at its end. */
  readonly base: string;
  /** The only origin that the key is sent to. */
  readonly origin: string;
  readonly dialect: Dialect;
}

/**
 * The service for these settings; an empty base URL means the dialect's default.
 * @throws MixFailure `network/bad-base-url`, or `network/insecure-base-url` for plain http to a host that isn't loopback.
 */
export function serviceOf(settings: ServiceSettings): Service {
  const dialect = dialects[settings.dialect];
  const text = settings.baseUrl.trim() || dialect.defaultBase;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || url.username || url.password || url.search || url.hash) {
    // The message doesn't show the value, which may contain a password.
    throw new MixFailure('network/bad-base-url', { retryable: false });
  }
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) {
    throw new MixFailure('network/insecure-base-url', { retryable: false });
  }
  return { base: url.href.replace(/\/+$/, ''), origin: url.origin, dialect };
}

/** Whether a URL's host is loopback, by name or by literal address. */
function isLoopback(hostname: string): boolean {
  if (hostname === 'localhost') return true;
  const address = hostname.replace(/^\[|\]$/g, '');
  return ipaddr.isValid(address) && ipaddr.process(address).range() === 'loopback';
}

/** The URL of a path of the service. */
export function endpointUrl(service: Service, path: string): string {
  return `${service.base}${path}`;
}

/** The origin of a URL; undefined if it is invalid. */
export function urlOrigin(url: string): string | undefined {
  return URL.canParse(url) ? new URL(url).origin : undefined;
}
