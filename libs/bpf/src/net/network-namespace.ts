import { EcliError, nearNames, printable } from '@ecli/core';
import { closeSync, constants, fstatSync, openSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { bindings } from '../bindings.ts';
import { Errno, errnoName } from '../errno.ts';
import { didYouMean } from '../failures.ts';

/** linux/sched.h */
const CLONE_NEWNET = 0x40000000;

/** The namespace of the calling thread, which is the one that setns(2) changes. */
const OWN = '/proc/thread-self/ns/net';

/** Where ip-netns(8) keeps names. */
export const NAMED_NAMESPACES = '/run/netns';

/** An open network namespace, which lives as long as it is open. */
export class NetworkNamespace {
  /** As other processes know it: the device and the inode of its file. */
  readonly identity: string;
  #descriptor: number;

  private constructor(
    readonly path: string,
    descriptor: number,
  ) {
    const { dev, ino } = fstatSync(descriptor);
    this.identity = `${dev}:${ino}`;
    this.#descriptor = descriptor;
  }

  /**
   * Opens the namespace at a path such as /proc/42/ns/net, or of a name that ip-netns(8) gave; without one, the
   * process's own.
   * The caller closes it.
   *
   * @throws ARGUMENT_INVALID when there is none
   */
  static open(pathOrName: string = OWN): NetworkNamespace {
    const path = pathOrName.includes('/') ? pathOrName : join(NAMED_NAMESPACES, pathOrName);
    const descriptor = openFile(path);
    try {
      return new NetworkNamespace(path, descriptor);
    } catch (error) {
      closeSync(descriptor);
      throw error;
    }
  }

  get descriptor(): number {
    return this.#descriptor;
  }

  /**
   * Does work in it, which must be synchronous: the thread is in the namespace for that time.
   *
   * @throws ARGUMENT_INVALID when it isn't a network namespace, PERMISSION_DENIED, and what `work` throws
   */
  run<T>(work: () => T): T {
    const own = NetworkNamespace.open();
    try {
      if (own.identity === this.identity) return work();
      enter(this);
      try {
        return work();
      } finally {
        enter(own);
      }
    } finally {
      own.close();
    }
  }

  /** Idempotent. */
  close(): void {
    if (this.#descriptor < 0) return;
    closeSync(this.#descriptor);
    this.#descriptor = -1;
  }
}

/** Does synchronous work in the namespace at a path or of a name, or in the process's own. @throws as NetworkNamespace does */
export function inNetworkNamespace<T>(path: string | undefined, work: (namespace: NetworkNamespace) => T): T {
  const namespace = NetworkNamespace.open(path);
  try {
    return namespace.run(() => work(namespace));
  } finally {
    namespace.close();
  }
}

/** Namespaces are regular files of a file system of their own (nsfs); to open another kind may block or act. */
function openFile(path: string): number {
  try {
    if (!statSync(path).isFile()) throw notANamespace(path);
    return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (error instanceof EcliError) throw error;
    throw cannotOpen(path, error);
  }
}

function cannotOpen(path: string, cause: unknown): EcliError {
  const { code = 'unknown' } = cause as NodeJS.ErrnoException;
  if (code !== 'ENOENT' && code !== 'ENOTDIR') {
    return new EcliError(
      'ARGUMENT_INVALID',
      `network namespace ${printable(path)}: can't be opened: ${code}`,
      {
        cause,
      },
    );
  }
  return new EcliError('ARGUMENT_INVALID', `network namespace ${printable(path)}: isn't there`, {
    hint: 'ip netns list names those of ip-netns(8), which are in /run/netns; that of a process is /proc/PID/ns/net',
    ...didYouMean(nearPaths(path)),
    cause,
  });
}

/** Paths of what is beside the one that isn't there. */
function nearPaths(path: string): string[] {
  const folder = dirname(path);
  return nearNames(basename(path), namesIn(folder)).map((name) => join(folder, name));
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function enter({ path, descriptor }: NetworkNamespace): void {
  const result = bindings().libc.setns(descriptor, CLONE_NEWNET);
  if (result === 0) return;
  if (-result === Errno.EINVAL) throw notANamespace(path);
  if (-result === Errno.EPERM) {
    throw new EcliError('PERMISSION_DENIED', `network namespace ${printable(path)}: may not be entered`, {
      hint: 'to enter it takes cap_sys_admin, here and there: run it as root',
    });
  }
  throw new EcliError(
    'ATTACH_FAILED',
    `network namespace ${printable(path)}: can't be entered: ${errnoName(result)}`,
  );
}

function notANamespace(path: string): EcliError {
  return new EcliError('ARGUMENT_INVALID', `${printable(path)}: isn't a network namespace`, {
    hint: 'ip netns list names those of ip-netns(8), which are in /run/netns; that of a process is /proc/PID/ns/net',
  });
}
