import { Errno } from '../errno.ts';
import type { Link } from '../link.ts';
import type { BpfProgram } from '../program.ts';
import { createLink } from './create-link.ts';
import { networkAttachError, type Reason } from './network-attach-error.ts';
import { inNetworkNamespace } from './network-namespace.ts';
import { PlaceLink } from './place-link.ts';

/**
 * Attaches an sk_lookup or flow_dissector program to a network namespace by a link. `path` is the namespace's; the
 * process's own without it.
 *
 * @throws ATTACH_FAILED, PERMISSION_DENIED, ARGUMENT_INVALID when there's no namespace
 */
export function attachToNamespace(program: BpfProgram, path?: string): Link {
  const result = inNetworkNamespace(path, ({ descriptor }) => createLink(program, descriptor));
  if (result >= 0) return new PlaceLink(result);
  const where = path === undefined ? 'the network namespace of ecli' : `network namespace ${path}`;
  throw networkAttachError({ program, where, result, reason: reasonOf(program, -result) });
}

/** kernel/bpf/net_namespace.c; net/core/flow_dissector.c, flow_dissector_bpf_prog_attach_check */
function reasonOf({ section }: BpfProgram, errno: number): Reason | undefined {
  if (errno === Errno.EINVAL) {
    return {
      message: 'this kernel has no such links',
      hint: 'they take Linux 5.8 for flow_dissector and 5.9 for sk_lookup, built with CONFIG_BPF_SYSCALL and CONFIG_INET',
    };
  }
  if (section === 'sk_lookup') {
    return errno === Errno.E2BIG
      ? { message: 'it has 64 sk_lookup programs, which is the most it takes' }
      : undefined;
  }
  if (![Errno.E2BIG, Errno.EEXIST, Errno.EBUSY].includes(errno)) return undefined;
  return {
    message: 'it has a flow dissector already, or the first namespace has one, which counts for all',
    hint: 'bpftool net show lists it, in the namespace that has it',
  };
}
