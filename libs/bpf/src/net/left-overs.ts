import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { bindings } from '../bindings.ts';
import { programInfoById } from '../program-info.ts';
import { type AttachRecord, ownerState, readRecords } from './attach-record.ts';
import { NAMED_NAMESPACES, NetworkNamespace } from './network-namespace.ts';
import { removeFilters, removeOwnQdisc } from './traffic-control.ts';
import { removeXdpProgram, xdpProgramIds } from './xdp.ts';

/**
 * Removes what ecli processes left in the kernel that ended without a chance to detach (SIGKILL, a crash): only
 * what still is the recorded program's, only where the process is gone. Costs a look into a folder where there's
 * nothing to do; never fails.
 *
 * @param tell takes a line for each thing removed, and for what can't be
 */
export function removeLeftOvers(tell: (line: string) => void = () => undefined): void {
  for (const record of inOrder(readRecords())) {
    try {
      if (ownerState(record) === 'gone') removeOne(record, tell);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      tell(`${describe(record)} that an ecli left which is gone can't be removed: ${reason}`);
    }
  }
}

/** A qdisc goes once its filters are gone. */
function inOrder(records: readonly AttachRecord[]): AttachRecord[] {
  const isQdisc = ({ kind }: AttachRecord): boolean => kind === 'clsact';
  return [...records.filter((record) => !isQdisc(record)), ...records.filter(isQdisc)];
}

function removeOne(record: AttachRecord, tell: (line: string) => void): void {
  const namespace = findNamespace(record);
  try {
    // What was in a namespace that is gone went with it.
    const outcome = namespace?.run(() => REMOVERS[record.kind](record)) ?? 'gone';
    if (outcome !== 'stays') record.remove();
    if (outcome === 'removed') tell(`removed ${describe(record)} that an ecli left which is gone`);
  } finally {
    namespace?.close();
  }
}

type Outcome = 'removed' | 'gone' | 'stays';

const REMOVERS: Readonly<Record<AttachRecord['kind'], (record: AttachRecord) => Outcome>> = {
  filter({ interface: { index }, parent = 0, program }) {
    const result = removeFilters(index, parent, ({ programId }) => isRecorded(programId, program));
    if (result < 0) return 'stays';
    return result > 0 ? 'removed' : 'gone';
  },
  // Its record goes with it, and stays where another still has filters there.
  clsact: ({ interface: at, namespace }) => (removeOwnQdisc(at, namespace) ? 'removed' : 'stays'),
  xdp({ interface: { index }, flags = 0, program }) {
    const id = xdpProgramIds(index).find((each) => isRecorded(each, program));
    if (id === undefined) return 'gone';
    return detachXdp(index, flags, id) < 0 ? 'stays' : 'removed';
  },
};

/** Program ids are given out again after four billion; the tag comes from the instructions. */
function isRecorded(id: number | undefined, recorded: AttachRecord['program']): boolean {
  return id !== undefined && id === recorded?.id && programInfoById(id)?.tag === recorded.tag;
}

function detachXdp(index: number, flags: number, id: number): number {
  const { libbpf, libc } = bindings();
  const fd = libbpf.bpf_prog_get_fd_by_id(id);
  if (fd < 0) return 0;
  try {
    return removeXdpProgram(index, flags, { fd, id });
  } finally {
    libc.close(fd);
  }
}

/** Looks for a namespace where it was, among those with names, and among those of processes. */
function findNamespace({ namespace: { path, identity } }: AttachRecord): NetworkNamespace | undefined {
  const named = namesIn(NAMED_NAMESPACES).map((name) => join(NAMED_NAMESPACES, name));
  for (const candidate of [undefined, path, ...named, ...processNamespaces()]) {
    const namespace = openIfThere(candidate);
    if (namespace?.identity === identity) return namespace;
    namespace?.close();
  }
  return undefined;
}

function* processNamespaces(): Generator<string> {
  for (const name of namesIn('/proc')) if (/^\d+$/.test(name)) yield `/proc/${name}/ns/net`;
}

function openIfThere(path: string | undefined): NetworkNamespace | undefined {
  try {
    return NetworkNamespace.open(path);
  } catch {
    return undefined;
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

const NAMES = { filter: 'a tc filter', clsact: 'a clsact qdisc', xdp: 'an XDP program' } as const;

function describe({ kind, interface: { name } }: AttachRecord): string {
  return `${NAMES[kind]} on ${name}`;
}
