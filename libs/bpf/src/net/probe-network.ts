import type { Answer } from '../features.ts';
import { bindings } from '../bindings.ts';
import { bpf, BPF_PROG_QUERY } from '../bpf-call.ts';
import { Errno } from '../errno.ts';
import { BPF_NETFILTER } from './attach-types.ts';

/** linux/bpf.h, enum bpf_prog_type */
const BPF_PROG_TYPE_NETFILTER = 32;

/**
 * Asks what programs are attached nowhere in particular (`target` is an interface or a descriptor that may be
 * none): only a kernel that doesn't know of the attach type says EINVAL.
 *
 *     0  __u32 target_fd or target_ifindex   4  __u32 attach_type   56  __u64 revision, which the kernel writes
 */
export function probeAttachType(attachType: number, target: number): Answer {
  const query = Buffer.alloc(64);
  query.writeInt32LE(target, 0);
  query.writeUInt32LE(attachType, 4);
  const result = bpf(BPF_PROG_QUERY, query);
  if (-result === Errno.EPERM || -result === Errno.ENOSYS) return 'unknown';
  return -result === Errno.EINVAL ? 'no' : 'yes';
}

/** `r0 = 1; exit`: NF_ACCEPT */
const ACCEPT = Buffer.from('b7000000010000009500000000000000', 'hex');

/** Loads the smallest netfilter program; libbpf before 1.2 has no probe for the kind. */
export function probeNetfilter(): Answer {
  const { libbpf, libc } = bindings();
  // struct bpf_prog_load_opts: 0 size_t sz, 12 enum bpf_attach_type expected_attach_type
  const opts = Buffer.alloc(16);
  opts.writeBigUInt64LE(BigInt(opts.length), 0);
  opts.writeUInt32LE(BPF_NETFILTER, 12);
  const program = libbpf.bpf_prog_load(
    BPF_PROG_TYPE_NETFILTER,
    'ecli_probe',
    'GPL',
    ACCEPT,
    ACCEPT.length / 8,
    opts,
  );
  if (program >= 0) libc.close(program);
  if (program >= 0) return 'yes';
  return -program === Errno.EINVAL ? 'no' : 'unknown';
}
