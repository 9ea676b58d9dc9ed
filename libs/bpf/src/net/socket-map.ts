import { bpf, BPF_PROG_ATTACH, BPF_PROG_DETACH, words } from '../bpf-call.ts';
import { DescriptorLink } from '../descriptor-link.ts';
import { Errno } from '../errno.ts';
import type { Link } from '../link.ts';
import type { BpfMap } from '../map.ts';
import type { BpfProgram } from '../program.ts';
import { createLink } from './create-link.ts';
import { networkAttachError, type Reason } from './network-attach-error.ts';

/** The kinds of maps that hold sockets. */
export const SOCKET_MAPS: readonly string[] = ['BPF_MAP_TYPE_SOCKMAP', 'BPF_MAP_TYPE_SOCKHASH'];

/**
 * Attaches an sk_skb or sk_msg program to a map of sockets: those that come into the map from then on have it. By a
 * link where the kernel has that (6.10).
 *
 * @throws ATTACH_FAILED, PERMISSION_DENIED
 */
export function attachToSocketMap(program: BpfProgram, map: BpfMap): Link {
  const link = createLink(program, map.fd);
  if (link >= 0) return new DescriptorLink(link);
  const result = -link === Errno.EINVAL ? bpf(BPF_PROG_ATTACH, attributes(program, map)) : link;
  if (result >= 0) return new SocketMapAttachment(program, map);
  throw networkAttachError({ program, where: `map ${map.name}`, result, reason: REASONS.get(-result) });
}

/** Ends with the map at the latest, which ends with the process. */
class SocketMapAttachment implements Link {
  #attached = true;

  constructor(
    private readonly program: BpfProgram,
    private readonly map: BpfMap,
  ) {}

  destroy(): void {
    if (!this.#attached) return;
    this.#attached = false;
    bpf(BPF_PROG_DETACH, attributes(this.program, this.map));
  }
}

/** 0  __u32 target_fd   4  __u32 attach_bpf_fd   8  __u32 attach_type   12  __u32 attach_flags */
function attributes(program: BpfProgram, map: BpfMap): Buffer {
  return words(map.fd, program.fd, program.attachType, 0);
}

/** net/core/sock_map.c, sock_map_prog_update */
const REASONS: ReadonlyMap<number, Reason> = new Map([
  [
    Errno.EBUSY,
    {
      message: 'it has a program of this kind already, or one of a kind that excludes it',
      hint: 'a map takes one sk_msg program, and of sk_skb either stream_verdict or verdict',
    },
  ],
  [
    Errno.EOPNOTSUPP,
    {
      message: 'this kernel takes no such programs',
      hint: 'sk_skb/stream_parser takes CONFIG_BPF_STREAM_PARSER, the others CONFIG_NET_SOCK_MSG',
    },
  ],
]);
