import { ElfFile, type ElfSymbol, SectionType, SymbolType } from '@ecli/btf';
import { readFileSync } from 'node:fs';

/** A function of a program or library. */
export interface BinaryFunction {
  readonly name: string;
  /** Of its first byte in the file, which is what uprobes go by. */
  readonly offset: number;
}

/** A place that a program's author marked for tracing. */
export interface StaticTracepoint {
  readonly provider: string;
  readonly name: string;
}

/**
 * Lists the functions that a file's symbol tables name.
 *
 * @throws OBJECT_INVALID for a file that isn't ELF of this machine; what reading a file may throw
 */
export function binaryFunctions(path: string): BinaryFunction[] {
  const elf = ElfFile.parse(readFileSync(path));
  const tables = elf.sections.filter(
    ({ type }) => type === SectionType.SYMTAB || type === SectionType.DYNSYM,
  );
  return tables.flatMap((table) => elf.symbolsOf(table)).flatMap((symbol) => functionOf(symbol, elf));
}

function functionOf({ name, type, section, value }: ElfSymbol, { sections }: ElfFile): BinaryFunction[] {
  const home = section === 0 ? undefined : sections[section];
  if (!home || name === '' || type !== SymbolType.FUNC) return [];
  return [{ name, offset: value - home.address + home.offset }];
}

/** Notes that systemtap's sys/sdt.h makes: https://sourceware.org/systemtap/wiki/UserSpaceProbeImplementation */
const NOTES = '.note.stapsdt';
const NOTE_HEADER_BYTES = 12;
const ADDRESS_BYTES = 24;

/** Lists the static tracepoints (USDT) of a file. @throws OBJECT_INVALID */
export function staticTracepoints(path: string): StaticTracepoint[] {
  const notes = ElfFile.parse(readFileSync(path)).section(NOTES);
  return notes ? parseNotes(notes.data) : [];
}

/** Reads the notes of a section; one that reaches past the end is read as far as it goes. */
export function parseNotes(notes: Uint8Array): StaticTracepoint[] {
  const view = Buffer.from(notes.buffer, notes.byteOffset, notes.byteLength);
  const found: StaticTracepoint[] = [];
  for (let at = 0; at + NOTE_HEADER_BYTES <= view.length;) {
    // Elf64_Nhdr:  0 name's size   4 description's size   8 type; both are padded to four bytes
    const descriptionAt = at + NOTE_HEADER_BYTES + padded(view.readUInt32LE(at));
    const size = view.readUInt32LE(at + 4);
    // three addresses (the place, .stapsdt.base, a counter), then provider, name and arguments
    const text = view.toString('latin1', descriptionAt + ADDRESS_BYTES, descriptionAt + size);
    const [provider = '', name = ''] = text.split('\0');
    found.push({ provider, name });
    at = descriptionAt + padded(size);
  }
  return found;
}

function padded(bytes: number): number {
  return Math.ceil(bytes / 4) * 4;
}
