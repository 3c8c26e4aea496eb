import type { LookupFunction } from 'node:net';
import type { Dispatcher } from 'undici';
import Agent from 'undici/lib/dispatcher/agent.js';
import EnvHttpProxyAgent from 'undici/lib/dispatcher/env-http-proxy-agent.js';
import { type CertificateSource, machineCertificates, trustIn } from './certificates.ts';
import type { NetworkRules } from './connectionRules.ts';
import { proxyUrl, tunnelPool } from './proxy.ts';

/** How a request's sockets connect. */
export interface SocketRules {
  /** Milliseconds until an address that does not answer is given up. */
  readonly timeout: number;
  /** Looks up the names of hosts that are connected to straight; wherever DNS says when absent. A proxy looks up by itself. */
  readonly lookup?: LookupFunction;
}

/** Makes a dispatcher with no open connection. Whoever asked for it destroys it. @throws MixFailure `network` (`bad-proxy`). */
export type Connect = (connect: SocketRules) => Dispatcher;

/** Long enough for the longest pause between two polls, in milliseconds. */
const keepAliveTimeout = 15_000;
/** This machine is never looked for behind a proxy. */
const thisMachine = ['localhost', '127.0.0.1', '[::1]'];

/** Straight connections to hosts that Node trusts. */
const straight: NetworkRules = { noProxy: [], verifyCertificates: true, systemCertificates: false };

/**
 * Connects by rules that are asked for with every new dispatcher. The dispatcher of the process stays untouched.
 * @param certificates read when a connection first needs them, and once.
 */
export function createNetwork(
  rules: () => NetworkRules = () => straight,
  certificates: CertificateSource = machineCertificates,
): Connect {
  const trust = trustIn(certificates);
  return ({ timeout, lookup }) => {
    const { httpProxy, httpsProxy, noProxy, proxyAuthorization, verifyCertificates, systemCertificates } = rules();
    const isOff = noProxy.includes('*');
    const proxies = {
      httpProxy: httpProxy && !isOff ? proxyUrl(httpProxy) : '',
      httpsProxy: httpsProxy && !isOff ? proxyUrl(httpsProxy) : '',
    };
    const secure = () => ({ timeout, rejectUnauthorized: verifyCertificates, ...trust(systemCertificates) });
    // The outer agent asks for the inner one when it first meets an origin; only then it is known whether TLS is needed.
    return new Agent({
      factory: (origin) => {
        const needsTls = [String(origin), ...Object.values(proxies)].some((address) => address.startsWith('https:'));
        const sockets = needsTls ? secure() : { timeout };
        return new EnvHttpProxyAgent({
          ...proxies,
          noProxy: [...thisMachine, ...noProxy].join(),
          keepAliveTimeout,
          connect: { ...sockets, ...(lookup ? { lookup } : {}) },
          requestTls: sockets,
          proxyTls: sockets,
          proxyTunnel: false, // for https there is one all the same; many proxies allow none for plain http
          clientFactory: (proxy, options) => tunnelPool(proxy, options, timeout),
          ...(proxyAuthorization === undefined ? {} : { token: proxyAuthorization }),
        });
      },
    });
  };
}
