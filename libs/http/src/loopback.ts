import { isIPv4, type LookupFunction } from 'node:net';

/** Whether the host of `url` is this machine: by its address, or by a name that means no other (RFC 6761, 6.3). */
export function isLoopback({ hostname }: URL): boolean {
  const host = hostname.replace(/^\[|\]$/g, '');
  if (isIPv4(host)) return host.startsWith('127.');
  return host === '::1' || MAPPED.test(host) || isLocalName(host);
}

/**
 * How the name of this machine is resolved, and undefined for other hosts. The resolver would ask a name server for
 * `registry.localhost`, whose answer may be any machine; and what is on this one is trusted with more.
 */
export function lookupFor(hostname: string): LookupFunction | undefined {
  return isLocalName(hostname) ? lookUpLoopback : undefined;
}

/** 127.0.0.0/8 as IPv6 has it, as URL spells it. */
const MAPPED = /^::ffff:7f[0-9a-f]{2}:/;

const ADDRESSES = [
  { address: '127.0.0.1', family: 4 },
  { address: '::1', family: 6 },
];

function isLocalName(host: string): boolean {
  const name = host.replace(/\.$/, '');
  return name === 'localhost' || name.endsWith('.localhost');
}

const lookUpLoopback: LookupFunction = (_hostname, { all }, found) => {
  // Not at once: whoever asks isn't ready for the answer yet.
  process.nextTick(() => (all ? found(null, ADDRESSES) : found(null, '127.0.0.1', 4)));
};
