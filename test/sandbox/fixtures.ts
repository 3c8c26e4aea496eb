import { readFileSync } from 'node:fs';

/** The recorded and documented bodies, each a file in fixtures/ that is served byte for byte. */
export const fixtureNames = [
  'success-documented',
  'success-fetched',
  'success-single-string',
  'success-proxy-links',
  'success-empty',
  'processing-messege',
  'processing-message',
  'still-messege',
  'still-message',
  'not-found',
  'failed',
  'invalid-key',
  'invalid-key-401',
  'invalid-request',
  'validation',
  'source-unreachable',
  'duplicate',
  'queue-full',
  'no-credits',
  'plan-required',
  'server-error',
  'unavailable',
  'uploaded',
  'wallet-balance',
] as const;
export type FixtureName = (typeof fixtureNames)[number];

const read = (file: string): Buffer => readFileSync(new URL(`./fixtures/${file}`, import.meta.url));

/** The bytes of a fixture's JSON body. */
export function fixture(name: FixtureName): Buffer {
  return read(`${name}.json`);
}

/** The answer of a gateway in front of the service when the service is down. */
export function badGatewayPage(): Buffer {
  return read('bad-gateway.html');
}
