import { constants } from 'node:os';
import { getSystemErrorName } from 'node:util';

/** Error numbers that messages are made from; os.constants has most, linux/errno.h the kernel-internal one. */
export const Errno = {
  EPERM: constants.errno.EPERM,
  ENOENT: constants.errno.ENOENT,
  ESRCH: constants.errno.ESRCH,
  EINTR: constants.errno.EINTR,
  EBADF: constants.errno.EBADF,
  EAGAIN: constants.errno.EAGAIN,
  ENOMEM: constants.errno.ENOMEM,
  EACCES: constants.errno.EACCES,
  ENOEXEC: constants.errno.ENOEXEC,
  EADDRNOTAVAIL: constants.errno.EADDRNOTAVAIL,
  EBUSY: constants.errno.EBUSY,
  EEXIST: constants.errno.EEXIST,
  ENODEV: constants.errno.ENODEV,
  ENXIO: constants.errno.ENXIO,
  ENOSYS: constants.errno.ENOSYS,
  EINVAL: constants.errno.EINVAL,
  EMFILE: constants.errno.EMFILE,
  ENFILE: constants.errno.ENFILE,
  ENOSPC: constants.errno.ENOSPC,
  ERANGE: constants.errno.ERANGE,
  E2BIG: constants.errno.E2BIG,
  EOPNOTSUPP: constants.errno.EOPNOTSUPP,
  ENOTSUPP: 524,
} as const;

/** libbpf's answer to a file that it can't read as ELF. */
export const LIBBPF_ERRNO_FORMAT = 4001;

/** enum libbpf_errno, libbpf.h: numbers that aren't the system's begin at 4000. */
const LIBBPF_ERRORS = [
  'LIBELF',
  'FORMAT',
  'KVERSION',
  'ENDIAN',
  'INTERNAL',
  'RELOC',
  'LOAD',
  'VERIFY',
  'PROG2BIG',
  'KVER',
  'PROGTYPE',
  'WRNGPID',
  'INVSEQ',
  'NLPARSE',
];

/** Where libuv has another name than Linux, or none. */
const NAMES = new Map<number, string>([
  [Errno.EOPNOTSUPP, 'EOPNOTSUPP'],
  [Errno.ENOTSUPP, 'ENOTSUPP'],
  ...LIBBPF_ERRORS.map((name, index) => [4000 + index, `LIBBPF_ERRNO__${name}`] as const),
]);

/** Names an error as C does, `EPERM` or `LIBBPF_ERRNO__FORMAT`, from a negative or positive number. */
export function errnoName(result: number): string {
  const errno = Math.abs(result);
  const name = NAMES.get(errno);
  if (name !== undefined) return name;
  const systemName = getSystemErrorName(-errno);
  return systemName.startsWith('Unknown system error') ? `errno ${errno}` : systemName;
}
