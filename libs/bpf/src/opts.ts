/**
 * Makes an options structure of libbpf (`struct bpf_…_opts`): its own size as a size_t, by which libbpf knows
 * which fields there are, and zeros.
 */
export function createOpts(bytes: number): Buffer {
  const opts = Buffer.alloc(bytes);
  opts.writeBigUInt64LE(BigInt(bytes), 0);
  return opts;
}
