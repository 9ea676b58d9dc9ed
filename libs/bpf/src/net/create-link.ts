import { bpf, BPF_LINK_CREATE, words } from '../bpf-call.ts';

/**
 * Makes a BPF link of a loaded program by BPF_LINK_CREATE (linux/bpf.h), which libbpf 1.0 doesn't do for kinds
 * that came after it.
 *
 *     0  __u32 prog_fd   4  __u32 target_fd or target_ifindex   8  __u32 attach_type   12  __u32 flags   16  more
 *
 * @returns the link's descriptor, or the negative errno
 */
export function createLink(
  program: { readonly fd: number; readonly attachType: number },
  target: number,
  { flags = 0, more = [] }: { readonly flags?: number; readonly more?: readonly number[] } = {},
): number {
  return bpf(BPF_LINK_CREATE, words(program.fd, target, program.attachType, flags, ...more));
}
