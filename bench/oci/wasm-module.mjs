import { randomBytes } from 'node:crypto';

/** A Wasm module of one custom section with `size` random bytes: what is shipped isn't run. */
export function wasmModule(size) {
  const content = Buffer.concat([Buffer.from([1, 0x78]), randomBytes(size)]);
  const length = [];
  for (let rest = content.length; ; rest >>>= 7) {
    length.push(rest > 0x7f ? (rest & 0x7f) | 0x80 : rest);
    if (rest <= 0x7f) break;
  }
  return Buffer.concat([Buffer.from('0061736d01000000', 'hex'), Buffer.from([0, ...length]), content]);
}
