import { randomBytes } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';

/**
 * Names a process so that others can tell whether it still runs: a pid alone is given to another one later, and
 * means nothing after a boot, in another pid namespace or on another machine.
 */
export interface ProcessIdentity {
  readonly pid: number;
  /** In clock ticks since the boot, field 22 of /proc/PID/stat (proc(5)). */
  readonly startTime: string;
  /** Of /proc/sys/kernel/random/boot_id, the first part. */
  readonly boot: string;
  /** The inode of the pid namespace. */
  readonly namespace: string;
}

/** Whether a process still runs; `unknown` of one that can't be seen from here. */
export type Liveness = 'alive' | 'dead' | 'unknown';

const SPELLED = /^(?<pid>\d{1,10})-(?<startTime>\d+|x)-(?<boot>[0-9a-f]+|x)-(?<namespace>\d+|x)$/;
/** Stands for what /proc doesn't say. */
const UNKNOWN = 'x';

let own: ProcessIdentity | undefined;

/** The identity of this process. */
export function ownIdentity(): ProcessIdentity {
  return (own ??= {
    pid: process.pid,
    startTime: startTimeOf(process.pid) ?? UNKNOWN,
    boot: tryRead(() => readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').split('-', 1)[0]),
    namespace: tryRead(() => /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0]),
  });
}

/** Spells an identity as part of a file name. */
export function spellIdentity({ pid, startTime, boot, namespace }: ProcessIdentity): string {
  return `${pid}-${startTime}-${boot}-${namespace}`;
}

/** Reads what `spellIdentity` wrote; undefined for anything else. */
export function parseIdentity(text: string): ProcessIdentity | undefined {
  const { pid, startTime, boot, namespace } = SPELLED.exec(text)?.groups ?? {};
  if (pid === undefined || startTime === undefined || boot === undefined || namespace === undefined) {
    return undefined;
  }
  return { pid: Number(pid), startTime, boot, namespace };
}

/** Tells whether the process still runs, as far as it can be seen from this one. */
export function livenessOf(identity: ProcessIdentity): Liveness {
  const { boot, namespace } = ownIdentity();
  const isNear = identity.boot === boot && identity.namespace === namespace;
  if (!isNear || [boot, namespace, identity.startTime].includes(UNKNOWN)) return 'unknown';
  const startTime = startTimeOf(identity.pid);
  if (startTime !== undefined) return startTime === identity.startTime ? 'alive' : 'dead';
  // Where /proc hides the processes of others (hidepid), a signal still tells.
  return isThere(identity.pid) ? 'unknown' : 'dead';
}

/** A name that no other file, lock or process has. */
export function uniqueToken(): string {
  return randomBytes(6).toString('hex');
}

/** Undefined when there is no such process to be seen. */
function startTimeOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name of the program stands in parentheses, and may hold anything.
    const [state, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // One that ended, and that nobody has waited for yet, does nothing more.
    return state === 'Z' || state === 'X' ? 'ended' : fields[18];
  } catch {
    return undefined;
  }
}

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function tryRead(read: () => string | undefined): string {
  try {
    return read() ?? UNKNOWN;
  } catch {
    return UNKNOWN;
  }
}
