import { generate } from 'selfsigned';
import type { Certificate } from './listener.ts';

/** A certificate for this machine's loopback names, and the authority that signed it, as PEM. */
export interface TrustedCertificate extends Certificate {
  /** The authority that a client must trust. It isn't in any system's store. */
  readonly authority: string;
}

const strong = { keyType: 'ec', algorithm: 'sha256' } as const;

/** Creates an authority and a certificate signed by it for `localhost`, `127.0.0.1`, `::1` and further names. */
export async function makeCertificate(...names: string[]): Promise<TrustedCertificate> {
  const authority = await generate([{ name: 'commonName', value: 'Sandbox authority' }], {
    ...strong,
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  const leaf = await generate([{ name: 'commonName', value: 'localhost' }], {
    ...strong,
    ca: { key: authority.private, cert: authority.cert },
    extensions: [
      { name: 'basicConstraints', cA: false },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          { type: 7, ip: '127.0.0.1' },
          { type: 7, ip: '::1' },
          ...names.map((value) => ({ type: 2 as const, value })),
        ],
      },
    ],
  });
  return { cert: leaf.cert, key: leaf.private, authority: authority.cert };
}
