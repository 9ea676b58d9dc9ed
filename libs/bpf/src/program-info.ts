import { bindings } from './bindings.ts';

/** What the kernel says of a loaded program. */
export interface ProgramInfo {
  readonly id: number;
  /** Sixteen hexadecimal digits, made from its instructions. */
  readonly tag: string;
  /** At most fifteen characters. */
  readonly name: string;
}

/**
 * Asks for what stands first in a `struct bpf_prog_info` (linux/bpf.h); undefined where the kernel doesn't tell.
 *
 *     0  __u32 type     4  __u32 id     8  __u8 tag[8]     64  char name[16]
 */
export function programInfo(descriptor: number): ProgramInfo | undefined {
  const info = Buffer.alloc(80);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(info.length);
  if (bindings().libbpf.bpf_obj_get_info_by_fd(descriptor, info, length) < 0) return undefined;
  return {
    id: info.readUInt32LE(4),
    tag: info.toString('hex', 8, 16),
    name: info.toString('latin1', 64, 80).replace(/\0.*$/s, ''),
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
