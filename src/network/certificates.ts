import tls from 'node:tls';

/** Returns the authorities to trust, as PEM, with or without those of the system. Undefined means Node's defaults. */
export type CertificateSource = (system: boolean) => readonly string[] | undefined;

/** The authorities of Node, of `NODE_EXTRA_CA_CERTS` and, on request, of this machine. Takes tenths of a second. */
export const defaultCertificates: CertificateSource = (system) => {
  const { getCACertificates }: typeof tls & { getCACertificates?: (type: 'default' | 'system') => string[] } = tls;
  if (!getCACertificates) return undefined; // before Node 22.15
  const known = getCACertificates('default');
  return system ? [...new Set([...known, ...getCACertificates('system')])] : known;
};

/** The trusted authorities as TLS options. */
export type Trust = Pick<tls.ConnectionOptions, 'ca' | 'secureContext'>;

/** Caches the TLS options for each value of `system`: parsing hundreds of certificates takes longer than a connection. */
export function cacheTrust(source: CertificateSource): (system: boolean) => Trust {
  const cache = new Map<boolean, Trust>();
  return (system) => {
    const cached = cache.get(system);
    if (cached) return cached;
    const ca = source(system)?.slice();
    // With a context, `ca` isn't parsed again. It only tells VS Code's patched sockets to add nothing.
    const trust = ca ? { ca, secureContext: tls.createSecureContext({ ca }) } : {};
    cache.set(system, trust);
    return trust;
  };
}
