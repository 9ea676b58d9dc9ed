import { EcliError, printable } from '@ecli/core';

/** A regular file in a tar; `content` is a view of the tar's own bytes. */
export interface TarEntry {
  readonly path: string;
  readonly content: Uint8Array;
}

const BLOCK = 512;

/**
 * The regular files of a POSIX tar, in order. Names as ustar writes them (`prefix/name`); files whose name
 * needs more than that (pax or GNU long names) come with the name cut off, so never match by accident.
 *
 * @throws PACKAGE_INVALID when a header's checksum is wrong or a file is cut off
 */
export function* readTar(content: Uint8Array, name: string): Generator<TarEntry> {
  let offset = 0;
  while (offset + BLOCK <= content.length) {
    const header = content.subarray(offset, offset + BLOCK);
    if (header.every((byte) => byte === 0)) return;
    const { path, size, regular } = parseHeader(header, name, offset);
    const start = offset + BLOCK;
    if (start + size > content.length) throw invalid(name, `${path}: cut off`);
    if (regular) yield { path, content: content.subarray(start, start + size) };
    offset = start + Math.ceil(size / BLOCK) * BLOCK;
  }
}

/** Header fields: POSIX.1-2017, pax, "ustar Interchange Format". */
const FIELD = {
  name: [0, 100],
  size: [124, 136],
  checksum: [148, 156],
  type: [156, 157],
  prefix: [345, 500],
} as const;

interface Header {
  readonly path: string;
  readonly size: number;
  readonly regular: boolean;
}

function parseHeader(header: Uint8Array, name: string, offset: number): Header {
  if (octal(header, FIELD.checksum) !== checksumOf(header)) {
    throw invalid(name, `broken tar: the header at byte ${offset} has a wrong checksum`);
  }
  const size = octal(header, FIELD.size);
  if (size === undefined) throw invalid(name, `broken tar: the header at byte ${offset} has no size`);
  const prefix = text(header, FIELD.prefix);
  const path = text(header, FIELD.name);
  const type = text(header, FIELD.type);
  return { path: prefix === '' ? path : `${prefix}/${path}`, size, regular: type === '' || type === '0' };
}

/** The sum of all bytes of the header, the checksum's own taken as spaces. */
function checksumOf(header: Uint8Array): number {
  const [start, end] = FIELD.checksum;
  return header.reduce((sum, byte, index) => sum + (index >= start && index < end ? 0x20 : byte), 0);
}

function text(header: Uint8Array, [start, end]: readonly [number, number]): string {
  const field = header.subarray(start, end);
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
