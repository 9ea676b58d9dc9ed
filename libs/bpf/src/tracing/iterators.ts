import { EcliError, printable } from '@ecli/core';
import { closeSync, constants, openSync, read } from 'node:fs';
import { promisify } from 'node:util';
import { bindings } from '../bindings.ts';
import { Errno, errnoName } from '../errno.ts';
import type { BpfLink } from '../link.ts';
import type { BpfMap } from '../map.ts';
import { createOpts } from '../opts.ts';
import type { BpfProgram } from '../program.ts';
import { requireProcess } from './require-process.ts';

/** What an iterator goes over, where its kind doesn't say all. */
export type IteratorScope =
  /** The entries of a map of the same object, or of one in the kernel by its id or by its path in bpffs. */
  | { readonly map: Pick<BpfMap, 'fd'> }
  | { readonly mapId: number }
  | { readonly mapPath: string }
  /** The threads of one process. */
  | { readonly pid: number }
  /** A cgroup and those in it, by its folder. */
  | { readonly cgroup: string };

/**
 * Attaches an iterator: it runs whenever its text is read.
 *
 * @throws ATTACH_FAILED, PERMISSION_DENIED, FEATURE_UNSUPPORTED
 */
export function attachIterator(program: BpfProgram, scope?: IteratorScope): BpfLink {
  const { libbpf } = bindings();
  const opened = scope && open(scope);
  try {
    const info = linkInfo(scope, opened ?? -1);
    // struct bpf_iter_attach_opts:  0 size_t sz   8 union bpf_iter_link_info *   16 __u32 its size
    const opts = createOpts(24);
    if (scope) {
      opts.writeBigUInt64LE(BigInt(bindings().addressOf(info)), 8);
      opts.writeUInt32LE(info.byteLength, 16);
    }
    const link = program.attachBy((pointer) => libbpf.bpf_program__attach_iter(pointer, opts));
    info.fill(0); // used until here, though only its address was passed
    return link;
  } finally {
    if (opened !== undefined) bindings().libc.close(opened);
  }
}

/** Opens what a scope names and libbpf takes as a descriptor. */
function open(scope: IteratorScope): number | undefined {
  const { libbpf } = bindings();
  if ('cgroup' in scope) return openFolder(scope.cgroup);
  if ('mapId' in scope) return opened(libbpf.bpf_map_get_fd_by_id(scope.mapId), `map ${scope.mapId}`);
  if ('mapPath' in scope) return opened(libbpf.bpf_obj_get(scope.mapPath), `map ${printable(scope.mapPath)}`);
  if ('pid' in scope) requireProcess(scope.pid);
  return undefined;
}

/** kernel/bpf/inode.c, bpf_inode_type: EACCES is a file that is none of bpffs. */
const OPENING: Readonly<Record<number, string>> = {
  [Errno.ENOENT]: "isn't in the kernel",
  [Errno.EACCES]: 'is no map pinned in bpffs, or none that may be opened',
};

function opened(descriptor: number, subject: string): number {
  if (descriptor >= 0) return descriptor;
  const reason = OPENING[-descriptor] ?? `can't be opened: ${errnoName(descriptor)}`;
  throw new EcliError('ATTACH_FAILED', `${subject}: ${reason}`, { hint: 'bpftool map show lists the maps' });
}

function openFolder(path: string): number {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
  } catch (cause) {
    throw new EcliError('ATTACH_FAILED', `cgroup ${printable(path)}: isn't there`, { cause });
  }
}

/** linux/bpf.h: enum bpf_cgroup_iter_order */
const BPF_CGROUP_ITER_DESCENDANTS_PRE = 2;

/**
 * Builds a `union bpf_iter_link_info` (linux/bpf.h):
 *
 *     map     0  __u32 map_fd
 *     cgroup  0  __u32 order     4  __u32 cgroup_fd
 *     task    0  __u32 tid       4  __u32 pid
 */
function linkInfo(scope: IteratorScope | undefined, descriptor: number): Buffer {
  const info = Buffer.alloc(16);
  if (scope === undefined) return info;
  if ('pid' in scope) info.writeUInt32LE(scope.pid, 4);
  else if ('cgroup' in scope) {
    info.writeUInt32LE(BPF_CGROUP_ITER_DESCENDANTS_PRE, 0);
    info.writeInt32LE(descriptor, 4);
  } else info.writeInt32LE('map' in scope ? scope.map.fd : descriptor, 0);
  return info;
}

const readFile = promisify(read);

/** The text of one run of an iterator, from its first byte to its last. */
export class IteratorText {
  #descriptor: number;
  readonly #name: string;

  private constructor(name: string, descriptor: number) {
    this.#name = name;
    this.#descriptor = descriptor;
  }

  /** Starts a run. The caller closes it. @throws OUTPUT_FAILED */
  static open({ name }: Pick<BpfProgram, 'name'>, link: BpfLink): IteratorText {
    const { libbpf } = bindings();
    const descriptor = libbpf.bpf_iter_create(link.descriptor);
    if (descriptor < 0) throw failed(name, errnoName(descriptor));
    return new IteratorText(name, descriptor);
  }

  /**
   * Lets the program write into `buffer`, on another thread; 0 at the end of the text.
   *
   * @throws OUTPUT_FAILED, among others where the program writes more for one object than the kernel has room for
   */
  async read(buffer: Uint8Array): Promise<number> {
    for (;;) {
      try {
        const { bytesRead } = await readFile(this.#descriptor, buffer, 0, buffer.byteLength, null);
        return bytesRead;
      } catch (error) {
        // kernel/bpf/bpf_iter.c, bpf_seq_read: after a million objects without a word it wants to be asked again.
        if (!isAgain(error)) throw failed(this.#name, error instanceof Error ? error.message : '', error);
      }
    }
  }

  /** Idempotent; not while a read is pending. */
  close(): void {
    if (this.#descriptor < 0) return;
    closeSync(this.#descriptor);
    this.#descriptor = -1;
  }
}

function isAgain(error: unknown): boolean {
  return error instanceof Error && 'errno' in error && error.errno === -Errno.EAGAIN;
}

function failed(name: string, reason: string, cause?: unknown): EcliError {
  return new EcliError('OUTPUT_FAILED', `program ${printable(name)}: can't be read: ${reason}`, { cause });
}
