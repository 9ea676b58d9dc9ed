import { EcliError, printable } from '@ecli/core';

/** A regular file in a tar; `content` is a view of the tar's own bytes. */
export interface TarEntry {
  readonly path: string;
  readonly content: Uint8Array;
}

const BLOCK = 512;

/**
 * The regular files of a POSIX tar, in order. Names as ustar writes them (`prefix/name`), and longer ones as pax
 * and GNU tar do: in an entry of their own before the file's.
 *
 * @throws PACKAGE_INVALID when a header's checksum is wrong or a file is cut off
 */
export function* readTar(content: Uint8Array, name: string): Generator<TarEntry> {
  let offset = 0;
  let longPath: string | undefined;
  while (offset + BLOCK <= content.length) {
    const header = content.subarray(offset, offset + BLOCK);
    if (header.every((byte) => byte === 0)) return;
    const { path, size, type } = parseHeader(header, name, offset);
    const start = offset + BLOCK;
    if (start + size > content.length) throw invalid(name, `${path}: cut off`);
    const entry = content.subarray(start, start + size);
    offset = start + Math.ceil(size / BLOCK) * BLOCK;
    if (type === EntryType.gnuLongName) longPath = text(entry, [0, entry.length]);
    else if (type === EntryType.pax) longPath = paxPath(entry) ?? longPath;
    else {
      if (REGULAR.includes(type)) yield { path: longPath ?? path, content: entry };
      longPath = undefined;
    }
  }
}

/** `typeflag`: as POSIX.1-2017 has it, and GNU tar's name that is longer than ustar can take (tar.h). */
const EntryType = { pax: 'x', gnuLongName: 'L' } as const;
const REGULAR: readonly string[] = ['', '0'];

/** Reads `path` of a pax header's records, each `LENGTH KEY=VALUE\n` where the length counts all of it. */
function paxPath(records: Uint8Array): string | undefined {
  let path: string | undefined;
  for (let offset = 0; offset < records.length;) {
    const [digits = ''] = /^\d{1,9}(?= )/.exec(text(records, [offset, offset + 10])) ?? [];
    const length = Number(digits);
    // Broken: what it would have said stays as ustar has it.
    if (length <= digits.length + 1 || offset + length > records.length) return path;
    const record = text(records, [offset + digits.length + 1, offset + length - 1]);
    if (record.startsWith('path=')) path = record.slice('path='.length);
    offset += length;
  }
  return path;
}

/** Header fields: POSIX.1-2017, pax, "ustar Interchange Format". */
const FIELD = {
  name: [0, 100],
  size: [124, 136],
  checksum: [148, 156],
  type: [156, 157],
  magic: [257, 263],
  prefix: [345, 500],
} as const;

interface Header {
  readonly path: string;
  readonly size: number;
  readonly type: string;
}

function parseHeader(header: Uint8Array, name: string, offset: number): Header {
  if (octal(header, FIELD.checksum) !== checksumOf(header)) {
    throw invalid(name, `broken tar: the header at byte ${offset} has a wrong checksum`);
  }
  const size = octal(header, FIELD.size);
  if (size === undefined) throw invalid(name, `broken tar: the header at byte ${offset} has no size`);
  // GNU tar's own format, whose magic goes on in spaces, has times where ustar has the prefix.
  const prefix = text(header, FIELD.magic) === 'ustar' ? text(header, FIELD.prefix) : '';
  const path = text(header, FIELD.name);
  return { path: prefix === '' ? path : `${prefix}/${path}`, size, type: text(header, FIELD.type) };
}

/** The sum of all bytes of the header, the checksum's own taken as spaces. */
function checksumOf(header: Uint8Array): number {
  const [start, end] = FIELD.checksum;
  return header.reduce((sum, byte, index) => sum + (index >= start && index < end ? 0x20 : byte), 0);
}

/** The text of a field, up to its NUL where it has one. */
function text(bytes: Uint8Array, [start, end]: readonly [number, number]): string {
  const field = bytes.subarray(start, end);
  const length = field.indexOf(0);
  return new TextDecoder().decode(length < 0 ? field : field.subarray(0, length));
}

function octal(header: Uint8Array, field: readonly [number, number]): number | undefined {
  const digits = text(header, field).trim();
  return /^[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : undefined;
}

function invalid(name: string, problem: string): EcliError {
  return new EcliError('PACKAGE_INVALID', `${printable(name)}: ${printable(problem)}`);
}
