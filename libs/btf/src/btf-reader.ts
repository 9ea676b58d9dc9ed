import { isModifier, KIND_INT, KIND_LAYOUTS } from './btf-kinds.ts';
import { LITTLE_ENDIAN } from './byte-order.ts';
import { MOST_MODIFIERS } from './limits.ts';
import { objectInvalid } from './object-invalid.ts';
import { StringTable } from './string-table.ts';

/** struct btf_header: magic, version, flags, hdr_len, then type_off, type_len, str_off, str_len after the header. */
const MAGIC = 0xeb9f;
const HEADER_BYTES = 24;
/** struct btf_type: name_off, info, and size or type. */
const TYPE_WORDS = 3;

/**
 * The types of a BTF section as raw words, found by id. Construction walks the section once and checks that
 * each record lies inside it; names and parts are read when they are asked for.
 */
export class BtfReader {
  /** Types stored, and void. */
  readonly count: number;
  readonly strings: StringTable;
  private readonly words: Uint32Array;
  /** The record of id N starts at word starts[N]; one more marks the end of the last. */
  private readonly starts: Uint32Array;
  /** Some INT uses fewer bits than it stores: how bit-fields were written before members had a width. */
  private readonly hasLegacyBitFields: boolean;

  /**
   * Borrows `bytes`: a `.BTF` section, or a BTF file as the kernel has it.
   *
   * @throws OBJECT_INVALID
   */
  constructor(bytes: Uint8Array) {
    const { types, strings } = sections(bytes);
    this.strings = new StringTable(strings, 'BTF strings');
    this.words = words(types);
    const index = indexTypes(this.words);
    this.starts = index.starts;
    this.count = index.starts.length - 1;
    this.hasLegacyBitFields = index.hasLegacyBitFields;
  }

  /** The number BTF has for the kind of `id`, which must be between 1 and count - 1. */
  kind(id: number): number {
    return (this.info(id) >>> 24) & 0x1f;
  }

  /** The bit that changes how a kind's record reads: signed enum, union forward, bit-field members. */
  kindFlag(id: number): boolean {
    return this.info(id) >>> 31 === 1;
  }

  /** How many members, values, parameters or variables; a function's linkage. */
  vlen(id: number): number {
    return this.info(id) & 0xffff;
  }

  nameOffset(id: number): number {
    return this.word(id, 0);
  }

  name(id: number): string {
    return this.strings.get(this.nameOffset(id));
  }

  /** The third word: a size in bytes or a type id, as the kind has it. */
  sizeOrType(id: number): number {
    return this.word(id, 2);
  }

  /** Word `index` of what follows the record's three words. */
  extra(id: number, index: number): number {
    return this.word(id, TYPE_WORDS + index);
  }

  /**
   * The bits of the INT behind `id` when it uses only part of its storage. A member of such a type is a
   * bit-field in BTF of kernels and compilers before `kind_flag` (Linux 4.20, LLVM 8).
   */
  legacyBitField(id: number): { readonly bits: number; readonly bitOffset: number } | undefined {
    if (!this.hasLegacyBitFields) return undefined;
    const target = this.unmodified(id);
    if (target === undefined || this.kind(target) !== KIND_INT) return undefined;
    const encoding = this.extra(target, 0);
    if (usesWholeStorage(encoding, this.sizeOrType(target))) return undefined;
    return { bits: encoding & 0xff, bitOffset: (encoding >>> 16) & 0xff };
  }

  private unmodified(id: number): number | undefined {
    let target = id;
    for (let hop = 0; hop <= MOST_MODIFIERS; hop++) {
      if (target === 0 || target >= this.count) return undefined;
      if (!isModifier(this.kind(target))) return target;
      target = this.sizeOrType(target);
    }
    return undefined;
  }

  private info(id: number): number {
    return this.word(id, 1);
  }

  /** Construction checked that all of a record is there, so a missing word is a bug here. */
  private word(id: number, index: number): number {
    const value = this.words[(this.starts[id] ?? Infinity) + index];
    if (value === undefined) throw new RangeError(`BTF type ${id} has no word ${index}`);
    return value;
  }
}

function sections(bytes: Uint8Array): { types: Uint8Array; strings: Uint8Array } {
  if (bytes.byteLength < HEADER_BYTES) {
    throw objectInvalid(`BTF: ${bytes.byteLength} bytes are too few for its header`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  refuseForeign(view);
  const word = (offset: number): number => view.getUint32(offset, LITTLE_ENDIAN);
  const headerBytes = word(4);
  if (headerBytes < HEADER_BYTES || headerBytes > bytes.byteLength) {
    throw objectInvalid(`BTF: its header says that it has ${headerBytes} bytes itself`);
  }
  const body = bytes.subarray(headerBytes);
  const types = part(body, word(8), word(12), 'types');
  if (types.byteLength % 4 !== 0)
    throw objectInvalid(`BTF: ${types.byteLength} bytes of types are not whole words`);
  const strings = part(body, word(16), word(20), 'strings');
  if (strings[0] !== 0 || strings.at(-1) !== 0) {
    throw objectInvalid('BTF: its strings do not begin and end with NUL');
  }
  return { types, strings };
}

function refuseForeign(view: DataView): void {
  if (view.getUint16(0, LITTLE_ENDIAN) !== MAGIC) {
    const foreign = view.getUint16(0, !LITTLE_ENDIAN) === MAGIC;
    throw objectInvalid(
      foreign ? 'BTF: made for the other byte order' : 'BTF: it does not begin with its magic',
    );
  }
  const version = view.getUint8(2);
  if (version !== 1) throw objectInvalid(`BTF: version ${version} is unknown`);
}

function part(body: Uint8Array, offset: number, length: number, what: string): Uint8Array {
  if (offset + length > body.byteLength) {
    throw objectInvalid(
      `BTF: truncated: ${length} bytes of ${what} at ${offset}, and ${body.byteLength} bytes are there`,
    );
  }
  return body.subarray(offset, offset + length);
}

/** Views `bytes` as words in host order; copies only when their memory isn't aligned. */
function words(bytes: Uint8Array): Uint32Array {
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : new Uint8Array(bytes);
  return new Uint32Array(aligned.buffer, aligned.byteOffset, bytes.byteLength / 4);
}

function indexTypes(words: Uint32Array): { starts: Uint32Array; hasLegacyBitFields: boolean } {
  // As many as could be there at three words each; void has none and id 0.
  const starts = new Uint32Array(Math.floor(words.length / TYPE_WORDS) + 2);
  let hasLegacyBitFields = false;
  let count = 1;
  let position = 0;
  while (position < words.length) {
    const info = words[position + 1] ?? 0;
    const kind = (info >>> 24) & 0x1f;
    const layout = KIND_LAYOUTS[kind];
    if (!layout) throw unknownKind(count, kind);
    const end = position + TYPE_WORDS + layout.words + layout.wordsEach * (info & 0xffff);
    if (end > words.length) throw objectInvalid(`BTF type ${count}: truncated`);
    if (kind === KIND_INT) {
      hasLegacyBitFields ||= !usesWholeStorage(words[position + 3] ?? 0, words[position + 2] ?? 0);
    }
    starts[count++] = position;
    position = end;
  }
  starts[count] = position;
  return { starts: starts.subarray(0, count + 1), hasLegacyBitFields };
}

function unknownKind(id: number, kind: number): Error {
  return objectInvalid(`BTF type ${id}: kind ${kind} is unknown`, {
    hint: 'the file is damaged, or made by a compiler newer than this ecli knows',
  });
}

function usesWholeStorage(encoding: number, size: number): boolean {
  return (encoding & 0xff) === size * 8 && ((encoding >>> 16) & 0xff) === 0;
}
