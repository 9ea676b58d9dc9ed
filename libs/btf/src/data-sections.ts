import { printable } from '@ecli/core';
import type { Btf } from './btf.ts';
import { type ElfFile, type ElfSection, SectionType, SymbolBinding } from './elf-file.ts';
import type { ObjectFile } from './object-file.ts';
import { objectInvalid } from './object-invalid.ts';

/** A section of global variables, which becomes a map of one value when the object is opened. */
export interface DataSectionLayout {
  /** `.rodata`, `.data`, `.bss`, `.data.NAME`, … */
  readonly name: string;
  /** Bytes; the size of the map's value. */
  readonly size: number;
  /** What the variables hold at first, borrowed from the object; empty for `.bss`, which is all zeros. */
  readonly data: Uint8Array;
  /** In order of offset; string literals and other data without a name in C are not among them. */
  readonly variables: readonly VariableLayout[];
}

export interface VariableLayout {
  readonly name: string;
  /** Id of the variable's type (not of the BTF variable). */
  readonly type: number;
  /** Bytes from the start of the section. */
  readonly offset: number;
  readonly size: number;
}

/** What libbpf makes maps of (`bpf_object__elf_collect` in libbpf.c): these, and with a dot and more after them. */
const DATA_SECTIONS = ['.data', '.rodata', '.bss'];
/** A map's value size is a `__u32`. */
const MOST_BYTES = 0xffff_ffff;
/** Each becomes a map, and each is looked for among all types and symbols. Programs have three or four. */
const MOST_SECTIONS = 256;
/** `linkage` of a BTF variable: BTF_VAR_STATIC. */
const STATIC = 0;

/**
 * Lists the data sections in the file's order, with each variable's true offset: clang leaves sizes and
 * offsets of global variables 0 in BTF, and the symbol table has them.
 *
 * @throws OBJECT_INVALID when BTF and ELF disagree
 */
export function dataSections({ elf, btf }: ObjectFile): DataSectionLayout[] {
  const sections = elf.sections.filter(isDataSection);
  checkNames(sections);
  return sections.map((section) => {
    if (section.size > MOST_BYTES)
      throw unsound(section, `${section.size} bytes are more than a map can hold`);
    const { name, size, data } = section;
    return { name, size, data, variables: variablesOf(section, elf, btf) };
  });
}

/** Tells by its name whether a section holds global variables, as libbpf does. */
export function isDataSectionName(name: string): boolean {
  return DATA_SECTIONS.some((known) => name === known || name.startsWith(`${known}.`));
}

function isDataSection({ name, type, size }: ElfSection): boolean {
  const holdsData = type === SectionType.PROGBITS || type === SectionType.NOBITS;
  return holdsData && size > 0 && isDataSectionName(name);
}

/** Two of one name would have the same variables, and libbpf finds only one of their maps. */
function checkNames(sections: readonly ElfSection[]): void {
  if (sections.length > MOST_SECTIONS) {
    throw objectInvalid(`ELF: ${sections.length} sections of data are more than ${MOST_SECTIONS}`);
  }
  const names = new Set<string>();
  for (const section of sections) {
    if (names.has(section.name)) throw unsound(section, 'there are two of this name');
    names.add(section.name);
  }
}

function variablesOf(section: ElfSection, elf: ElfFile, btf: Btf): VariableLayout[] {
  const described = btf.find('data_section', section.name);
  if (!described) return [];
  const offsets = globalOffsets(section, elf);
  const variables = described.variables.map(({ type: id, offset, size }) => {
    const variable = btf.type(id);
    if (variable.kind !== 'variable') throw unsound(section, `BTF type ${id} is not a variable`);
    const { name, type, linkage } = variable;
    return { name, type, offset: linkage === STATIC ? offset : (offsets.get(name) ?? offset), size };
  });
  for (const variable of variables) checkVariable(variable, section, btf);
  return variables.sort((a, b) => a.offset - b.offset);
}

/** Offsets of static variables are complete in BTF, and their names need not be unique. */
function globalOffsets(section: ElfSection, elf: ElfFile): ReadonlyMap<string, number> {
  return new Map(
    elf.symbols
      .filter((symbol) => symbol.section === section.index && symbol.binding !== SymbolBinding.LOCAL)
      .map(({ name, value }) => [name, value]),
  );
}

function checkVariable({ name, type, offset, size }: VariableLayout, section: ElfSection, btf: Btf): void {
  const typeSize = btf.sizeOf(type);
  if (typeSize > size) {
    throw unsound(section, `${printable(name)} takes ${size} bytes, and its type takes ${typeSize}`);
  }
  if (offset + size > section.size) {
    throw unsound(section, `${printable(name)} ends at ${offset + size}, and the section at ${section.size}`);
  }
}

function unsound(section: ElfSection, problem: string): Error {
  return objectInvalid(`section ${printable(section.name)}: ${problem}`);
}
