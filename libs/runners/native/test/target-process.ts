import { compileBinary } from '@ecli/bpf/testing';
import { type ChildProcessWithoutNullStreams, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';

/**
 * A program to be probed: for each byte of its input it calls `ecli_add(sum, 2)`, passes a static tracepoint
 * `ecli:turn` with the sum, and writes the byte. The note of the tracepoint is what systemtap's sys/sdt.h makes.
 */
const SOURCE = `
#include <unistd.h>

#define PROBE(provider, name, value) __asm__ volatile( \\
  "990: nop\\n" \\
  ".pushsection .note.stapsdt,\\"\\",\\"note\\"\\n" \\
  ".balign 4\\n" \\
  ".4byte 992f-991f, 994f-993f, 3\\n" \\
  "991: .asciz \\"stapsdt\\"\\n" \\
  "992: .balign 4\\n" \\
  "993: .8byte 990b, _.stapsdt.base, 0\\n" \\
  ".asciz \\"" #provider "\\"\\n" \\
  ".asciz \\"" #name "\\"\\n" \\
  ".asciz \\"-4@%0\\"\\n" \\
  "994: .balign 4\\n" \\
  ".popsection\\n" \\
  ".ifndef _.stapsdt.base\\n" \\
  ".pushsection .stapsdt.base,\\"aG\\",\\"progbits\\",.stapsdt.base,comdat\\n" \\
  ".weak _.stapsdt.base\\n" \\
  ".hidden _.stapsdt.base\\n" \\
  "_.stapsdt.base: .space 1\\n" \\
  ".size _.stapsdt.base, 1\\n" \\
  ".popsection\\n" \\
  ".endif\\n" :: "r"(value))

__attribute__((noinline)) int ecli_add(int a, int b) { __asm__ volatile(""); return a + b; }
__attribute__((noinline)) int ecli_twice(int a) { __asm__ volatile(""); return 2 * a; }

int main(void)
{
  char byte;
  int sum = 0;
  while (read(0, &byte, 1) == 1) {
    sum = ecli_add(sum, 2);
    ecli_twice(sum);
    PROBE(ecli, turn, sum);
    if (write(1, &byte, 1) != 1)
      return 1;
  }
  return 0;
}
`;

/** The path of the program. */
export function targetBinary(): string {
  return compileBinary(SOURCE);
}

/** Runs the program for so many turns, from start to end. */
export function runTarget(turns: number): void {
  execFileSync(targetBinary(), { input: 'x'.repeat(turns) });
}

/** The program while it runs. */
export class TargetProcess {
  private constructor(private readonly child: ChildProcessWithoutNullStreams) {}

  static async start(): Promise<TargetProcess> {
    const child = spawn(targetBinary());
    await once(child, 'spawn');
    return new TargetProcess(child);
  }

  /** Starts it at another path, which leads to it in a mount namespace of its own only, and has it make a turn. */
  static async startAt(path: string): Promise<TargetProcess> {
    const script = 'mount --bind "$1" "$2" && exec "$2"';
    const child = spawn('unshare', ['-m', 'sh', '-c', script, 'sh', targetBinary(), path]);
    const target = new TargetProcess(child);
    await target.turn();
    return target;
  }

  get pid(): number {
    if (this.child.pid === undefined) throw new Error('the target has no pid');
    return this.child.pid;
  }

  /** Has it make a turn, and waits for the end of it. */
  async turn(): Promise<void> {
    this.child.stdin.write('x');
    await once(this.child.stdout, 'data');
  }

  async end(): Promise<void> {
    const exit = once(this.child, 'exit');
    this.child.stdin.end();
    await exit;
  }
}
