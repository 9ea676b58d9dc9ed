import { BlockList, isIP } from 'node:net';

/** Where docker.io's interface is; its name stands for it everywhere else. */
const API_HOSTS: Readonly<Record<string, string>> = { 'docker.io': 'registry-1.docker.io' };

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8);
LOOPBACK.addAddress('::1', 'ipv6');

/** Where the interface of the registry that references call `registry` is. */
export function originOf(registry: string, scheme: 'http' | 'https'): URL {
  return new URL(`${scheme}://${API_HOSTS[registry] ?? registry}/`);
}

/** Tells whether the host of `url` is this machine whatever a name server says (RFC 6761, 6.3, for the names). */
export function isLoopback({ hostname }: URL): boolean {
  if (hostname === 'localhost' || hostname.endsWith('.localhost')) return true;
  const address = hostname.replace(/^\[|\]$/g, '');
  const family = isIP(address);
  return family !== 0 && LOOPBACK.check(address, family === 6 ? 'ipv6' : 'ipv4');
}
