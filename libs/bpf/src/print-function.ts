/**
 * Machine code of an `int (*)(enum libbpf_print_level, const char *format, va_list)` that drops messages above
 * `mostLevel` and hands the others to `vdprintf`, the address of vdprintf(3), with `descriptor` in the place of the
 * level. Position independent. Undefined where this isn't written for the processor.
 */
export function printFunction(
  descriptor: number,
  mostLevel: number,
  vdprintf: number,
  processor: string = process.arch,
): Buffer | undefined {
  switch (processor) {
    case 'x64':
      return forX64(descriptor, mostLevel, vdprintf);
    case 'arm64':
      return forArm64(descriptor, mostLevel, vdprintf);
    default:
      return undefined;
  }
}

/** System V ABI, AMD64: the level is in edi, the result in eax; all else stays where vdprintf wants it. */
function forX64(descriptor: number, mostLevel: number, vdprintf: number): Buffer {
  const code = Buffer.from(
    'f30f1efa' + //             endbr64
      '83ff00' + //             cmp    edi, mostLevel
      '7f11' + //               jg     drop
      'bf00000000' + //         mov    edi, descriptor
      '48b80000000000000000' + // movabs rax, vdprintf
      'ffe0' + //               jmp    rax
      '31c0' + //         drop: xor    eax, eax
      'c3', //                  ret
    'hex',
  );
  code.writeUInt8(mostLevel, 6);
  code.writeUInt32LE(descriptor, 10);
  code.writeBigUInt64LE(BigInt(vdprintf), 16);
  return code;
}

/** AAPCS64: the level and the result are in w0, and x16 is free for jumps. */
function forArm64(descriptor: number, mostLevel: number, vdprintf: number): Buffer {
  const code = Buffer.from(
    '1f000071' + //       cmp  w0, #mostLevel
      'ac000054' + //       b.gt drop
      '00008052' + //       movz w0, #(descriptor & 0xffff)
      '0000a072' + //       movk w0, #(descriptor >> 16), lsl #16
      '90000058' + //       ldr  x16, address
      '00021fd6' + //       br   x16
      '00008052' + // drop: mov  w0, #0
      'c0035fd6' + //       ret
      '0000000000000000', // address: .quad vdprintf
    'hex',
  );
  const setImmediate = (at: number, value: number, shift: number): void => {
    code.writeUInt32LE((code.readUInt32LE(at) | (value << shift)) >>> 0, at);
  };
  setImmediate(0, mostLevel, 10);
  setImmediate(8, descriptor & 0xffff, 5);
  setImmediate(12, descriptor >>> 16, 5);
  code.writeBigUInt64LE(BigInt(vdprintf), 32);
  return code;
}
