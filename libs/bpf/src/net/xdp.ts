import { EcliError } from '@ecli/core';
import { bindings } from '../bindings.ts';
import { Errno, errnoName } from '../errno.ts';
import { describe } from '../failures.ts';
import type { Link } from '../link.ts';
import { type Heard, listen } from '../messages.ts';
import type { BpfProgram } from '../program.ts';
import { programInfo } from '../program-info.ts';
import { writeRecord } from './attach-record.ts';
import { createLink } from './create-link.ts';
import { networkAttachError, programById, type Reason } from './network-attach-error.ts';
import { hasInterface, type NetworkInterface } from './network-interface.ts';
import { NetworkNamespace } from './network-namespace.ts';
import { PlaceLink } from './place-link.ts';
import { RecordedLink } from './recorded-link.ts';

/** linux/if_link.h: `XDP_FLAGS_SKB_MODE`, … */
export const XdpFlags = {
  UPDATE_IF_NOEXIST: 1,
  SKB_MODE: 2,
  DRV_MODE: 4,
  HW_MODE: 8,
  REPLACE: 16,
} as const;
const MODES = XdpFlags.SKB_MODE | XdpFlags.DRV_MODE | XdpFlags.HW_MODE;

export interface XdpOptions {
  readonly interface: NetworkInterface;
  /** The path of the network namespace that has the interface; the process's own without it. */
  readonly namespace?: string | undefined;
  /** XDP_FLAGS_…; without a mode among them the kernel takes the driver's where it has one, generic elsewhere. */
  readonly flags: number;
  /** The descriptor of the program that ours replaces, and that comes back at the end. */
  readonly oldProgram?: number | undefined;
}

/**
 * Attaches an XDP program to an interface: by a link, which ends with this process at the latest, where the kernel
 * has that (5.9) and nothing is to be replaced, else by netlink and with a record for the next start.
 *
 * @throws ATTACH_FAILED, naming the program that is there already; PERMISSION_DENIED
 */
export function attachXdp(program: BpfProgram, options: XdpOptions): Link {
  const namespace = NetworkNamespace.open(options.namespace);
  try {
    const link =
      options.oldProgram === undefined ? namespace.run(() => attachByLink(program, options)) : undefined;
    if (!link) return namespace.run(() => attachByNetlink(program, options, namespace));
    namespace.close();
    return link;
  } catch (error) {
    namespace.close();
    throw error;
  }
}

/** Undefined where the kernel has no such links; it says EINVAL then, and for what netlink explains better. */
function attachByLink(program: BpfProgram, options: XdpOptions): Link | undefined {
  const flags = options.flags & MODES;
  const result = createLink(program, options.interface.index, { flags });
  if (result >= 0) return new PlaceLink(result);
  if (-result === Errno.EINVAL) return undefined;
  throw refused(program, options, { value: result, lines: [], details: '' });
}

function attachByNetlink(program: BpfProgram, options: XdpOptions, namespace: NetworkNamespace): Link {
  const { oldProgram } = options;
  const { index } = options.interface;
  const mode = options.flags & MODES;
  const info = programInfo(program.fd);
  const record = writeRecord({
    kind: 'xdp',
    namespace,
    interface: options.interface,
    flags: mode,
    program: info,
  });
  const heard = listen(() =>
    oldProgram === undefined
      ? setXdpProgram(index, program.fd, mode | XdpFlags.UPDATE_IF_NOEXIST)
      : setXdpProgram(index, program.fd, mode | XdpFlags.REPLACE, oldProgram),
  );
  if (heard.value < 0) {
    record?.remove();
    throw refused(program, options, heard);
  }
  const detach = (): void => {
    const value = removeXdpProgram(index, mode, { fd: program.fd, id: info?.id ?? 0 }, oldProgram);
    if (value >= 0 || GONE.includes(-value)) return;
    throw new EcliError(
      'ATTACH_FAILED',
      `${describe(program)}: can't be detached from ${options.interface.name}: ${errnoName(value)}`,
    );
  };
  return new RecordedLink(namespace, record, detach, () => hasInterface(options.interface));
}

/** No interface, or another program in its place. */
const GONE: readonly number[] = [Errno.ENODEV, Errno.EEXIST];

/**
 * Removes a program from an interface in this thread's network namespace, or puts `successor` in its place; no
 * other program goes that came there meanwhile. @returns 0 or the negative errno
 */
export function removeXdpProgram(
  index: number,
  mode: number,
  { fd, id }: { readonly fd: number; readonly id: number },
  successor = -1,
): number {
  const { value } = listen(() => setXdpProgram(index, successor, mode | XdpFlags.REPLACE, fd));
  if (-value !== Errno.EINVAL) return value;
  // Before Linux 5.7 nothing but a look tells whose program it is.
  if (!xdpProgramIds(index).includes(id)) return -Errno.EEXIST;
  return listen(() => setXdpProgram(index, successor, mode)).value;
}

/**
 * Calls bpf_xdp_attach with a `struct bpf_xdp_attach_opts`; libbpf adds XDP_FLAGS_REPLACE for an old program.
 *
 *     0  size_t sz     8  int old_prog_fd
 */
function setXdpProgram(index: number, program: number, flags: number, oldProgram = 0): number {
  const opts = Buffer.alloc(16);
  opts.writeBigUInt64LE(BigInt(opts.length), 0);
  opts.writeInt32LE(oldProgram, 8);
  return bindings().libbpf.bpf_xdp_attach(index, program, flags, opts);
}

/**
 * The ids of the programs that an interface has, by a `struct bpf_xdp_query_opts`.
 *
 *     0  size_t sz    8  __u32 prog_id    12  __u32 drv_prog_id    16  __u32 hw_prog_id    20  __u32 skb_prog_id
 */
export function xdpProgramIds(index: number): number[] {
  const opts = Buffer.alloc(32);
  opts.writeBigUInt64LE(BigInt(opts.length), 0);
  if (listen(() => bindings().libbpf.bpf_xdp_query(index, 0, opts)).value < 0) return [];
  const ids = [8, 12, 16, 20].map((offset) => opts.readUInt32LE(offset)).filter((id) => id !== 0);
  return [...new Set(ids)];
}

function refused(program: BpfProgram, options: XdpOptions, heard: Heard<number>): EcliError {
  const reason = reasonOf(options, -heard.value);
  return networkAttachError({ program, where: options.interface.name, result: heard.value, heard, reason });
}

const TAKEN: readonly number[] = [Errno.EBUSY, Errno.EEXIST];
const NO_NATIVE: readonly number[] = [Errno.EOPNOTSUPP, Errno.EINVAL, Errno.ERANGE, Errno.ENOSPC];

function reasonOf(
  { interface: { index, name }, flags, oldProgram }: XdpOptions,
  errno: number,
): Reason | undefined {
  if (TAKEN.includes(errno)) return takenBy(name, xdpProgramIds(index).map(programById), oldProgram);
  if (errno === Errno.EBADF || (errno === Errno.EINVAL && oldProgram !== undefined)) {
    return {
      message: `xdpopts.old_prog_fd ${oldProgram} is no descriptor of an XDP program in this process`,
      hint: 'who starts ecli must leave it open for it; without the key the program is attached where none is yet',
    };
  }
  if (!NO_NATIVE.includes(errno)) return undefined;
  const mode = modeName(flags);
  if (mode === 'generic') return undefined;
  return {
    message: `its driver doesn't take it${mode === undefined ? '' : ` in ${mode} mode`}: ${errnoName(-errno)}`,
    hint: `generic mode works with any driver: --attach PROGRAM=${name}:generic; a smaller MTU may help native mode`,
  };
}

function takenBy(name: string, there: readonly string[], oldProgram: number | undefined): Reason | undefined {
  if (oldProgram !== undefined) {
    return {
      message: `xdpopts.old_prog_fd ${oldProgram} isn't what is there, which is ${there.join(', ') || 'nothing'}`,
      hint: 'only the program that is there can be replaced, and not one that a link holds',
    };
  }
  if (there.length === 0) return undefined;
  return {
    message: `${there.join(', ')} is there already`,
    hint: `bpftool net show dev ${name} lists it; where nobody needs it: ip link set dev ${name} xdp off, or end its owner`,
  };
}

function modeName(flags: number): string | undefined {
  if (flags & XdpFlags.SKB_MODE) return 'generic';
  if (flags & XdpFlags.DRV_MODE) return 'native';
  return flags & XdpFlags.HW_MODE ? 'offload' : undefined;
}
