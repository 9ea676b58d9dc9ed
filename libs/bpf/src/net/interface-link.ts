import { Errno } from '../errno.ts';
import type { Link } from '../link.ts';
import type { BpfProgram } from '../program.ts';
import { sectionKind } from '../section-kind.ts';
import { createLink } from './create-link.ts';
import { networkAttachError, type Reason } from './network-attach-error.ts';
import type { NetworkInterface } from './network-interface.ts';
import { inNetworkNamespace } from './network-namespace.ts';
import { PlaceLink } from './place-link.ts';

/**
 * Attaches a program of tcx or netkit, whose section says the direction, behind those that an interface has
 * already, by a link. `namespace` is a path; the process's own without it.
 *
 * @throws ATTACH_FAILED, PERMISSION_DENIED, FEATURE_UNSUPPORTED
 */
export function attachToInterface(program: BpfProgram, at: NetworkInterface, namespace?: string): Link {
  const result = inNetworkNamespace(namespace, () => createLink(program, at.index));
  if (result >= 0) return new PlaceLink(result);
  const { feature } = sectionKind(program.section);
  throw networkAttachError({ program, where: at.name, result, feature, reason: reasonOf(at, -result) });
}

/** drivers/net/netkit.c, netkit_dev_fetch */
function reasonOf({ name }: NetworkInterface, errno: number): Reason | undefined {
  if (errno === Errno.ENXIO) {
    return { message: `it is no netkit device`, hint: `ip -d link show dev ${name} tells what it is` };
  }
  if (errno !== Errno.EACCES) return undefined;
  return { message: 'it is the peer of a netkit device', hint: 'the primary device takes both programs' };
}
