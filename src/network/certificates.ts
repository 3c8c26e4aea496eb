import tls from 'node:tls';

/** Gives the authorities to trust, as PEM, with or without those of the system; undefined where only Node itself can tell. */
export type CertificateSource = (system: boolean) => readonly string[] | undefined;

/** The authorities that ship with Node and those of `NODE_EXTRA_CA_CERTS`, and of this machine. Takes tenths of a second. */
export const machineCertificates: CertificateSource = (system) => {
  if (typeof tls.getCACertificates !== 'function') return undefined; // before Node 22.15
  const known = tls.getCACertificates('default');
  return system ? [...new Set([...known, ...tls.getCACertificates('system')])] : known;
};

/** Who is trusted, in the form that sockets take. */
export type Trust = Pick<tls.ConnectionOptions, 'ca' | 'secureContext'>;

/** Makes the trust in a source's authorities once for every value of `system`: parsing hundreds of certificates takes longer than a connection. */
export function trustIn(source: CertificateSource): (system: boolean) => Trust {
  const made = new Map<boolean, Trust>();
  return (system) => {
    const known = made.get(system);
    if (known) return known;
    const ca = source(system)?.slice();
    // With the context there, `ca` is not parsed again; it tells VS Code's patched sockets that nothing needs to be added.
    const trust = ca ? { ca, secureContext: tls.createSecureContext({ ca }) } : {};
    made.set(system, trust);
    return trust;
  };
}
