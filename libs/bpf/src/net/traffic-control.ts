import { EcliError } from '@ecli/core';
import { bindings } from '../bindings.ts';
import { Errno, errnoName } from '../errno.ts';
import { describe } from '../failures.ts';
import { FEATURES } from '../features.ts';
import type { Link } from '../link.ts';
import { type Heard, listen } from '../messages.ts';
import type { BpfProgram } from '../program.ts';
import { programInfo } from '../program-info.ts';
import { readRecords, writeRecord } from './attach-record.ts';
import { EGRESS_PARENT, type Filter, INGRESS_PARENT, listFilters } from './filters.ts';
import { networkAttachError, programById, type Reason } from './network-attach-error.ts';
import { hasInterface, type NetworkInterface } from './network-interface.ts';
import { NetworkNamespace } from './network-namespace.ts';
import { RecordedLink } from './recorded-link.ts';

/** libbpf.h, enum bpf_tc_attach_point */
const BPF_TC_INGRESS = 1;
const BPF_TC_EGRESS = 2;
const BPF_TC_CUSTOM = 4;

/** The direction of packets at a clsact qdisc, which is made where there's none; or a parent that is there, in tc's numbers. */
export type FilterPoint = 'ingress' | 'egress' | { readonly parent: number };

export interface FilterOptions {
  readonly interface: NetworkInterface;
  /** The path of the network namespace that has the interface; the process's own without it. */
  readonly namespace?: string | undefined;
  readonly point: FilterPoint;
  /** 0 lets the kernel choose; so it does with the priority. */
  readonly handle: number;
  readonly priority: number;
}

/**
 * Attaches a program as a filter of traffic control. The kernel would keep the filter after this process, so it is
 * recorded for the next start; at the end the filter goes, and the clsact qdisc with it where ecli made it and
 * nobody else has a filter there.
 *
 * @throws ATTACH_FAILED, naming what has the handle and the priority; PERMISSION_DENIED, FEATURE_UNSUPPORTED
 */
export function attachFilter(program: BpfProgram, options: FilterOptions): Link {
  const namespace = NetworkNamespace.open(options.namespace);
  try {
    return namespace.run(() => attachHere(program, options, namespace));
  } catch (error) {
    namespace.close();
    throw error;
  }
}

function attachHere(program: BpfProgram, options: FilterOptions, namespace: NetworkNamespace): Link {
  const { interface: at, point, handle, priority } = options;
  const parent = parentOf(point);
  const info = programInfo(program.fd);
  const record = writeRecord({
    kind: 'filter',
    namespace,
    interface: at,
    parent,
    handle,
    priority,
    program: info,
  });
  const undo = (): number => {
    const result = removeFilters(at.index, parent, (filter) => filter.programId === info?.id);
    removeOwnQdisc(at, namespace);
    return result;
  };
  const heard = addFilter(program, options, namespace);
  if (heard.value >= 0) {
    const detach = (): void => orThrow(program, at, undo);
    return new RecordedLink(namespace, record, detach, () => hasInterface(at));
  }
  const error = refused(program, options, heard);
  removeOwnQdisc(at, namespace);
  record?.remove();
  throw error;
}

/** Another ecli that ends may take the qdisc away between the two steps; once is bad luck. */
function addFilter(program: BpfProgram, options: FilterOptions, namespace: NetworkNamespace): Heard<number> {
  const attempt = (): Heard<number> => {
    const qdisc =
      options.point === 'ingress' || options.point === 'egress' ? makeQdisc(options, namespace) : undefined;
    if (qdisc && qdisc.value < 0 && -qdisc.value !== Errno.EEXIST) return qdisc;
    return listen(() => bindings().libbpf.bpf_tc_attach(tcHook(options), tcOpts(options, program.fd)));
  };
  const first = attempt();
  return -first.value === Errno.EINVAL || -first.value === Errno.ENOENT ? attempt() : first;
}

function makeQdisc(options: FilterOptions, namespace: NetworkNamespace): Heard<number> {
  const heard = listen(() => bindings().libbpf.bpf_tc_hook_create(tcHook(options)));
  if (heard.value === 0) writeRecord({ kind: 'clsact', namespace, interface: options.interface });
  return heard;
}

const GONE: readonly number[] = [Errno.ENOENT, Errno.ENODEV];

/** Removes the filters that `isOurs`, silent about what goes meanwhile. @returns how many, or the first errno */
export function removeFilters(index: number, parent: number, isOurs: (filter: Filter) => boolean): number {
  const { libbpf } = bindings();
  const results = listFilters(index, parent)
    .filter(isOurs)
    .map(({ handle, priority }) => {
      const hook = tcHook({ interface: { index }, point: pointOf(parent) });
      return listen(() => libbpf.bpf_tc_detach(hook, tcOpts({ handle, priority }))).value;
    });
  const failure = results.find((result) => result < 0 && !GONE.includes(-result));
  return failure ?? results.filter((result) => result === 0).length;
}

/**
 * Removes the clsact qdisc of an interface where ecli made it, this process or one that ended before, and no filter
 * is left. @returns whether it did
 */
export function removeOwnQdisc(at: NetworkInterface, { identity }: { readonly identity: string }): boolean {
  const records = readRecords().filter(
    ({ kind, namespace, interface: { index } }) =>
      kind === 'clsact' && namespace.identity === identity && index === at.index,
  );
  if (records.length === 0) return false;
  const used = [INGRESS_PARENT, EGRESS_PARENT].some((parent) => listFilters(at.index, parent).length > 0);
  if (used) return false;
  const hook = tcHook({ interface: at, point: 'ingress' });
  // Both directions at once are the qdisc itself.
  hook.writeUInt32LE(BPF_TC_INGRESS | BPF_TC_EGRESS, 12);
  const { value } = listen(() => bindings().libbpf.bpf_tc_hook_destroy(hook));
  // What can't be removed now stays on record for a later start.
  const isGone = [0, -Errno.ENOENT, -Errno.EINVAL, -Errno.ENODEV].includes(value);
  if (isGone) for (const record of records) record.remove();
  return value === 0;
}

function orThrow(program: BpfProgram, { name }: NetworkInterface, undo: () => number): void {
  const result = undo();
  if (result >= 0) return;
  throw new EcliError(
    'ATTACH_FAILED',
    `${describe(program)}: its filter can't be removed from ${name}: ${errnoName(result)}`,
    { hint: `by hand: tc filter show dev ${name}, then tc filter del` },
  );
}

function parentOf(point: FilterPoint): number {
  if (point === 'ingress') return INGRESS_PARENT;
  return point === 'egress' ? EGRESS_PARENT : point.parent;
}

function pointOf(parent: number): FilterPoint {
  if (parent === INGRESS_PARENT) return 'ingress';
  return parent === EGRESS_PARENT ? 'egress' : { parent };
}

/** `struct bpf_tc_hook`: 0  size_t sz   8  int ifindex   12  enum bpf_tc_attach_point   16  __u32 parent */
function tcHook({
  interface: { index },
  point,
}: {
  readonly interface: Pick<NetworkInterface, 'index'>;
  readonly point: FilterPoint;
}): Buffer {
  const hook = Buffer.alloc(24);
  hook.writeBigUInt64LE(BigInt(hook.length), 0);
  hook.writeInt32LE(index, 8);
  if (point === 'ingress' || point === 'egress') {
    hook.writeUInt32LE(point === 'ingress' ? BPF_TC_INGRESS : BPF_TC_EGRESS, 12);
  } else {
    hook.writeUInt32LE(BPF_TC_CUSTOM, 12);
    hook.writeUInt32LE(point.parent, 16);
  }
  return hook;
}

/** `struct bpf_tc_opts`: 0  size_t sz   8  int prog_fd   12  __u32 flags   16  __u32 prog_id   20  __u32 handle   24  __u32 priority */
function tcOpts({ handle, priority }: Pick<Filter, 'handle' | 'priority'>, program = 0): Buffer {
  const opts = Buffer.alloc(32);
  opts.writeBigUInt64LE(BigInt(opts.length), 0);
  opts.writeInt32LE(program, 8);
  opts.writeUInt32LE(handle, 20);
  opts.writeUInt32LE(priority, 24);
  return opts;
}

function refused(program: BpfProgram, options: FilterOptions, heard: Heard<number>): EcliError {
  const { interface: at, point } = options;
  const where =
    typeof point === 'string' ? `${at.name} ${point}` : `${at.name} parent ${parentText(point.parent)}`;
  return networkAttachError({
    program,
    where,
    result: heard.value,
    heard,
    reason: takenBy(program, options) ?? reasonOf(options, heard),
  });
}

/** A priority takes filters of one kind, and each handle of it one filter. */
function takenBy(
  program: BpfProgram,
  { interface: at, point, handle, priority }: FilterOptions,
): Reason | undefined {
  const filters = listFilters(at.index, parentOf(point));
  const same = filters.filter((filter) => filter.priority === priority);
  const rival = same.find((filter) => filter.kind !== 'bpf' || filter.handle === handle);
  if (!rival) return undefined;
  const owner =
    rival.programId === undefined ? `a filter of kind ${rival.kind}` : programById(rival.programId);
  const options =
    rival.kind === 'bpf'
      ? `priority=${priority},handle=${firstFree(same.map((filter) => filter.handle))}`
      : `priority=${firstFree(filters.map((filter) => filter.priority))},handle=${handle}`;
  const target =
    typeof point === 'string' ? `${at.name}:${point}` : `${at.name},parent=${parentText(point.parent)}`;
  return {
    message: `priority ${priority}${rival.kind === 'bpf' ? `, handle ${handle}` : ''} is taken by ${owner}`,
    hint: `free is --attach ${program.name}=${target},${options}`,
  };
}

function firstFree(taken: readonly number[]): number {
  let free = 1;
  while (taken.includes(free)) free++;
  return free;
}

function reasonOf({ point }: FilterOptions, { value, lines }: Heard<number>): Reason | undefined {
  const said = lines.join('\n');
  if (-value === Errno.ENOENT && /qdisc kind is unknown|classifier not found|not found/i.test(said)) {
    const { title, since, config } = FEATURES.tc;
    return {
      message: `this kernel has no ${title}`,
      hint: `it takes Linux ${since} or newer, built with ${config}`,
    };
  }
  if (typeof point === 'string' || ![Errno.EINVAL, Errno.ENOENT, Errno.EOPNOTSUPP].includes(-value))
    return undefined;
  return {
    message: `it has no qdisc that takes filters at ${parentText(point.parent)}: ${errnoName(value)}`,
    hint: 'tc qdisc show lists what is there',
  };
}

/** As tc(8) writes it: `1:10`, in hexadecimal. */
function parentText(parent: number): string {
  return `${(parent >>> 16).toString(16)}:${(parent & 0xffff).toString(16)}`;
}
