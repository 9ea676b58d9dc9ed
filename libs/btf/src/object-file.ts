import { Btf } from './btf.ts';
import { EM_BPF, ElfFile } from './elf-file.ts';
import { objectInvalid } from './object-invalid.ts';

/** A BPF object as clang makes it, not yet in the kernel. */
export interface ObjectFile {
  readonly elf: ElfFile;
  readonly btf: Btf;
}

/**
 * Reads a `.bpf.o`. Borrows `bytes`, which must not change.
 *
 * @throws OBJECT_INVALID for anything that isn't a BPF object of this machine's byte order with BTF
 */
export function parseObject(bytes: Uint8Array): ObjectFile {
  const elf = ElfFile.parse(bytes);
  if (elf.machine !== EM_BPF) {
    throw objectInvalid(`ELF: machine ${elf.machine} is not BPF (${EM_BPF})`, {
      hint: 'compile with clang -g -O2 -target bpf',
    });
  }
  const section = elf.section('.BTF');
  if (!section) {
    throw objectInvalid('ELF: the object has no BTF: section .BTF is missing', {
      hint: 'compile with clang -g; of strip programs, use only llvm-strip -g',
    });
  }
  return { elf, btf: Btf.parse(section.data) };
}
