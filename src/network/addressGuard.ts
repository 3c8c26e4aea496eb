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

/** Checks a host's name or literal address without DNS. @throws MixFailure `blocked-address`. */
export function guardHost({ hostname }: URL): void {
  const host = hostname.replace(/^\[|\]$/g, '');
  if (localName.test(host) || (ipaddr.isValid(host) && !isPublicAddress(host))) throw blocked(host);
}

/** A DNS lookup for sockets that returns public addresses only. Fails with MixFailure `blocked-address` if there are none. */
export const guardedLookup: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, found) => {
    const allowed = error ? [] : found.filter(({ address }) => isPublicAddress(address));
    const [first] = allowed;
    const failure = error ?? (first ? null : blocked(hostname));
    const none: LookupAddress = { address: '', family: 0 };
    if (options.all) callback(failure, allowed);
    else callback(failure, (first ?? none).address, (first ?? none).family);
  });
};

function blocked(host: string): MixFailure {
  return new MixFailure('blocked-address', { args: { host } });
}
