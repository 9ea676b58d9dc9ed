import { attributes, dump } from './netlink.ts';

/** linux/rtnetlink.h */
const RTM_GETTFILTER = 46;
const TCMSG_BYTES = 20;
const TCA_KIND = 1;
const TCA_OPTIONS = 2;
/** linux/pkt_cls.h */
const TCA_BPF_ID = 11;

/** linux/pkt_sched.h: the two parents that a clsact qdisc has for filters. */
export const INGRESS_PARENT = 0xfffffff2;
export const EGRESS_PARENT = 0xfffffff3;

/** A filter of traffic control, as `tc filter show` lists it. */
export interface Filter {
  readonly handle: number;
  readonly priority: number;
  /** `bpf`, `u32`, … */
  readonly kind: string;
  /** The program of a `bpf` filter. */
  readonly programId?: number;
}

/**
 * Lists the filters of an interface in this thread's network namespace; none where it or the parent isn't there.
 *
 * `struct tcmsg`: 0  unsigned char tcm_family   4  int tcm_ifindex   8  __u32 tcm_handle   12  __u32 tcm_parent
 *                16  __u32 tcm_info, whose upper half is the priority
 */
export function listFilters(interfaceIndex: number, parent: number): Filter[] {
  const request = Buffer.alloc(TCMSG_BYTES);
  request.writeInt32LE(interfaceIndex, 4);
  request.writeUInt32LE(parent, 12);
  const messages = dump(RTM_GETTFILTER, request);
  if (typeof messages === 'number') return [];
  // A priority is listed once for itself, with a handle of 0, and then with each of its filters.
  return messages.map(readFilter).filter(({ handle }) => handle !== 0);
}

function readFilter(message: Buffer): Filter {
  const found = attributes(message.subarray(TCMSG_BYTES));
  const kind = found.get(TCA_KIND)?.toString('latin1').replace(/\0.*$/s, '') ?? '';
  const options = kind === 'bpf' ? found.get(TCA_OPTIONS) : undefined;
  const programId = options && attributes(options).get(TCA_BPF_ID)?.readUInt32LE();
  return {
    handle: message.readUInt32LE(8),
    priority: message.readUInt32LE(16) >>> 16,
    kind,
    ...(programId !== undefined && { programId }),
  };
}
