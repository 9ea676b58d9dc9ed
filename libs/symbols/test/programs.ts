import { afterAll } from '@jest/globals';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Frame, Symbolizer } from '../src/index.ts';

/**
 * A program that walks its own stack from inside `gamma`, called by `beta`, called by `alpha`, prints the addresses
 * in one line, and then waits until its standard input ends. Labels may be given other names.
 */
export const CHAIN = `
#include <execinfo.h>
#include <stdio.h>
#include <unistd.h>
#define LOUD __attribute__((noinline))
LOUD int gamma_(int x) NAME("gamma_");
LOUD int beta_(int x) NAME("beta_");
LOUD static int alpha_(int x);
LOUD int gamma_(int x) {
  void *stack[32];
  int depth = backtrace(stack, 32);
  for (int i = 0; i < depth; i++) printf("%lx ", (unsigned long)stack[i]);
  printf("\\n");
  fflush(stdout);
  char byte;
  return x + read(0, &byte, 1);
}
LOUD int beta_(int x) { return gamma_(x + 1) + 1; }
LOUD static int alpha_(int x) { return beta_(x + 1) + 1; }
int main(void) { return alpha_(1) == 0; }
`;

/** Flags for a program of CHAIN whose stack can be walked and whose calls stay calls. */
export const CHAIN_FLAGS = ['-O0', '-fno-optimize-sibling-calls', '-funwind-tables'];

/** A folder for what a test file makes; it goes when all its tests have run, and so do its processes. */
export class Workshop {
  readonly folder = mkdtempSync(join(tmpdir(), 'ecli-symbols-'));
  private readonly children: ChildProcess[] = [];

  constructor() {
    afterAll(() => {
      for (const child of this.children) child.kill('SIGKILL');
      rmSync(this.folder, { recursive: true, force: true });
    });
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  /** Compiles `source`, C or C++. */
  compile(name: string, source: string, flags: readonly string[] = [], language: 'c' | 'c++' = 'c'): string {
    const output = this.path(name);
    const compiler = language === 'c' ? 'clang' : 'clang++';
    execFileSync(compiler, [...flags, '-x', language, '-', '-o', output], { input: source, stdio: 'pipe' });
    return output;
  }

  /** Compiles CHAIN. */
  compileChain(name: string, flags: readonly string[] = []): string {
    return this.compile(name, CHAIN, ['-DNAME(x)=', ...CHAIN_FLAGS, ...flags]);
  }

  run(tool: string, ...args: string[]): string {
    return execFileSync(tool, args, { cwd: this.folder, stdio: 'pipe' }).toString();
  }

  /** Starts a program and waits for its first line, which is addresses. */
  async start(command: string, args: readonly string[] = []): Promise<RunningProgram> {
    const child = spawn(command, args, { cwd: this.folder, stdio: ['pipe', 'pipe', 'inherit'] });
    this.children.push(child);
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const nextAddresses = async () => {
      const { value } = (await lines.next()) as IteratorResult<string, undefined>;
      return Array.from((value ?? '').matchAll(/[0-9a-f]+/g), ([digits]) => BigInt(`0x${digits}`));
    };
    return {
      pid: child.pid ?? 0,
      addresses: await nextAddresses(),
      nextAddresses,
      send: (text) => void child.stdin.write(text),
      end: () =>
        new Promise<void>((resolve) => {
          child.once('exit', () => resolve());
          child.stdin.end();
        }),
    };
  }
}

export interface RunningProgram {
  readonly pid: number;
  readonly addresses: readonly bigint[];
  /** Reads another line of addresses. */
  nextAddresses(): Promise<readonly bigint[]>;
  send(text: string): void;
  /** Ends its input, and resolves when the process is gone. */
  end(): Promise<void>;
}

/** Names addresses in a process. */
export function name(symbolizer: Symbolizer<Frame>, pid: number, addresses: readonly bigint[]): Frame[] {
  const process = symbolizer.process(pid);
  return addresses.map((address) => process.frame(Number(address & 0xffff_ffffn), Number(address >> 32n)));
}

/** The symbols of frames, `?` where there is none. */
export function symbols(frames: readonly Frame[]): string[] {
  return frames.map(({ symbol }) => symbol ?? '?');
}
