import type { TarEntry } from './tar.ts';

const BLOCK = 512;
/** What ustar has room for in `name`. */
const NAME_BYTES = 100;

/**
 * Writes a POSIX tar whose bytes follow from paths and contents alone: no time, no owner. Names that ustar has no
 * room for stand in pax headers.
 */
export function writeTar(entries: Iterable<TarEntry>): Buffer {
  const parts: Uint8Array[] = [];
  for (const { path, content } of entries) {
    const isLong = Buffer.byteLength(path) > NAME_BYTES;
    if (isLong) parts.push(...entryBlocks('pax/path', 'x', Buffer.from(paxRecord('path', path))));
    parts.push(...entryBlocks(isLong ? path.slice(-NAME_BYTES) : path, '0', content));
  }
  return Buffer.concat([...parts, Buffer.alloc(2 * BLOCK)]);
}

function entryBlocks(name: string, type: string, content: Uint8Array): Uint8Array[] {
  const padding = Buffer.alloc((BLOCK - (content.byteLength % BLOCK)) % BLOCK);
  return [header(name, type, content.byteLength), content, padding];
}

/** POSIX.1-2017, pax, "ustar Interchange Format". */
function header(name: string, type: string, size: number): Buffer {
  const block = Buffer.alloc(BLOCK);
  block.write(name, 0, NAME_BYTES);
  block.write('0000644\0', 100); // mode
  block.write('0000000\0', 108); // uid
  block.write('0000000\0', 116); // gid
  block.write(`${octal(size, 11)}\0`, 124);
  block.write(`${octal(0, 11)}\0`, 136); // mtime
  block.write(' '.repeat(8), 148); // the checksum, taken as spaces
  block.write(type, 156);
  block.write('ustar\x0000', 257);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${octal(sum, 6)}\0 `, 148);
  return block;
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, '0');
}

/** `LENGTH KEY=VALUE\n`: the length counts itself. */
function paxRecord(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`;
  const bytes = Buffer.byteLength(rest);
  let length = bytes;
  while (length !== bytes + String(length).length) length = bytes + String(length).length;
  return `${length}${rest}`;
}
