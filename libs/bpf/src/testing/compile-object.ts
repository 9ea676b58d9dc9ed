import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

const KERNEL_BTF = '/sys/kernel/btf/vmlinux';

export interface CompileOptions {
  /** More arguments for clang. */
  readonly flags?: readonly string[];
  /** Folders searched for `#include "…"`. */
  readonly include?: readonly string[];
}

/**
 * Compiles the text of a `.bpf.c` to a stripped object with BTF, as `ecli build` does. `vmlinux.h` of the
 * running kernel and libbpf's headers can be included. Objects are kept in the user's cache by content, so
 * that a test pays for clang once; headers in `include` are not looked at for that.
 */
export function compileObject(source: string, options: CompileOptions = {}): Uint8Array {
  const flags = clangFlags(options);
  const folder = cacheFolder();
  const object = join(folder, `${digest(source, flags.join('\0'), folder)}.bpf.o`);
  if (!existsSync(object)) writeAtomically(object, (path) => compile(source, flags, path));
  return readFileSync(object);
}

/** Compiles C for this machine, to cause events with; returns the path of the program, kept as objects are. */
export function compileBinary(source: string, flags: readonly string[] = []): string {
  const folder = cacheFolder();
  const binary = join(folder, digest('binary', source, flags.join('\0')));
  if (!existsSync(binary)) {
    writeAtomically(binary, (path) =>
      execFileSync('clang', ['-O1', '-g0', ...flags, '-x', 'c', '-', '-o', path], {
        input: source,
        stdio: 'pipe',
      }),
    );
  }
  return binary;
}

/** The folder that holds `vmlinux.h` of the running kernel, written on first use. */
export function vmlinuxFolder(): string {
  const folder = join(cacheFolder(), digest(readFileSync(KERNEL_BTF)));
  const header = join(folder, 'vmlinux.h');
  if (existsSync(header)) return folder;
  mkdirSync(folder, { recursive: true });
  const args = ['btf', 'dump', 'file', KERNEL_BTF, 'format', 'c'];
  writeAtomically(header, (path) =>
    writeFileSync(path, execFileSync('bpftool', args, { maxBuffer: 64 << 20 })),
  );
  return folder;
}

function clangFlags({ flags = [], include = [] }: CompileOptions): string[] {
  const architecture = process.arch === 'arm64' ? 'arm64' : 'x86';
  const folders = [...include, vmlinuxFolder()].map((folder) => `-I${folder}`);
  return ['-g', '-O2', '-Wall', '-target', 'bpf', `-D__TARGET_ARCH_${architecture}`, ...folders, ...flags];
}

function compile(source: string, flags: readonly string[], output: string): void {
  execFileSync('clang', [...flags, '-x', 'c', '-c', '-', '-o', output], { input: source, stdio: 'pipe' });
  execFileSync('llvm-strip', ['-g', output]);
}

function cacheFolder(): string {
  const folder = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'ecli-test');
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** Test files run side by side: each writes its own copy, and the last rename wins with equal content. */
function writeAtomically(path: string, write: (path: string) => void): void {
  const temporary = mkdtempSync(`${path}.`);
  try {
    write(join(temporary, 'out'));
    renameSync(join(temporary, 'out'), path);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

function digest(...parts: readonly (string | Uint8Array)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part).update('\0');
  return hash.digest('hex').slice(0, 32);
}
