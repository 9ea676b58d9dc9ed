import { bindings } from '../bindings.ts';
import { bpf, BPF_LINK_CREATE } from '../bpf-call.ts';

export interface KprobeMultiLink {
  /** A loaded program's. */
  readonly descriptor: number;
  readonly attachType: number;
  /** Of functions of the kernel; all must be there. */
  readonly names: readonly string[];
}

/**
 * Makes one link to many functions of the kernel (BPF_LINK_CREATE, linux/bpf.h):
 *
 *      0  prog_fd     4  target_fd     8  attach_type    12  flags
 *     16  flags      20  their number 24  names          32  addresses    40  cookies
 *
 * @returns the link's descriptor, or the negative errno
 */
export function createKprobeMultiLink({ descriptor, attachType, names }: KprobeMultiLink): number {
  const { addressOf } = bindings();
  const strings = Buffer.from(names.map((name) => `${name}\0`).join(''));
  const pointers = new BigUint64Array(names.length);
  let at = addressOf(strings);
  names.forEach((name, index) => {
    pointers[index] = BigInt(at);
    at += Buffer.byteLength(name) + 1;
  });
  const attributes = Buffer.alloc(48);
  attributes.writeInt32LE(descriptor, 0);
  attributes.writeUInt32LE(attachType, 8);
  attributes.writeUInt32LE(names.length, 20);
  attributes.writeBigUInt64LE(BigInt(addressOf(Buffer.from(pointers.buffer))), 24);
  const result = bpf(BPF_LINK_CREATE, attributes);
  strings.fill(0); // used until here, though only addresses in it were passed
  return result;
}
