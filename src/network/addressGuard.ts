import { type LookupAddress, lookup } from 'node:dns';
import type { LookupFunction } from 'node:net';
import ipaddr from 'ipaddr.js';
import { MixFailure } from '../mix/failure.ts';

/** Names that never leave a machine or a local network (RFC 6761, 6762, 8375; `internal` is set aside by ICANN). */
const localName = /(?:^|\.)(?:localhost|local|internal|home\.arpa)\.?$/i;

/** Whether an IP address is one of the public internet: not loopback, private, link-local, carrier-grade NAT, multicast or reserved. */
export function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.process(address); // an IPv4 address mapped into IPv6 becomes the IPv4 address
  // Networks of IPv6 alone reach IPv4 through 64:ff9b::/96; what counts is the address within (RFC 6052).
  if (parsed.range() === 'rfc6052')
    return isPublicAddress(ipaddr.fromByteArray(parsed.toByteArray().slice(12)).toString());
  return parsed.range() === 'unicast';
}

/** Refuses a host by its name or literal address, before anything is looked up. @throws MixFailure `blocked-address`. */
export function guardHost({ hostname }: URL): void {
  const host = hostname.replace(/^\[|\]$/g, '');
  if (localName.test(host) || (ipaddr.isValid(host) && !isPublicAddress(host))) throw blocked(host);
}

/** A DNS look-up for sockets that gives public addresses only, and fails with MixFailure `blocked-address` where there are none. */
export const guardedLookup: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, found) => {
    const open = error ? [] : found.filter(({ address }) => isPublicAddress(address));
    const [first] = open;
    const failure = error ?? (first ? null : blocked(hostname));
    const none: LookupAddress = { address: '', family: 0 };
    if (options.all) callback(failure, open);
    else callback(failure, (first ?? none).address, (first ?? none).family);
  });
};

function blocked(host: string): MixFailure {
  return new MixFailure('blocked-address', { args: { host } });
}
