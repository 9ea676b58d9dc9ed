import { bindings } from '../bindings.ts';
import { DescriptorLink } from '../descriptor-link.ts';
import type { Link } from '../link.ts';
import type { BpfProgram } from '../program.ts';
import { networkAttachError } from './network-attach-error.ts';
import type { NetworkInterface } from './network-interface.ts';
import { inNetworkNamespace } from './network-namespace.ts';

/** sys/socket.h, linux/if_ether.h */
const AF_PACKET = 17;
const SOCK_RAW_CLOEXEC = 3 | 0o2000000;
const SOL_SOCKET = 1;
const SO_RCVBUF = 8;
const SO_ATTACH_BPF = 50;
const ETH_P_ALL = 3;
/** linux/if_packet.h, struct sockaddr_ll */
const ADDRESS_BYTES = 20;

/**
 * Attaches a socket filter to a packet(7) socket of its own, which sees what comes and goes at one interface, or at
 * all of them; nobody reads from it. `namespace` is a path; the process's own without it.
 *
 * @throws ATTACH_FAILED, PERMISSION_DENIED
 */
export function attachToPackets(program: BpfProgram, at?: NetworkInterface, namespace?: string): Link {
  const result = inNetworkNamespace(namespace, () => openSocket(program, at?.index ?? 0));
  if (result >= 0) return new PacketSocket(result);
  throw networkAttachError({ program, where: at?.name ?? 'all interfaces', result });
}

class PacketSocket extends DescriptorLink {
  /** net/packet/af_packet.c, packet_notifier: the socket is bound to interface -1 once its own is gone. */
  isDefunct(): boolean {
    const address = Buffer.alloc(ADDRESS_BYTES);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(address.length);
    const result = bindings().libc.getsockname(this.descriptor, address, length);
    return result === 0 && address.readInt32LE(4) === -1;
  }
}

/** Bound last, so that no packet comes before the program is there. @returns the socket, or the negative errno */
function openSocket(program: BpfProgram, interfaceIndex: number): number {
  const { libc } = bindings();
  const socket = libc.socket(AF_PACKET, SOCK_RAW_CLOEXEC, 0);
  if (socket < 0) return socket;
  const result = [
    () => setOption(socket, SO_ATTACH_BPF, program.fd),
    // The least the kernel gives: packets that the program passes on are for nobody.
    () => setOption(socket, SO_RCVBUF, 0),
    () => bindAddress(socket, interfaceIndex),
  ].reduce((earlier, step) => (earlier < 0 ? earlier : step()), 0);
  if (result >= 0) return socket;
  libc.close(socket);
  return result;
}

function setOption(socket: number, option: number, value: number): number {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bindings().libc.setsockopt(socket, SOL_SOCKET, option, bytes, bytes.length);
}

/** `struct sockaddr_ll`: 0  unsigned short sll_family   2  __be16 sll_protocol   4  int sll_ifindex */
function bindAddress(socket: number, interfaceIndex: number): number {
  const address = Buffer.alloc(ADDRESS_BYTES);
  address.writeUInt16LE(AF_PACKET, 0);
  address.writeUInt16BE(ETH_P_ALL, 2);
  address.writeInt32LE(interfaceIndex, 4);
  return bindings().libc.bind(socket, address, address.length);
}
