import { printable } from '@ecli/core';
import { LITTLE_ENDIAN } from './byte-order.ts';
import { objectInvalid } from './object-invalid.ts';
import { StringTable } from './string-table.ts';

/**
 * Layouts, constants and their meaning: System V ABI, chapters "Object Files" and "ELF-64 Object File Format",
 * elf(5), linux/include/uapi/linux/elf.h.
 */
const HEADER_BYTES = 64;
const SECTION_BYTES = 64;
const SYMBOL_BYTES = 24;
const REL_BYTES = 16;
const RELA_BYTES = 24;
/** Section indexes from here on have a meaning of their own (SHN_LORESERVE); 0xffff: the index is elsewhere. */
const SHN_XINDEX = 0xffff;

/** Section types, `sh_type`. */
export const SectionType = {
  PROGBITS: 1,
  SYMTAB: 2,
  STRTAB: 3,
  RELA: 4,
  NOTE: 7,
  NOBITS: 8,
  REL: 9,
  DYNSYM: 11,
} as const;

/** Section flags, `sh_flags`. */
export const SectionFlag = { WRITE: 1, ALLOC: 2, EXECINSTR: 4 } as const;

/** Symbol types, `st_info & 15`. */
export const SymbolType = { NOTYPE: 0, OBJECT: 1, FUNC: 2, SECTION: 3, FILE: 4 } as const;

/** Symbol bindings, `st_info >> 4`. */
export const SymbolBinding = { LOCAL: 0, GLOBAL: 1, WEAK: 2 } as const;

/** `e_machine` of BPF objects. */
export const EM_BPF = 247;

export interface ElfSection {
  readonly index: number;
  readonly name: string;
  readonly type: number;
  readonly flags: number;
  /** Where it is to be in memory, less what a position-independent file is moved by; 0 in an object file. */
  readonly address: number;
  /** In the file. */
  readonly offset: number;
  /** Bytes in memory; a NOBITS section has no `data`, and its size may be anything. */
  readonly size: number;
  /** Borrowed from the file. */
  readonly data: Uint8Array;
  /** Index of a related section: a symbol table's strings, a relocation section's symbols. */
  readonly link: number;
  /** For relocations: index of the section that they change. */
  readonly info: number;
}

export interface ElfSymbol {
  readonly index: number;
  readonly name: string;
  readonly type: number;
  readonly binding: number;
  /** Index of the section that defines it; 0 when undefined, from 0xff00 on reserved (0xfff1: absolute). */
  readonly section: number;
  /** In an object file: offset in the section; in a program or library: its address. */
  readonly value: number;
  readonly size: number;
}

export interface ElfRelocation {
  /** In the section that the relocations change. */
  readonly offset: number;
  readonly type: number;
  /** Index of a symbol. */
  readonly symbol: number;
  /** Undefined for REL sections: the addend is in the place that is changed. */
  readonly addend: number | undefined;
}

/** A 64-bit ELF file of this machine's byte order. Sections are read at once, symbols when asked for. */
export class ElfFile {
  private symbolsRead: readonly ElfSymbol[] | undefined;

  private constructor(
    /** `e_machine`; EM_BPF for objects with BPF programs. */
    readonly machine: number,
    /** By index; the first is the null section. */
    readonly sections: readonly ElfSection[],
  ) {}

  /** Borrows `bytes`, which must not change. @throws OBJECT_INVALID */
  static parse(bytes: Uint8Array): ElfFile {
    refuseForeign(bytes);
    const view = viewOf(bytes);
    return new ElfFile(view.getUint16(18, LITTLE_ENDIAN), readSections(bytes, view));
  }

  /** Finds the first section of this name. */
  section(name: string): ElfSection | undefined {
    return this.sections.find((section) => section.name === name);
  }

  /** The symbol table (not the dynamic one), by index; empty for a stripped file. @throws OBJECT_INVALID */
  get symbols(): readonly ElfSymbol[] {
    const table = this.sections.find(({ type }) => type === SectionType.SYMTAB);
    this.symbolsRead ??= table ? this.symbolsOf(table) : [];
    return this.symbolsRead;
  }

  /** Reads a symbol table, such as the dynamic one (`DYNSYM`), by index. @throws OBJECT_INVALID */
  symbolsOf(table: ElfSection): readonly ElfSymbol[] {
    const strings = this.sections[table.link];
    if (strings?.type !== SectionType.STRTAB) {
      throw objectInvalid(`ELF: symbol table ${printable(table.name)} has no string table`);
    }
    const names = new StringTable(strings.data, `ELF section ${printable(strings.name)}`);
    const view = viewOf(table.data);
    return records(table, SYMBOL_BYTES, (at, index) => readSymbol(view, at, index, names));
  }

  /** Reads the relocations that change `section`. @throws OBJECT_INVALID */
  relocations(section: ElfSection): readonly ElfRelocation[] {
    return this.sections
      .filter(({ type, info }) => isRelocation(type) && info === section.index)
      .flatMap((relocations) => readRelocations(relocations));
  }
}

function refuseForeign(bytes: Uint8Array): void {
  const [m0, m1, m2, m3, width, order] = bytes;
  if (m0 !== 0x7f || m1 !== 0x45 || m2 !== 0x4c || m3 !== 0x46) {
    throw objectInvalid('ELF: the file is not ELF: it does not begin with its magic');
  }
  if (width === 1) {
    throw objectInvalid('ELF: the file is 32-bit', {
      hint: 'BPF objects are 64-bit: compile with -target bpf',
    });
  }
  if (order === (LITTLE_ENDIAN ? 2 : 1)) {
    throw objectInvalid(`ELF: the file is ${LITTLE_ENDIAN ? 'big' : 'little'}-endian, this machine is not`, {
      hint: `compile with -target ${LITTLE_ENDIAN ? 'bpfel' : 'bpfeb'}`,
    });
  }
  if (bytes.byteLength < HEADER_BYTES) {
    throw objectInvalid(`ELF: truncated: ${bytes.byteLength} bytes are too few for its header`);
  }
  if (width !== 2 || order !== (LITTLE_ENDIAN ? 1 : 2)) {
    throw objectInvalid(`ELF: class ${width} with byte order ${order} is unknown`);
  }
}

function readSections(bytes: Uint8Array, view: DataView): ElfSection[] {
  const start = word(view, 40);
  const recordBytes = view.getUint16(58, LITTLE_ENDIAN);
  if (start === 0) return [];
  if (recordBytes !== SECTION_BYTES) throw objectInvalid(`ELF: section headers of ${recordBytes} bytes`);
  if (start + SECTION_BYTES > bytes.byteLength)
    throw truncated('its section headers', start, SECTION_BYTES, bytes);
  // With 0xff00 sections or more, the first header holds what the file's header has no room for.
  const count = view.getUint16(60, LITTLE_ENDIAN) || word(view, start + 32);
  if (start + count * SECTION_BYTES > bytes.byteLength) {
    throw truncated(`${count} section headers`, start, count * SECTION_BYTES, bytes);
  }
  const sections = Array.from({ length: count }, (_, index) =>
    readSection(bytes, view, start + index * SECTION_BYTES, index),
  );
  const namesIndex = view.getUint16(62, LITTLE_ENDIAN);
  return named(sections, namesIndex === SHN_XINDEX ? view.getUint32(start + 40, LITTLE_ENDIAN) : namesIndex);
}

type UnnamedSection = Omit<ElfSection, 'name'> & { readonly nameOffset: number };

function readSection(bytes: Uint8Array, view: DataView, at: number, index: number): UnnamedSection {
  const type = view.getUint32(at + 4, LITTLE_ENDIAN);
  const offset = word(view, at + 24);
  const size = word(view, at + 32);
  const hasData = index !== 0 && type !== SectionType.NOBITS;
  if (hasData && offset + size > bytes.byteLength) throw truncated(`section ${index}`, offset, size, bytes);
  return {
    index,
    nameOffset: view.getUint32(at, LITTLE_ENDIAN),
    type,
    flags: word(view, at + 8),
    address: word(view, at + 16),
    offset,
    size,
    data: hasData ? bytes.subarray(offset, offset + size) : bytes.subarray(0, 0),
    link: view.getUint32(at + 40, LITTLE_ENDIAN),
    info: view.getUint32(at + 44, LITTLE_ENDIAN),
  };
}

function named(sections: readonly UnnamedSection[], namesIndex: number): ElfSection[] {
  const strings = sections[namesIndex];
  if (strings?.type !== SectionType.STRTAB) {
    throw objectInvalid(`ELF: section ${namesIndex} should hold the sections' names`);
  }
  const names = new StringTable(strings.data, `ELF section ${namesIndex}`);
  return sections.map(({ nameOffset, ...section }) => ({ ...section, name: names.get(nameOffset) }));
}

function readSymbol(view: DataView, at: number, index: number, names: StringTable): ElfSymbol {
  const info = view.getUint8(at + 4);
  return {
    index,
    name: names.get(view.getUint32(at, LITTLE_ENDIAN)),
    type: info & 0xf,
    binding: info >>> 4,
    section: view.getUint16(at + 6, LITTLE_ENDIAN),
    value: word(view, at + 8),
    size: word(view, at + 16),
  };
}

function isRelocation(type: number): boolean {
  return type === SectionType.REL || type === SectionType.RELA;
}

function readRelocations(section: ElfSection): ElfRelocation[] {
  const view = viewOf(section.data);
  const withAddend = section.type === SectionType.RELA;
  return records(section, withAddend ? RELA_BYTES : REL_BYTES, (at) => {
    const info = view.getBigUint64(at + 8, LITTLE_ENDIAN);
    return {
      offset: word(view, at),
      type: Number(info & 0xffff_ffffn),
      symbol: Number(info >> 32n),
      addend: withAddend ? Number(view.getBigInt64(at + 16, LITTLE_ENDIAN)) : undefined,
    };
  });
}

function records<R>(section: ElfSection, bytes: number, read: (at: number, index: number) => R): R[] {
  const { data, name } = section;
  if (data.byteLength % bytes !== 0) {
    throw objectInvalid(
      `ELF section ${printable(name)}: ${data.byteLength} bytes are not whole records of ${bytes}`,
    );
  }
  return Array.from({ length: data.byteLength / bytes }, (_, index) => read(index * bytes, index));
}

/** A 64-bit word as a number. What lies beyond 2^53 loses digits but stays too large for any check it meets. */
function word(view: DataView, at: number): number {
  return Number(view.getBigUint64(at, LITTLE_ENDIAN));
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function truncated(what: string, offset: number, size: number, bytes: Uint8Array): Error {
  return objectInvalid(
    `ELF: truncated: ${what}: ${size} bytes at ${offset}, and the file has ${bytes.byteLength}`,
  );
}
