import { EcliError, printable } from '@ecli/core';
import {
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  rmdirSync,
  writeFileSync,
} from 'node:fs';
import { tracefsFolder } from './tracefs.ts';
import { Waiter } from './waiter.ts';

/** Instances of ours: the process, and a number for each pipe it has. */
const OWN_INSTANCE = /^ecli-(\d+)-\d+$/;
/** The event that bpf_printk makes, since Linux 5.9; before, its text went into the first buffer only. */
const PRINTK_EVENT = 'events/bpf_trace/bpf_trace_printk/enable';
/** The kernel gives at most a page at a time. */
const READ_BYTES = 64 * 1024;

let pipesMade = 0;

/**
 * What programs write with bpf_printk, as text lines. The kernel doesn't say whose a line is, so that those of all
 * programs come. A tracefs instance of its own lets others read them as well.
 */
export class TracePipe {
  /** False where lines are taken from the system's one pipe, and whoever else reads it misses them. */
  readonly isPrivate: boolean;
  readonly #folder: string;
  readonly #descriptor: number;
  readonly #waiter: Waiter;
  readonly #buffer = Buffer.alloc(READ_BYTES);

  private constructor(folder: string, isPrivate: boolean) {
    this.#folder = folder;
    this.isPrivate = isPrivate;
    this.#descriptor = openSync(`${folder}/trace_pipe`, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      // Reading is how to know whether there is something, and would take it.
      this.#waiter = new Waiter(this.#descriptor, () => false);
    } catch (error) {
      closeSync(this.#descriptor);
      throw error;
    }
  }

  /** Lines from now on. @throws FEATURE_UNSUPPORTED without tracefs, PERMISSION_DENIED, LOAD_FAILED */
  static open(): TracePipe {
    const tracefs = tracefsFolder();
    if (tracefs === undefined) {
      throw new EcliError(
        'FEATURE_UNSUPPORTED',
        'bpf_printk: its text is read from tracefs, which is not mounted',
        {
          hint: 'mount -t tracefs tracefs /sys/kernel/tracing',
        },
      );
    }
    removeStaleInstances(tracefs);
    try {
      return TracePipe.#openPrivate(tracefs) ?? new TracePipe(tracefs, false);
    } catch (error) {
      throw unreadable(tracefs, error);
    }
  }

  static #openPrivate(tracefs: string): TracePipe | undefined {
    if (!existsSync(`${tracefs}/${PRINTK_EVENT}`)) return undefined;
    const folder = `${tracefs}/instances/ecli-${process.pid}-${pipesMade++}`;
    try {
      mkdirSync(folder);
    } catch {
      return undefined; // the system's pipe says whether it is a matter of rights
    }
    try {
      writeFileSync(`${folder}/${PRINTK_EVENT}`, '1');
      return new TracePipe(folder, true);
    } catch (error) {
      removeInstance(folder);
      throw error;
    }
  }

  /** Takes what there is; empty when there is nothing. The bytes are lent until the next call. */
  read(): Uint8Array {
    try {
      return this.#buffer.subarray(0, readSync(this.#descriptor, this.#buffer));
    } catch (error) {
      if (isErrno(error, 'EAGAIN', 'EINTR')) return this.#buffer.subarray(0, 0);
      throw unreadable(this.#folder, error);
    }
  }

  /** Resolves when there is something, after `wake`, or after `timeoutMs`. One wait at a time. */
  wait(timeoutMs: number): Promise<void> {
    return this.#waiter.wait(timeoutMs);
  }

  wake(): void {
    this.#waiter.wake();
  }

  /** Not while a wait is pending. */
  close(): void {
    this.#waiter.close();
    closeSync(this.#descriptor);
    if (this.isPrivate) removeInstance(this.#folder);
  }
}

/** Removes what processes of ours left that ended without a chance to. The kernel keeps those in use. */
function removeStaleInstances(tracefs: string): void {
  for (const name of namesIn(`${tracefs}/instances`)) {
    const [, pid] = OWN_INSTANCE.exec(name) ?? [];
    if (pid !== undefined && !existsSync(`/proc/${pid}`)) removeInstance(`${tracefs}/instances/${name}`);
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // not readable: then nothing in it is ours
  }
}

function removeInstance(folder: string): void {
  try {
    rmdirSync(folder);
  } catch (error) {
    if (!isErrno(error, 'EBUSY', 'ENOENT', 'ENODEV', 'EACCES', 'EPERM')) throw error;
  }
}

function unreadable(folder: string, cause: unknown): EcliError {
  if (cause instanceof EcliError) return cause;
  const { message } = cause as NodeJS.ErrnoException;
  const code = isErrno(cause, 'EACCES', 'EPERM') ? 'PERMISSION_DENIED' : 'LOAD_FAILED';
  const hint = code === 'PERMISSION_DENIED' ? { hint: `run it as root, or let it read ${folder}` } : {};
  return new EcliError(code, `bpf_printk: its text can't be read: ${printable(message)}`, { ...hint, cause });
}

function isErrno(error: unknown, ...codes: readonly string[]): boolean {
  const { code = '' } = error as NodeJS.ErrnoException;
  return codes.includes(code);
}
