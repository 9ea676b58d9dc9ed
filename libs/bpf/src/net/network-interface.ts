import { EcliError, nearNames, printable } from '@ecli/core';
import { readFileSync } from 'node:fs';
import { bindings } from '../bindings.ts';
import { didYouMean } from '../failures.ts';
import { attributeList, attributes, dump } from './netlink.ts';

/** net/if.h; altnames may be longer (linux/if.h, ALTIFNAMSIZ). */
const IF_NAMESIZE = 16;

/** linux/rtnetlink.h, linux/if_link.h */
const RTM_GETLINK = 18;
const IFINFOMSG_BYTES = 16;
const IFLA_PROP_LIST = 52;
const IFLA_ALT_IFNAME = 53;

export interface NetworkInterface {
  readonly index: number;
  readonly name: string;
}

/**
 * Finds an interface of the network namespace this thread is in, by its name, an altname or its number; a name
 * of digits counts before a number.
 *
 * @throws ATTACH_FAILED for one that isn't there, with near names or all there are
 */
export function findInterface(wanted: string | number): NetworkInterface {
  const index = typeof wanted === 'number' || wanted === '' ? 0 : indexOf(wanted);
  if (index > 0) return { index, name: interfaceName(index) ?? String(wanted) };
  const number = Number(wanted);
  const name = isIndex(number) ? interfaceName(number) : undefined;
  if (name !== undefined) return { index: number, name };
  throw notThere(String(wanted));
}

/** Tells whether the network namespace this thread is in still has an interface that was found in it. */
export function hasInterface({ index }: Pick<NetworkInterface, 'index'>): boolean {
  return interfaceName(index) !== undefined;
}

/** 0 where there is none. if_nametoindex(3) takes no name that is longer than those of before Linux 5.5. */
function indexOf(name: string): number {
  if (Buffer.byteLength(name) < IF_NAMESIZE) return bindings().libc.if_nametoindex(name);
  const messages = dump(RTM_GETLINK, Buffer.alloc(IFINFOMSG_BYTES));
  const found = typeof messages === 'number' ? undefined : messages.find((each) => hasAltname(each, name));
  return found?.readInt32LE(4) ?? 0;
}

/** `struct ifinfomsg`, of which 4  int ifi_index; then attributes. */
function hasAltname(message: Buffer, name: string): boolean {
  const properties = attributes(message.subarray(IFINFOMSG_BYTES)).get(IFLA_PROP_LIST);
  if (!properties) return false;
  return attributeList(properties).some(
    ([type, content]) => type === IFLA_ALT_IFNAME && content.toString('utf8') === `${name}\0`,
  );
}

function isIndex(number: number): boolean {
  return Number.isInteger(number) && number > 0 && number <= 0x7fffffff;
}

function interfaceName(index: number): string | undefined {
  const { libc } = bindings();
  const name = Buffer.alloc(IF_NAMESIZE);
  return libc.if_indextoname(index, name) === 0 ? undefined : name.toString('utf8', 0, name.indexOf(0));
}

function notThere(wanted: string): EcliError {
  const names = interfaceNames();
  const near = nearNames(wanted, names);
  return new EcliError('ATTACH_FAILED', `network interface ${printable(wanted)}: isn't there`, {
    ...(near.length > 0
      ? didYouMean(near)
      : { hint: `there are ${names.map(printable).join(', ') || 'none'}` }),
  });
}

/** All names in this thread's network namespace; empty where /proc isn't mounted. */
function interfaceNames(): string[] {
  try {
    // Two lines of headings, then `  eth0: …`.
    const lines = readFileSync('/proc/thread-self/net/dev', 'utf8').split('\n').slice(2);
    return lines.flatMap((line) => /^\s*(\S+):/.exec(line)?.[1] ?? []);
  } catch {
    return [];
  }
}
