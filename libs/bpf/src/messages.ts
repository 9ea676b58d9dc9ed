import { closeSync, fstatSync, readSync } from 'node:fs';
import { bindings } from './bindings.ts';
import { printFunction } from './print-function.ts';

/** linux/memfd.h */
const MFD_CLOEXEC = 1;
/** sys/mman.h */
const PROT_READ = 1;
const PROT_WRITE = 2;
const PROT_EXEC = 4;
const MAP_PRIVATE_ANONYMOUS = 0x22;
/** enum libbpf_print_level; LIBBPF_WARN is 0. */
const LIBBPF_INFO = 1;
const LIBBPF_DEBUG = 2;

/** What a call returned, and what libbpf said meanwhile: lines without the `libbpf: ` before them. */
export interface Heard<T> {
  readonly value: T;
  readonly lines: readonly string[];
  /** The lines as one text, to be an error's details; empty where somebody has been told them already. */
  readonly details: string;
}

export type Listen = <T>(call: () => T) => Heard<T>;

/**
 * Runs `call`, which must be synchronous, and listens to libbpf, whose messages (the verifier's log among them)
 * say why a load fails; debug messages only when `verbose`.
 *
 * libbpf hands each message to a C function `int (*)(enum libbpf_print_level, const char *format, va_list)`,
 * and a JavaScript callback can't take a va_list. But vdprintf(3) has that very shape, with a descriptor in the
 * place of the level; so a few instructions put the descriptor of a file in memory there. (To redirect the
 * descriptors 0 to 2 instead would lose what other threads write to standard output meanwhile.)
 *
 * Where this can't be done, for want of descriptors or leave to make code, the lines stay empty.
 */
export function listen<T>(call: () => T, verbose = false): Heard<T> {
  const { libbpf, libc } = bindings();
  const file = libc.memfd_create('libbpf-messages', MFD_CLOEXEC);
  if (file < 0) return { value: call(), lines: [], details: '' };
  const code = printFunction(file, verbose ? LIBBPF_DEBUG : LIBBPF_INFO, vdprintf());
  const page = code ? executablePage(code) : undefined;
  try {
    libbpf.libbpf_set_print(page ?? 0);
    const value = call();
    const lines = readLines(file);
    return { value, lines, details: lines.join('\n') };
  } finally {
    libbpf.libbpf_set_print(0);
    if (page !== undefined) libc.munmap(page, libc.getpagesize());
    closeSync(file);
  }
}

let vdprintfAddress: number | undefined;

function vdprintf(): number {
  // RTLD_DEFAULT is 0 on Linux.
  vdprintfAddress ??= bindings().libc.dlsym(0, 'vdprintf');
  return vdprintfAddress;
}

/**
 * Puts `code` into a page of its own, never writable and executable at once. The kernel makes the instruction
 * cache see it (arch/arm64/mm/flush.c, __sync_icache_dcache) when the page becomes executable.
 */
function executablePage(code: Uint8Array): number | undefined {
  const { libc } = bindings();
  const bytes = libc.getpagesize();
  const page = libc.mmap(0, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE_ANONYMOUS, -1, 0);
  if (page < 0) return undefined;
  libc.memcpy(page, code, code.byteLength);
  if (libc.mprotect(page, bytes, PROT_READ | PROT_EXEC) === 0) return page;
  libc.munmap(page, bytes);
  return undefined;
}

function readLines(file: number): string[] {
  const { size } = fstatSync(file);
  if (size === 0) return [];
  const bytes = Buffer.alloc(size);
  const length = readSync(file, bytes, 0, size, 0);
  const text = bytes.toString('utf8', 0, length).trimEnd();
  return text.split('\n').map((line) => line.replace(/^libbpf: /, ''));
}
