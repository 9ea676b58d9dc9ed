import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { type Bindings, bindings } from './bindings.ts';

/** linux/memfd.h */
const MFD_CLOEXEC = 1;
/** linux/fcntl.h: F_DUPFD_CLOEXEC */
const F_DUPFD_CLOEXEC = 1030;
/** enum libbpf_print_level: LIBBPF_WARN, LIBBPF_INFO, LIBBPF_DEBUG. */
const LEVELS = [0, 1, 2] as const;
const DEBUG = 2;

/** What a call returned, and what libbpf said meanwhile: lines without the `libbpf: ` before them. */
export interface Heard<T> {
  readonly value: T;
  readonly lines: readonly string[];
}

export type Listen = <T>(call: () => T) => Heard<T>;

/**
 * Runs `call` and listens to libbpf, whose messages (the verifier's log among them) say why a load fails.
 *
 * libbpf hands each message to a C function `int (*)(enum libbpf_print_level, const char *format, va_list)`,
 * and a JavaScript callback can't take a va_list. But vdprintf(3) has that very shape, with a descriptor in
 * the place of the level; so it is made the print function, and for as long as `call` runs the descriptors
 * 0, 1 and 2 lead to a file in memory (2, the debug level, to /dev/null unless `verbose`). Nothing else may
 * write to them meanwhile, so `call` must be synchronous.
 */
export function listen<T>(call: () => T, verbose = false): Heard<T> {
  const { libbpf, libc } = bindings();
  const file = libc.memfd_create('libbpf-messages', MFD_CLOEXEC);
  // Out of descriptors: the call will say so better than we could.
  if (file < 0) return { value: call(), lines: [] };
  try {
    const value = redirected(file, verbose, () => {
      libbpf.libbpf_set_print(vdprintf());
      try {
        return call();
      } finally {
        libbpf.libbpf_set_print(0);
      }
    });
    return { value, lines: readLines(file) };
  } finally {
    closeSync(file);
  }
}

let vdprintfAddress: number | undefined;

function vdprintf(): number {
  // RTLD_DEFAULT is 0 on Linux.
  vdprintfAddress ??= bindings().libc.dlsym(0, 'vdprintf');
  return vdprintfAddress;
}

function redirected<T>(file: number, verbose: boolean, call: () => T): T {
  const { libc } = bindings();
  const sink = verbose ? undefined : openSync('/dev/null', 'w');
  const saved = LEVELS.map((level) => libc.fcntl(level, F_DUPFD_CLOEXEC, DEBUG + 1));
  try {
    for (const level of LEVELS) libc.dup2(level === DEBUG ? (sink ?? file) : file, level);
    return call();
  } finally {
    saved.forEach((descriptor, level) => restore(libc, descriptor, level));
    if (sink !== undefined) closeSync(sink);
  }
}

/** A level that was closed before (its duplicate is an error) is closed again. */
function restore(libc: Bindings['libc'], saved: number, level: number): void {
  if (saved < 0) {
    libc.close(level);
    return;
  }
  libc.dup2(saved, level);
  libc.close(saved);
}

function readLines(file: number): string[] {
  const { size } = fstatSync(file);
  if (size === 0) return [];
  const bytes = Buffer.alloc(size);
  const length = readSync(file, bytes, 0, size, 0);
  const text = bytes.toString('utf8', 0, length).trimEnd();
  return text.split('\n').map((line) => line.replace(/^libbpf: /, ''));
}
