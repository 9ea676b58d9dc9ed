import type { Answer } from '../features.ts';
import { bindings } from '../bindings.ts';
import { bpf, BPF_LINK_CREATE } from '../bpf-call.ts';
import { Errno } from '../errno.ts';
import { createOpts } from '../opts.ts';

/** linux/bpf.h */
const BPF_F_UPROBE_MULTI_RETURN = 1;
const BPF_PROG_TYPE_KPROBE = 2;

export interface UprobeMultiLink {
  /** A loaded program's. */
  readonly descriptor: number;
  readonly attachType: number;
  readonly binary: string;
  /** In the file. */
  readonly offsets: readonly number[];
  readonly atReturn: boolean;
  readonly pid?: number | undefined;
}

/**
 * Makes one link to many places of a file, as libbpf 1.3 does (BPF_LINK_CREATE, linux/bpf.h):
 *
 *      0  prog_fd     4  target_fd           8  attach_type    12  flags
 *     16  path       24  offsets            32  ref_ctr_offsets
 *     40  cookies    48  their number       52  flags          56  pid
 *
 * @returns the link's descriptor, or the negative errno
 */
export function createUprobeMultiLink({
  descriptor,
  attachType,
  binary,
  offsets,
  atReturn,
  pid = 0,
}: UprobeMultiLink): number {
  const { addressOf } = bindings();
  const path = Buffer.from(`${binary}\0`);
  const offsetArray = Buffer.from(BigUint64Array.from(offsets, BigInt).buffer);
  const attributes = Buffer.alloc(64);
  attributes.writeInt32LE(descriptor, 0);
  attributes.writeUInt32LE(attachType, 8);
  attributes.writeBigUInt64LE(BigInt(addressOf(path)), 16);
  attributes.writeBigUInt64LE(BigInt(addressOf(offsetArray)), 24);
  attributes.writeUInt32LE(offsets.length, 48);
  attributes.writeUInt32LE(atReturn ? BPF_F_UPROBE_MULTI_RETURN : 0, 52);
  attributes.writeUInt32LE(pid, 56);
  return bpf(BPF_LINK_CREATE, attributes);
}

/** `r0 = 0; exit` */
const RETURN_ZERO = Buffer.from('b7000000000000009500000000000000', 'hex');

/** Tries to attach to a folder: only a kernel that knows the attach type finds that it isn't a file. */
export function probeUprobeMulti(attachType: number): Answer {
  const { libbpf, libc } = bindings();
  // struct bpf_prog_load_opts: 0 size_t sz, 12 enum bpf_attach_type expected_attach_type
  const opts = createOpts(16);
  opts.writeUInt32LE(attachType, 12);
  const instructions = RETURN_ZERO.length / 8;
  const descriptor = libbpf.bpf_prog_load(
    BPF_PROG_TYPE_KPROBE,
    'ecli_probe',
    'GPL',
    RETURN_ZERO,
    instructions,
    opts,
  );
  if (descriptor < 0) return 'unknown';
  const result = createUprobeMultiLink({
    descriptor,
    attachType,
    binary: '/',
    offsets: [0],
    atReturn: false,
  });
  libc.close(descriptor);
  if (-result === Errno.EBADF) return 'yes';
  const refusals: readonly number[] = [Errno.EINVAL, Errno.EOPNOTSUPP];
  return refusals.includes(-result) ? 'no' : 'unknown';
}
