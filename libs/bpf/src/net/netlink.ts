import { readSync, writeSync } from 'node:fs';
import { bindings } from '../bindings.ts';

/** sys/socket.h */
const AF_NETLINK = 16;
const SOCK_RAW_CLOEXEC = 3 | 0o2000000;
/** linux/netlink.h */
const NETLINK_ROUTE = 0;
const NLMSG_ERROR = 2;
const NLMSG_DONE = 3;
const NLM_F_REQUEST_DUMP = 0x301;
const MESSAGE_HEADER = 16;
const ATTRIBUTE_HEADER = 4;
const NLA_TYPE_MASK = 0x3fff;

/** The kernel fills at most this much at once (af_netlink.c, netlink_recvmsg). */
const RECEIVED_BYTES = 32 << 10;

/**
 * Asks the kernel for all objects of a kind by rtnetlink(7), in this thread's network namespace; `header` is the
 * family's own, such as a `struct tcmsg`.
 *
 *     0  __u32 nlmsg_len   4  __u16 nlmsg_type   6  __u16 nlmsg_flags   8  __u32 nlmsg_seq   12  __u32 nlmsg_pid
 *
 * @returns a message each without its nlmsghdr, or the negative errno
 */
export function dump(type: number, header: Uint8Array): Buffer[] | number {
  const { libc } = bindings();
  const socket = libc.socket(AF_NETLINK, SOCK_RAW_CLOEXEC, NETLINK_ROUTE);
  if (socket < 0) return socket;
  try {
    const request = Buffer.alloc(MESSAGE_HEADER + header.byteLength);
    request.writeUInt32LE(request.length, 0);
    request.writeUInt16LE(type, 4);
    request.writeUInt16LE(NLM_F_REQUEST_DUMP, 6);
    request.set(header, MESSAGE_HEADER);
    writeSync(socket, request);
    return receive(socket);
  } finally {
    libc.close(socket);
  }
}

function receive(socket: number): Buffer[] | number {
  const found: Buffer[] = [];
  for (;;) {
    const bytes = Buffer.alloc(RECEIVED_BYTES);
    const received = bytes.subarray(0, readSync(socket, bytes));
    for (const message of split(received, (at) => received.readUInt32LE(at), MESSAGE_HEADER)) {
      const type = message.readUInt16LE(4);
      if (type === NLMSG_DONE) return found;
      if (type === NLMSG_ERROR) return message.readInt32LE(MESSAGE_HEADER);
      found.push(message.subarray(MESSAGE_HEADER));
    }
    if (received.length === 0) return found;
  }
}

/** Reads attributes by type, the last of each, their headers taken off; `bytes` begins with the first. */
export function attributes(bytes: Buffer): ReadonlyMap<number, Buffer> {
  return new Map(attributeList(bytes));
}

/**
 * Reads attributes, of which one type may come several times, as pairs of type and content.
 *
 *     0  __u16 nla_len   2  __u16 nla_type
 */
export function attributeList(bytes: Buffer): (readonly [type: number, content: Buffer])[] {
  return split(bytes, (at) => bytes.readUInt16LE(at), ATTRIBUTE_HEADER).map(
    (part) => [part.readUInt16LE(2) & NLA_TYPE_MASK, part.subarray(ATTRIBUTE_HEADER)] as const,
  );
}

/** Messages and attributes alike begin with their length, are aligned to 4 bytes, and have a header at least. */
function split(bytes: Buffer, lengthAt: (offset: number) => number, header: number): Buffer[] {
  const parts: Buffer[] = [];
  for (let at = 0; at + header <= bytes.length;) {
    const length = lengthAt(at);
    if (length < header || at + length > bytes.length) break;
    parts.push(bytes.subarray(at, at + length));
    at += (length + 3) & ~3;
  }
  return parts;
}
