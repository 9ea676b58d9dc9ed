import { printable } from '@ecli/core';
import { LITTLE_ENDIAN } from './byte-order.ts';
import type { ObjectFile } from './object-file.ts';
import { objectInvalid } from './object-invalid.ts';

/** A line of source, and the first instruction that is made of it. */
export interface SourceLine {
  /** Bytes from the start of the section. */
  readonly offset: number;
  readonly file: string;
  /** From 1 on; 0 where the compiler had none. */
  readonly line: number;
  readonly column: number;
  /** As it stands in the file. */
  readonly text: string;
}

/** An instruction that depends on the kernel's types, and how. */
export interface CoreRelocation {
  /** Bytes from the start of the section. */
  readonly offset: number;
  /** In the object's own BTF. */
  readonly type: number;
  /** Which member, or which enumerator: indices, `0:1:2`. */
  readonly access: string;
  readonly kind: CoreRelocationKind;
}

/** `enum bpf_core_relo_kind` of linux/include/uapi/linux/bpf.h by number. */
const KINDS = [
  'field_byte_offset',
  'field_byte_size',
  'field_exists',
  'field_signed',
  'field_lshift_u64',
  'field_rshift_u64',
  'type_id_local',
  'type_id_target',
  'type_exists',
  'type_size',
  'enumval_exists',
  'enumval_value',
  'type_matches',
] as const;

export type CoreRelocationKind = (typeof KINDS)[number];

/** What an object says of its instructions beside its types, by the section that holds them. */
export interface BtfExt {
  readonly lines: ReadonlyMap<string, readonly SourceLine[]>;
  readonly relocations: ReadonlyMap<string, readonly CoreRelocation[]>;
}

/** struct btf_ext_header (libbpf's btf.h): 8 bytes, then offsets and lengths of functions, lines, relocations. */
const MAGIC = 0xeb9f;
const HEADER_BYTES = 8;
/** struct bpf_line_info and struct bpf_core_relo: four words each. */
const RECORD_BYTES = 16;

/** Reads `.BTF.ext`; an object without it has no lines and no relocations. @throws OBJECT_INVALID */
export function readBtfExt({ elf, btf }: ObjectFile): BtfExt {
  const section = elf.section('.BTF.ext');
  if (!section) return { lines: new Map(), relocations: new Map() };
  const reader = new ExtReader(section.data, (offset) => btf.string(offset));
  return {
    lines: reader.records(16, (word) => ({
      offset: word(0),
      file: btf.string(word(1)),
      text: btf.string(word(2)),
      // BPF_LINE_INFO_LINE_NUM and BPF_LINE_INFO_LINE_COL
      line: word(3) >>> 10,
      column: word(3) & 0x3ff,
    })),
    relocations: reader.records(24, (word) => ({
      offset: word(0),
      type: word(1),
      access: btf.string(word(2)),
      kind: kindOf(word(3)),
    })),
  };
}

/** Reads word `index` of a record. */
type ReadWord = (index: number) => number;

class ExtReader {
  private readonly view: DataView;
  private readonly headerBytes: number;

  constructor(
    bytes: Uint8Array,
    private readonly string: (offset: number) => string,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.expect(HEADER_BYTES, 0);
    if (this.view.getUint16(0, LITTLE_ENDIAN) !== MAGIC) throw unsound('it does not begin with its magic');
    if (this.view.getUint8(2) !== 1) throw unsound(`version ${this.view.getUint8(2)} is unknown`);
    this.headerBytes = this.word(4);
    this.expect(this.headerBytes, 0);
  }

  /** Reads the records whose place stands at `at` of the header, section by section; older headers end before. */
  records<Item>(at: number, read: (word: ReadWord) => Item): ReadonlyMap<string, readonly Item[]> {
    const found = new Map<string, Item[]>();
    if (at + 8 > this.headerBytes) return found;
    const start = this.headerBytes + this.word(at);
    const length = this.word(at + 4);
    if (length === 0) return found;
    this.expect(length, start);
    const recordBytes = this.word(start);
    if (recordBytes < RECORD_BYTES || recordBytes % 4 !== 0) throw unsound(`records of ${recordBytes} bytes`);
    for (let position = start + 4; position < start + length;) {
      // struct btf_ext_info_sec: the section's name, and how many records follow
      const name = this.string(this.word(position));
      const count = this.word(position + 4);
      position += 8;
      if (position + count * recordBytes > start + length) {
        throw unsound(`${count} records of section ${printable(name)} are more than there are`);
      }
      const items = found.get(name) ?? [];
      for (let index = 0; index < count; index++, position += recordBytes) {
        const record = position;
        items.push(read((word) => this.word(record + word * 4)));
      }
      found.set(name, items);
    }
    return found;
  }

  private word(at: number): number {
    this.expect(4, at);
    return this.view.getUint32(at, LITTLE_ENDIAN);
  }

  private expect(bytes: number, at: number): void {
    if (at + bytes > this.view.byteLength) {
      throw unsound(`truncated: ${bytes} bytes at ${at}, and ${this.view.byteLength} are there`);
    }
  }
}

function kindOf(number: number): CoreRelocationKind {
  const kind = KINDS[number];
  if (kind === undefined) throw unsound(`relocation kind ${number} is unknown`);
  return kind;
}

function unsound(problem: string): Error {
  return objectInvalid(`BTF.ext: ${problem}`);
}
