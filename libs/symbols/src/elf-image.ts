import type { ByteSource } from './byte-source.ts';
import { SymbolCollector, type SymbolTable } from './symbol-table.ts';

/**
 * What of an executable or a library matters for names. Layouts and constants: elf(5),
 * linux/include/uapi/linux/elf.h. libs/btf reads whole objects at once and says what is wrong with them; here a
 * file may have gigabytes, only pieces of it are read, and what doesn't hold is as if it weren't there.
 */
const HEADER_BYTES = 64;
const SEGMENT_BYTES = 56;
const SECTION_BYTES = 64;
const SYMBOL_BYTES = 24;

const PT_LOAD = 1;
const PF_X = 1;
const SHT_SYMTAB = 2;
const SHT_NOTE = 7;
const SHT_NOBITS = 8;
const SHT_DYNSYM = 11;
const SHF_EXECINSTR = 4;
const SHF_COMPRESSED = 0x800;
const NT_GNU_BUILD_ID = 3;
const STT_NOTYPE = 0;
const STT_FUNC = 2;
const STT_GNU_IFUNC = 10;
const SHN_LORESERVE = 0xff00;

/** Bounds of what is read of one file: Chrome's symbols with their names are 200 MB. */
const MOST_SEGMENTS = 4096;
const MOST_SECTIONS = 65_536;
const MOST_SYMBOL_BYTES = 96 << 20;
const MOST_NAME_BYTES = 256 << 20;
const MOST_SECTION_BYTES = 32 << 20;
/** Of all notes together: each is looked through, and 65,536 sections could all be the same 32 MiB. */
const MOST_NOTE_BYTES = 4 << 20;

export interface DebugLink {
  /** Without a folder. */
  readonly name: string;
  /** CRC-32 of the file it names. */
  readonly crc: number;
}

interface Segment {
  readonly executable: boolean;
  readonly fileOffset: number;
  readonly address: number;
  readonly fileSize: number;
}

interface Section {
  readonly nameOffset: number;
  readonly type: number;
  readonly flags: number;
  readonly offset: number;
  readonly size: number;
  readonly link: number;
}

/** A 64-bit little-endian ELF file, of which only the headers are read at once. */
export class ElfImage {
  private constructor(
    private readonly source: ByteSource,
    private readonly segments: readonly Segment[],
    private readonly sections: readonly Section[],
    private readonly sectionNames: Buffer,
  ) {}

  /** Borrows `source`. Undefined for what is not such a file, or a broken one. */
  static open(source: ByteSource): ElfImage | undefined {
    return attempt(() => {
      const header = source.read(0, HEADER_BYTES);
      if (header.toString('latin1', 0, 4) !== '\x7fELF' || header[4] !== 2 || header[5] !== BYTE_ORDER)
        return undefined;
      const sections = attempt(() => readSections(source, header)) ?? [];
      const names = sections[header.readUInt16LE(62)];
      return new ElfImage(
        source,
        readSegments(source, header),
        sections,
        (names && attempt(() => readAll(source, names, MOST_SECTION_BYTES))) ?? Buffer.alloc(0),
      );
    });
  }

  /** The address that the byte at `fileOffset` of the file is linked for. Undefined outside all that is loaded. */
  addressOf(fileOffset: number): number | undefined {
    const holds = (segment: Segment) =>
      fileOffset >= segment.fileOffset && fileOffset < segment.fileOffset + segment.fileSize;
    // Neighbours share the page where one ends and the other begins.
    const segment = this.segments.find((one) => one.executable && holds(one)) ?? this.segments.find(holds);
    return segment && fileOffset - segment.fileOffset + segment.address;
  }

  /** The GNU build id, in hexadecimal. */
  get buildId(): string | undefined {
    let left = MOST_NOTE_BYTES;
    for (const section of this.sections) {
      if (section.type !== SHT_NOTE || section.size > left) continue;
      left -= section.size;
      const id = attempt(() => findBuildId(readAll(this.source, section, MOST_NOTE_BYTES)));
      if (id !== undefined) return id;
    }
    return undefined;
  }

  /** The separate debug file that `.gnu_debuglink` names. */
  get debugLink(): DebugLink | undefined {
    const content = this.content('.gnu_debuglink');
    return content && parseDebugLink(content);
  }

  /** The content of `.gnu_debugdata`: an ELF file with symbols alone, compressed by xz. */
  get miniDebugInfo(): Buffer | undefined {
    return this.content('.gnu_debugdata');
  }

  /** Functions of `.symtab`. Undefined when it has been stripped off. */
  symbols(): SymbolTable | undefined {
    return this.table(SHT_SYMTAB);
  }

  /** Functions of `.dynsym`: those that other files may call. */
  dynamicSymbols(): SymbolTable | undefined {
    return this.table(SHT_DYNSYM);
  }

  private content(name: string): Buffer | undefined {
    const section = this.sections.find((one) => isNamed(this.sectionNames, one.nameOffset, name));
    if (!section || section.type === SHT_NOBITS || section.flags & SHF_COMPRESSED) return undefined;
    return attempt(() => readAll(this.source, section, MOST_SECTION_BYTES));
  }

  private table(type: number): SymbolTable | undefined {
    const section = this.sections.find((one) => one.type === type);
    const strings = section && this.sections[section.link];
    if (!section || !strings) return undefined;
    return attempt(() => {
      const bytes = readAll(this.source, section, MOST_SYMBOL_BYTES);
      const names = readAll(this.source, strings, MOST_NAME_BYTES);
      return this.functions(bytes, names);
    });
  }

  private functions(bytes: Buffer, names: Buffer): SymbolTable {
    const count = Math.floor(bytes.length / SYMBOL_BYTES);
    const collector = new SymbolCollector(count);
    for (let at = 0; at < count * SYMBOL_BYTES; at += SYMBOL_BYTES) {
      const nameStart = bytes.readUInt32LE(at);
      const info = bytes[at + 4] ?? 0;
      const type = info & 0xf;
      if (!this.isCode(type, bytes.readUInt16LE(at + 6)) || isLabel(names, nameStart)) continue;
      const address = word(bytes, at + 8);
      if (address === 0 || !Number.isSafeInteger(address)) continue;
      const size = word(bytes, at + 16);
      collector.add(address, size, nameStart, rankOf(type, info >>> 4, size));
    }
    return collector.finish(names, 0);
  }

  /** Whether a symbol names something that runs: a function, or a label without a type that stands in code. */
  private isCode(type: number, index: number): boolean {
    if (index === 0 || index >= SHN_LORESERVE) return false;
    if (type === STT_FUNC || type === STT_GNU_IFUNC) return true;
    return type === STT_NOTYPE && ((this.sections[index]?.flags ?? 0) & SHF_EXECINSTR) !== 0;
  }
}

/** ELFDATA2LSB: the one byte order of the machines that ecli knows. */
const BYTE_ORDER = 1;

/** Functions with a size first, then global names (1) before weak (2) before local ones (0). */
function rankOf(type: number, binding: number, size: number): number {
  return (size > 0 ? 8 : 0) + (type === STT_NOTYPE ? 0 : 4) + (binding === 0 ? 0 : binding === 1 ? 2 : 1);
}

/** Nameless ones, those that assemblers make (`.L…`), and ARM's marks of code and data (`$x`). */
function isLabel(names: Buffer, at: number): boolean {
  const first = names[at];
  return first === undefined || first === 0 || first === 0x24 || (first === 0x2e && names[at + 1] === 0x4c);
}

function readSegments(source: ByteSource, header: Buffer): Segment[] {
  const count = Math.min(header.readUInt16LE(56), MOST_SEGMENTS);
  if (count === 0 || header.readUInt16LE(54) !== SEGMENT_BYTES) return [];
  const bytes = source.read(word(header, 32), count * SEGMENT_BYTES);
  const segments: Segment[] = [];
  for (let at = 0; at < bytes.length; at += SEGMENT_BYTES) {
    if (bytes.readUInt32LE(at) !== PT_LOAD) continue;
    segments.push({
      executable: (bytes.readUInt32LE(at + 4) & PF_X) !== 0,
      fileOffset: word(bytes, at + 8),
      address: word(bytes, at + 16),
      fileSize: word(bytes, at + 32),
    });
  }
  return segments;
}

function readSections(source: ByteSource, header: Buffer): Section[] {
  const start = word(header, 40);
  if (start === 0 || header.readUInt16LE(58) !== SECTION_BYTES) return [];
  // With 0xff00 sections or more, the first one's size is their number.
  const count = header.readUInt16LE(60) || word(source.read(start, SECTION_BYTES), 32);
  const bytes = source.read(start, Math.min(count, MOST_SECTIONS) * SECTION_BYTES);
  const sections: Section[] = [];
  for (let at = 0; at < bytes.length; at += SECTION_BYTES) {
    sections.push({
      nameOffset: bytes.readUInt32LE(at),
      type: bytes.readUInt32LE(at + 4),
      flags: word(bytes, at + 8) % 2 ** 31,
      offset: word(bytes, at + 24),
      size: word(bytes, at + 32),
      link: bytes.readUInt32LE(at + 40),
    });
  }
  return sections;
}

function readAll(source: ByteSource, { offset, size, type }: Section, most: number): Buffer {
  if (type === SHT_NOBITS || size > most) throw new RangeError(`a section of ${size} bytes`);
  return source.read(offset, size);
}

/** Finds the build id among notes: `nameSize descSize type name desc`, the last two padded to four bytes. */
export function findBuildId(notes: Buffer): string | undefined {
  for (let at = 0; at + 12 <= notes.length;) {
    const nameSize = notes.readUInt32LE(at);
    const size = notes.readUInt32LE(at + 4);
    const content = at + 12 + padded(nameSize);
    if (content + size > notes.length) return undefined;
    const isGnu = nameSize === 4 && notes.toString('latin1', at + 12, at + 16) === 'GNU\0';
    if (isGnu && notes.readUInt32LE(at + 8) === NT_GNU_BUILD_ID && size >= 2 && size <= 64)
      return notes.toString('hex', content, content + size);
    at = content + padded(size);
  }
  return undefined;
}

/** Reads `.gnu_debuglink`: a file's name, ended by a NUL and padded to four bytes, and its CRC-32. */
export function parseDebugLink(content: Buffer): DebugLink | undefined {
  const end = content.indexOf(0);
  if (end <= 0) return undefined;
  const crcAt = padded(end + 1);
  const name = content.toString('utf8', 0, end);
  if (crcAt + 4 > content.length || name.includes('/') || name === '.' || name === '..') return undefined;
  return { name, crc: content.readUInt32LE(crcAt) };
}

function padded(size: number): number {
  return Math.ceil(size / 4) * 4;
}

/** Compares without looking for the name's end, which may be megabytes away. */
function isNamed(names: Buffer, at: number, name: string): boolean {
  return names.toString('latin1', at, at + name.length + 1) === `${name}\0`;
}

/** A 64-bit word as a number; beyond 2^53 it loses digits and is too large for any check it meets. */
function word(bytes: Buffer, at: number): number {
  return bytes.readUInt32LE(at + 4) * 2 ** 32 + bytes.readUInt32LE(at);
}

/** What a broken file says is as good as nothing. Buffer and ByteSource throw RangeError outside of what is there. */
function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
