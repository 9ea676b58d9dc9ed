import { EcliError, printable } from '@ecli/core';
import { bindings } from '../bindings.ts';
import { DescriptorLink } from '../descriptor-link.ts';
import { errnoName } from '../errno.ts';
import { describe, didYouMean } from '../failures.ts';
import type { BpfProgram } from '../program.ts';
import { nearTargets } from './near-targets.ts';

/**
 * Says before load to which function of the kernel a typed program (fentry, tp_btf, lsm …) is to be attached, in
 * place of the one in its section.
 *
 * @throws ATTACH_FAILED with near names
 */
export function setKernelTarget(program: BpfProgram, name: string, section: string): void {
  const heard = program.listen((pointer) =>
    bindings().libbpf.bpf_program__set_attach_target(pointer, 0, name),
  );
  if (heard.value >= 0) return;
  const subject = describe({ name: program.name, section });
  throw new EcliError('ATTACH_FAILED', `${subject}: this kernel has no ${printable(name)} to attach to`, {
    ...didYouMean(nearTargets(section)),
    details: heard.details,
  });
}

/**
 * Says before load to which function of another BPF program, that is in the kernel, a program is to be attached;
 * a `freplace` program takes its place.
 *
 * @throws ATTACH_FAILED where there's no such program or function
 */
export function setProgramTarget(program: BpfProgram, id: number, name: string, section: string): void {
  const { libbpf } = bindings();
  const subject = describe({ name: program.name, section });
  const descriptor = libbpf.bpf_prog_get_fd_by_id(id);
  if (descriptor < 0) {
    throw new EcliError(
      'ATTACH_FAILED',
      `${subject}: there is no BPF program ${id}: ${errnoName(descriptor)}`,
      {
        hint: 'bpftool prog show lists them',
      },
    );
  }
  // libbpf keeps the number until it loads the program.
  program.own(new DescriptorLink(descriptor));
  const heard = program.listen((pointer) => libbpf.bpf_program__set_attach_target(pointer, descriptor, name));
  if (heard.value >= 0) return;
  throw new EcliError('ATTACH_FAILED', `${subject}: BPF program ${id} has no function ${printable(name)}`, {
    hint: `its functions must be global and it must have BTF: bpftool prog dump xlated id ${id}`,
    details: heard.details,
  });
}
