import { bindings } from './bindings.ts';

/** What the kernel says of a loaded program. */
export interface ProgramInfo {
  readonly id: number;
  /** Sixteen hexadecimal digits, made from its instructions. */
  readonly tag: string;
  /** At most fifteen characters. */
  readonly name: string;
  /** Bytes of machine code; 0 where it is interpreted. */
  readonly jitedBytes: number;
  /** Instructions that the verifier went through on all ways; 0 before Linux 5.16. */
  readonly verifiedInstructions: number;
  /** How often it ran and for how long, while run times were counted. */
  readonly runCount: number;
  readonly runTimeNs: number;
  /** Runs that were left out because the program was running on that CPU already; 0 before Linux 5.12. */
  readonly misses: number;
}

const INFO_BYTES = 232;

/**
 * Asks for a `struct bpf_prog_info` (linux/bpf.h); undefined where the kernel doesn't tell. Older kernels know fewer
 * members, and leave the others zero.
 *
 *       0  __u32 type               4  __u32 id             8  __u8 tag[8]      16  __u32 jited_prog_len
 *      64  char name[16]          192  __u64 run_time_ns  200  __u64 run_cnt   208  __u64 recursion_misses
 *     216  __u32 verified_insns
 */
export function programInfo(descriptor: number): ProgramInfo | undefined {
  const info = Buffer.alloc(INFO_BYTES);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(info.length);
  if (bindings().libbpf.bpf_obj_get_info_by_fd(descriptor, info, length) < 0) return undefined;
  return {
    id: info.readUInt32LE(4),
    tag: info.toString('hex', 8, 16),
    name: info.toString('latin1', 64, 80).replace(/\0.*$/s, ''),
    jitedBytes: info.readUInt32LE(16),
    verifiedInstructions: info.readUInt32LE(216),
    runCount: Number(info.readBigUInt64LE(200)),
    runTimeNs: Number(info.readBigUInt64LE(192)),
    misses: Number(info.readBigUInt64LE(208)),
  };
}

/** Asks by the number that bpftool shows; undefined for one that isn't loaded, and for who may not ask. */
export function programInfoById(id: number): ProgramInfo | undefined {
  const { libbpf, libc } = bindings();
  const descriptor = libbpf.bpf_prog_get_fd_by_id(id);
  if (descriptor < 0) return undefined;
  try {
    return programInfo(descriptor);
  } finally {
    libc.close(descriptor);
  }
}
