import type { LookupFunction } from 'node:net';
import type { Dispatcher } from 'undici';
// By path: the root module of undici replaces the global dispatcher. See docs/decisions/undici-deep-imports.md.
import Agent from 'undici/lib/dispatcher/agent.js';
import EnvHttpProxyAgent from 'undici/lib/dispatcher/env-http-proxy-agent.js';
import { type CertificateSource, cacheTrust, defaultCertificates } from './certificates.ts';
import type { NetworkRules } from './connectionRules.ts';
import { proxyUrl, tunnelPool } from './proxy.ts';

/** How the sockets of a dispatcher connect. */
export interface SocketRules {
  /** Milliseconds until a connection attempt fails. */
  readonly timeout: number;
  /** Resolves hosts of direct connections; by default, DNS. A proxy resolves names itself. */
  readonly lookup?: LookupFunction;
  /** Never through a proxy. */
  readonly isDirect?: boolean;
}

/** Creates a dispatcher without open connections. The caller destroys it. @throws MixFailure `network/bad-proxy`. */
export type Connect = (connect: SocketRules) => Dispatcher;

/** Milliseconds; longer than the longest pause between two polls. */
const keepAliveTimeout = 15_000;
/** The largest WebSocket message that is read. */
const maxMessageBytes = 16 * 1024 * 1024;
/** Never reached through a proxy. */
const loopbackHosts = ['localhost', '127.0.0.1', '[::1]'];

/** Direct connections with Node's default trust. */
const direct: NetworkRules = { noProxy: [], verifyCertificates: true, systemCertificates: false };

/**
 * Creates dispatchers by the rules of the moment. The global dispatcher isn't touched.
 * @param certificates read once, when the first TLS connection needs them.
 */
export function createNetwork(
  rules: () => NetworkRules = () => direct,
  certificates: CertificateSource = defaultCertificates,
): Connect {
  const trust = cacheTrust(certificates);
  return ({ timeout, lookup, isDirect = false }) => {
    const { httpProxy, httpsProxy, noProxy, proxyAuthorization, verifyCertificates, systemCertificates } = rules();
    const isOff = isDirect || noProxy.includes('*');
    const proxies = {
      httpProxy: httpProxy && !isOff ? proxyUrl(httpProxy) : '',
      httpsProxy: httpsProxy && !isOff ? proxyUrl(httpsProxy) : '',
    };
    const secure = () => ({ timeout, rejectUnauthorized: verifyCertificates, ...trust(systemCertificates) });
    // The outer agent calls the factory once per origin. Only then is it known whether TLS is needed.
    return new Agent({
      webSocket: { maxPayloadSize: maxMessageBytes },
      factory: (origin) => {
        const needsTls = [String(origin), ...Object.values(proxies)].some((address) => address.startsWith('https:'));
        const sockets = needsTls ? secure() : { timeout };
        return new EnvHttpProxyAgent({
          ...proxies,
          noProxy: [...loopbackHosts, ...noProxy].join(),
          keepAliveTimeout,
          connect: { ...sockets, ...(lookup ? { lookup } : {}) },
          requestTls: sockets,
          proxyTls: sockets,
          proxyTunnel: false, // https always gets a tunnel; many proxies refuse one for plain http
          clientFactory: (proxy, options) => tunnelPool(proxy, options, timeout),
          ...(proxyAuthorization === undefined ? {} : { token: proxyAuthorization }),
        });
      },
    });
  };
}
