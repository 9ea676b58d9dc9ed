import { randomBytes } from 'node:crypto';

/** The magic number and version (https://webassembly.github.io/spec/core/binary/modules.html). */
const HEAD = Buffer.from('0061736d01000000', 'hex');
const CUSTOM_SECTION = 0;

/** A Wasm module of at least `size` bytes, which are new each time: one custom section, and nothing to run. */
export function wasmModule(size: number): Buffer {
  const content = Buffer.concat([Buffer.from([1]), Buffer.from('x'), randomBytes(size)]);
  return Buffer.concat([HEAD, Buffer.from([CUSTOM_SECTION, ...leb128(content.length)]), content]);
}

/** Seven bits a byte, the lowest first; the eighth says that more follow. */
function leb128(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...leb128(value >>> 7)];
}
