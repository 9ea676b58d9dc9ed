import { EcliError, nearNames, printable } from '@ecli/core';
import {
  closeSync,
  constants,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  statfsSync,
  statSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { Errno } from '../errno.ts';
import { didYouMean } from '../failures.ts';
import type { Link } from '../link.ts';
import { mayLoadPrograms } from '../privileges.ts';
import type { BpfProgram } from '../program.ts';
import { sectionKind } from '../section-kind.ts';
import { createLink } from './create-link.ts';
import { networkAttachError, type Reason } from './network-attach-error.ts';
import { PlaceLink } from './place-link.ts';

/** linux/magic.h */
const CGROUP2_SUPER_MAGIC = 0x63677270;

/**
 * Finds a cgroup by its path, absolute or from where cgroup2 is mounted; without one, the root, which all processes
 * are in.
 *
 * @returns its absolute path
 * @throws ATTACH_FAILED for one that isn't there, with near names, and where cgroup2 isn't mounted; ARGUMENT_INVALID
 * for a file or folder that is no cgroup of version 2
 */
export function findCgroup(wanted = ''): string {
  const path = wanted.startsWith('/') ? resolve(wanted) : join(cgroupMount(), wanted);
  if (!isFolder(path) && !existsSync(path)) throw notThere(path);
  if (isFolder(path) && statfsSync(path).type === CGROUP2_SUPER_MAGIC) return path;
  const mount = findMount();
  throw new EcliError('ARGUMENT_INVALID', `${printable(path)}: is no cgroup of version 2`, {
    hint: mount === undefined ? MOUNT_IT : `those are under ${printable(mount)}`,
  });
}

const MOUNT_IT = 'mount it: sudo mount -t cgroup2 none /sys/fs/cgroup';

function cgroupMount(): string {
  const mount = findMount();
  if (mount !== undefined) return mount;
  throw new EcliError(
    'ATTACH_FAILED',
    "cgroup2 isn't mounted, which has the cgroups that programs attach to",
    {
      hint: MOUNT_IT,
    },
  );
}

/** The first mount of cgroup2: /sys/fs/cgroup, or beside version 1 /sys/fs/cgroup/unified. */
function findMount(): string | undefined {
  const mounts = readFileSync('/proc/self/mounts', 'utf8').split('\n');
  const path = mounts.map((line) => line.split(' ')).find(([, , type]) => type === 'cgroup2')?.[1];
  // Spaces and such are octal: proc_pid_mounts(5), getmntent(3).
  return path?.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(parseInt(digits, 8)));
}

/** What can't be reached, or has a name longer than the kernel takes, is none. */
function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

/** Offers what is beside the first part of the path that isn't there. */
function notThere(path: string): EcliError {
  let missing = path;
  while (dirname(missing) !== '/' && !isFolder(dirname(missing))) missing = dirname(missing);
  const folder = dirname(missing);
  const near = nearNames(missing.slice(folder.length + 1), foldersIn(folder)).map((name) =>
    join(folder, name),
  );
  return new EcliError('ATTACH_FAILED', `cgroup ${printable(path)}: isn't there`, {
    hint: 'systemd-cgls shows those that are',
    ...didYouMean(near),
  });
}

function foldersIn(folder: string): string[] {
  try {
    const entries = readdirSync(folder, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  } catch {
    return [];
  }
}

/**
 * Attaches a program to a cgroup and all below it, beside others, by a link.
 *
 * @throws ATTACH_FAILED, PERMISSION_DENIED, FEATURE_UNSUPPORTED
 */
export function attachToCgroup(program: BpfProgram, path: string): Link {
  const folder = openFolder(path);
  try {
    const result = createLink(program, folder);
    if (result >= 0) return new PlaceLink(result);
    const { feature } = sectionKind(program.section);
    const reason = reasonOf(-result);
    throw networkAttachError({ program, where: `cgroup ${path}`, result, feature, reason });
  } finally {
    closeSync(folder);
  }
}

function openFolder(path: string): number {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') throw notThere(path);
    throw new EcliError('ATTACH_FAILED', `cgroup ${printable(path)}: can't be opened: ${code ?? 'unknown'}`, {
      cause,
    });
  }
}

/** kernel/bpf/cgroup.c, hierarchy_allows_attach, __cgroup_bpf_attach */
function reasonOf(errno: number): Reason | undefined {
  if (errno === Errno.E2BIG) {
    return { message: 'it has 64 programs of this kind, which is the most it takes' };
  }
  if (errno !== Errno.EPERM || !mayLoadPrograms()) return undefined;
  return {
    message: 'a program is attached here or above that allows no others',
    hint: 'bpftool cgroup tree lists it',
  };
}
