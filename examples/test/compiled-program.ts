import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Compiles a C program into a folder, with stacks that the kernel can walk, and returns its path. */
export function compileProgram(folder: string, name: string, source: string): string {
  const path = join(folder, name);
  writeFileSync(`${path}.c`, source);
  execFileSync('clang', ['-O0', '-fno-omit-frame-pointer', '-o', path, `${path}.c`]);
  return path;
}
