import { EcliError, printable } from '@ecli/core';
import { release } from 'node:os';
import { bindings } from '../bindings.ts';
import { bpf, BPF_LINK_CREATE, words } from '../bpf-call.ts';
import { DescriptorLink } from '../descriptor-link.ts';
import { Errno, errnoName } from '../errno.ts';
import { featureMissing, outOfResources } from '../failures.ts';
import { BpfLink, type Link } from '../link.ts';
import type { BpfMap } from '../map.ts';
import type { Heard } from '../messages.ts';
import { permissionDenied } from '../privileges.ts';

/** linux/bpf.h */
const BPF_F_LINK = 1 << 13;
const BPF_STRUCT_OPS = 44;

/** The first kernel that holds a registration by a link. */
const LINKS_SINCE = [6, 4] as const;

/**
 * Says before load that a struct_ops map is to be registered by a link, which the kernel undoes when this process
 * ends, however it does. Without one, a registration outlives a crash; kernels before 6.4 have no other.
 */
export function prepareStructOps(map: BpfMap): void {
  if (!hasStructOpsLinks(release())) return;
  const { libbpf } = bindings();
  map.call((pointer) =>
    libbpf.bpf_map__set_map_flags(pointer, libbpf.bpf_map__map_flags(pointer) | BPF_F_LINK),
  );
}

/** Whether a kernel of this release has them; one that got them from a later one just does without. */
export function hasStructOpsLinks(kernelRelease: string): boolean {
  const [major = 0, minor = 0] = kernelRelease.split(/[.-]/).map(Number);
  return major > LINKS_SINCE[0] || (major === LINKS_SINCE[0] && minor >= LINKS_SINCE[1]);
}

/**
 * Registers the functions of a struct_ops map with the part of the kernel that calls them. The caller destroys the
 * link before it closes the map's object.
 *
 * @throws ATTACH_FAILED, PERMISSION_DENIED, FEATURE_UNSUPPORTED
 */
export function registerStructOps(map: BpfMap, listen: <T>(call: () => T) => Heard<T>): Link {
  const { libbpf } = bindings();
  const heard = listen(() => map.call((pointer) => libbpf.bpf_map__attach_struct_ops(pointer)));
  if (heard.value < 0) throw registerError(map, heard.value, heard.details);
  const update = new BpfLink(heard.value);
  // libbpf before 1.2 knows no links of struct_ops: what it made is the map itself, ready to be linked.
  if (!isLinked(map) || update.descriptor !== map.fd) return update;
  const descriptor = bpf(BPF_LINK_CREATE, words(map.fd, 0, BPF_STRUCT_OPS, 0));
  update.destroy();
  if (descriptor < 0) throw registerError(map, descriptor, '');
  return new DescriptorLink(descriptor);
}

function isLinked(map: BpfMap): boolean {
  const { libbpf } = bindings();
  return (map.call((pointer) => libbpf.bpf_map__map_flags(pointer)) & BPF_F_LINK) !== 0;
}

function registerError({ name }: BpfMap, result: number, details: string): EcliError {
  const subject = `struct_ops map ${printable(name)}`;
  if (-result === Errno.EEXIST) {
    return new EcliError(
      'ATTACH_FAILED',
      `${subject}: the kernel has something of its name registered already`,
      {
        hint: 'bpftool struct_ops show lists what BPF programs have registered',
        details,
      },
    );
  }
  if (-result === Errno.EOPNOTSUPP || -result === Errno.ENOTSUPP) {
    return featureMissing(subject, 'struct_ops', { details });
  }
  if (-result === Errno.EPERM || -result === Errno.EACCES) {
    return permissionDenied('attaching', name, ['struct_ops'], details);
  }
  return (
    outOfResources(subject, result, details) ??
    new EcliError('ATTACH_FAILED', `${subject}: can't be registered: ${errnoName(result)}`, { details })
  );
}
