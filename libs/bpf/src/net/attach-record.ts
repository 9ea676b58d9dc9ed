import {
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { ProgramInfo } from '../program-info.ts';
import type { NetworkInterface } from './network-interface.ts';

/**
 * What the kernel keeps although the process that attached it is gone, so that a later start can remove it:
 * a filter of traffic control, an XDP program attached by netlink, the qdisc that holds filters.
 */
export interface RecordedAttachment {
  readonly kind: 'filter' | 'xdp' | 'clsact';
  readonly namespace: { readonly path: string; readonly identity: string };
  readonly interface: NetworkInterface;
  /** Of a filter: the parent in traffic control's numbers. */
  readonly parent?: number;
  /** Of a filter. */
  readonly handle?: number;
  readonly priority?: number;
  /** Of an XDP program: its mode. */
  readonly flags?: number;
  readonly program?: ProgramInfo | undefined;
}

/** Who wrote a record: a process id means a process only together with the rest. */
interface Owner {
  readonly boot: string;
  readonly pidNamespace: string;
  readonly pid: number;
  /** Field 22 of /proc/PID/stat. */
  readonly startTime: string;
}

export interface AttachRecord extends RecordedAttachment {
  readonly owner: Owner;
  /** Idempotent. */
  remove(): void;
}

let written = 0;

/**
 * Writes a record: of a filter or a program before it is attached, of a qdisc, which may be somebody's already, once
 * it is made. Undefined where this user has no folder for it: a crash leaves something behind then.
 */
export function writeRecord(attachment: RecordedAttachment): AttachRecord | undefined {
  const folder = recordFolder();
  if (folder === undefined) return undefined;
  const owner = ownOwner();
  const path = join(folder, `${owner.pid}-${owner.startTime}-${++written}.json`);
  const { kind, namespace, interface: at, parent, handle, priority, flags, program } = attachment;
  const { path: namespacePath, identity } = namespace;
  const content = {
    kind,
    namespace: { path: resolve(namespacePath), identity },
    interface: at,
    parent,
    handle,
    priority,
    flags,
    program,
    owner,
  };
  try {
    mkdirSync(dirname(folder), { recursive: true });
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    if (!isPrivate(folder)) return undefined;
    writeFileSync(`${path}.new`, JSON.stringify(content), { mode: 0o600 });
    renameSync(`${path}.new`, path);
  } catch {
    return undefined;
  }
  return { ...attachment, owner, remove: () => rmSync(path, { force: true }) };
}

/** Reads all records; one that can't be read is removed. */
export function readRecords(): AttachRecord[] {
  const folder = recordFolder();
  if (folder === undefined || !isPrivate(folder)) return [];
  return namesIn(folder)
    .filter((name) => name.endsWith('.json'))
    .flatMap((name) => readRecord(join(folder, name)) ?? []);
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function readRecord(path: string): AttachRecord | undefined {
  const remove = (): void => rmSync(path, { force: true });
  try {
    const record: unknown = JSON.parse(readFileSync(path, 'utf8'));
    if (isRecord(record)) return { ...record, remove };
  } catch {
    // Gone meanwhile, or cut short by a full disk.
  }
  remove();
  return undefined;
}

function isRecord(value: unknown): value is Omit<AttachRecord, 'remove'> {
  if (typeof value !== 'object' || value === null) return false;
  const { kind, namespace, interface: at, owner } = value as Partial<AttachRecord>;
  return kind !== undefined && namespace !== undefined && at !== undefined && owner !== undefined;
}

/** Whether the process that wrote a record may still be there; `elsewhere` when it can't be seen from here. */
export function ownerState({ owner }: AttachRecord): 'alive' | 'gone' | 'elsewhere' {
  const here = ownOwner();
  if (owner.boot !== here.boot) return 'gone';
  if (owner.pidNamespace !== here.pidNamespace) return 'elsewhere';
  return startTimeOf(owner.pid) === owner.startTime ? 'alive' : 'gone';
}

let own: Owner | undefined;

function ownOwner(): Owner {
  own ??= {
    boot: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(),
    pidNamespace: readlinkSync('/proc/self/ns/pid'),
    pid: process.pid,
    startTime: startTimeOf(process.pid) ?? '',
  };
  return own;
}

function startTimeOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is a name that may have spaces and brackets of its own; the third comes next.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}

/** Files of this user's that last until the next boot (file-hierarchy(7)). */
function recordFolder(): string | undefined {
  if (process.geteuid?.() === 0) return '/run/ecli/attached';
  const runtime = process.env['XDG_RUNTIME_DIR'];
  return runtime?.startsWith('/') ? join(runtime, 'ecli/attached') : undefined;
}

/** What others could write would have us remove what isn't ours. */
function isPrivate(folder: string): boolean {
  try {
    const { uid, mode } = lstatSync(folder);
    return uid === process.geteuid?.() && (mode & 0o022) === 0;
  } catch {
    return false;
  }
}
