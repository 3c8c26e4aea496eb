import { type LookupAddress, lookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';
import { MixFailure } from '../mix/failure.ts';

/** Names that resolve only on this machine or a local network (RFC 6761, 6762, 8375; ICANN reserves `internal`). */
const localName = /(?:^|\.)(?:localhost|local|internal|home\.arpa)\.?$/i;

/** Whether an IP address is public: not loopback, private, link-local, carrier-grade NAT, multicast or reserved. */
export function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.process(address); // unwraps IPv4-mapped IPv6
  // IPv6-only networks reach IPv4 through 64:ff9b::/96, so check the embedded address (RFC 6052).
  if (parsed.range() === 'rfc6052')
    return isPublicAddress(ipaddr.fromByteArray(parsed.toByteArray().slice(12)).toString());
  // Of IPv6, only 2000::/3 is public (IANA). The rest has no routes, or old forms of IPv4 addresses in it.
  const isAssigned = parsed.kind() === 'ipv4' || (parsed.toByteArray()[0] ?? 0) >> 5 === 1;
  return isAssigned && parsed.range() === 'unicast';
}

const privateRanges: ReadonlySet<string> = new Set([
  'loopback',
  'private',
  'uniqueLocal',
  'linkLocal',
  'carrierGradeNat', // also what virtual private networks use
]);

/** Whether an IP address belongs to this machine or a private network. Others, such as multicast, are neither public nor private. */
export function isPrivateAddress(address: string): boolean {
  return ipaddr.isValid(address) && privateRanges.has(ipaddr.process(address).range());
}

/** Checks a host's name or literal address without DNS. @throws MixFailure `blocked-address`. */
export function guardHost({ hostname }: URL): void {
  const host = hostname.replace(/^\[|\]$/g, '');
  if (localName.test(host) || (ipaddr.isValid(host) && !isPublicAddress(host))) throw blocked(host);
}

/** A DNS lookup for sockets that returns public addresses only. Fails with MixFailure `blocked-address` if there are none. */
export const guardedLookup: LookupFunction = filteredLookup(isPublicAddress, blocked);

/** A DNS lookup for sockets that returns only addresses that pass. @param failure the error if none does. */
export function filteredLookup(
  passes: (address: string) => boolean,
  failure: (hostname: string) => MixFailure,
): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, found) => {
      const allowed = error ? [] : found.filter(({ address }) => passes(address));
      const [first] = allowed;
      const problem = error ?? (first ? null : failure(hostname));
      const none: LookupAddress = { address: '', family: 0 };
      if (options.all) callback(problem, allowed);
      else callback(problem, (first ?? none).address, (first ?? none).family);
    });
  };
}

function blocked(host: string): MixFailure {
  return new MixFailure('blocked-address', { args: { host } });
}
