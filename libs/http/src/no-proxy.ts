import { BlockList, isIP } from 'node:net';

/**
 * Whether NO_PROXY takes `url` from the proxies. Its entries stand between commas or blanks: `*` for all hosts, a host
 * with all that is below it (a dot or `*.` before it changes nothing), an address, a network as `10.0.0.0/8`; each may
 * end in a port, and then is for that alone.
 */
export function isSpared(url: URL, noProxy: string): boolean {
  const host = bareHost(url.hostname);
  const port = portOf(url);
  return noProxy
    .split(/[\s,]+/)
    .filter((entry) => entry !== '')
    .some((entry) => entry === '*' || covers(parseEntry(entry), host, port));
}

interface Entry {
  readonly host: string;
  readonly port: string | undefined;
}

function parseEntry(entry: string): Entry {
  const [, bracketed, afterBracket] = /^\[([^\]]*)\](?::(\d+))?$/.exec(entry) ?? [];
  if (bracketed !== undefined) return { host: bracketed.toLowerCase(), port: afterBracket };
  const [, name, port] = /^([^:]*):(\d+)$/.exec(entry) ?? [];
  return { host: bareHost((name ?? entry).toLowerCase()), port };
}

function covers(entry: Entry, host: string, port: string): boolean {
  if (entry.port !== undefined && entry.port !== port) return false;
  if (entry.host.includes('/')) return isInNetwork(host, entry.host);
  if (isIP(host) !== 0) return isInNetwork(host, entry.host);
  const name = entry.host.replace(/^\*?\.+/, '');
  return name !== '' && (host === name || host.endsWith(`.${name}`));
}

/** Whether `host` is an address in `network`, which is one itself or has the length of its prefix after a slash. */
function isInNetwork(host: string, network: string): boolean {
  const [address = '', prefix] = network.split('/');
  const version = isIP(address);
  if (version === 0 || isIP(host) !== version) return false;
  const bits = version === 4 ? 32 : 128;
  if (prefix !== undefined && !(/^\d{1,3}$/.test(prefix) && Number(prefix) <= bits)) return false;
  const family = version === 4 ? 'ipv4' : 'ipv6';
  const list = new BlockList();
  list.addSubnet(address, prefix === undefined ? bits : Number(prefix), family);
  return list.check(host, family);
}

function bareHost(host: string): string {
  return host.replace(/^\[|\]$/g, '').replace(/\.$/, '');
}

function portOf({ port, protocol }: URL): string {
  return port !== '' ? port : protocol === 'https:' ? '443' : '80';
}
