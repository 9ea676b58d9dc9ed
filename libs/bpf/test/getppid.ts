import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { compileBinary } from '../src/testing/index.ts';
import { closing } from './harness.ts';

const SOURCE = `
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <sys/syscall.h>
int main(int argc, char **argv)
{
  long count = atol(argv[1]), pause = atol(argv[2]);
  unsigned seed = 1;
  puts("ready"); fflush(stdout); getchar();
  for (long i = 0; i < count; i++) {
    syscall(SYS_getppid);
    if (pause) for (volatile long k = (seed = seed * 1103515245u + 12345u) / 65536 % pause; k > 0; k--);
  }
  return 0;
}`;

/** A process that makes system calls which nothing else makes in numbers, once it is told to. */
export class Getppid {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;

  private constructor(child: ChildProcessByStdio<Writable, Readable, null>) {
    this.#child = child;
  }

  /** Starts it waiting, to be closed after the test; it will call getppid(2) `count` times, with up to `pause` turns of a loop between. */
  static async start(count: number, pause = 0): Promise<Getppid> {
    const child = spawn(compileBinary(SOURCE), [String(count), String(pause)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    return closing(new Getppid(child));
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Lets it run; resolves when it has ended. */
  async run(): Promise<void> {
    const ended = once(this.#child, 'exit');
    this.#child.stdin.end('\n');
    await ended;
  }

  /** Ends it, if it still runs. */
  close(): void {
    this.#child.kill('SIGKILL');
  }
}

/** BPF that sends a numbered sample for each getppid(2) of the process `target`, to be put after the includes. */
export const COUNTING_PROGRAM = `
char LICENSE[] SEC("license") = "GPL";
const volatile int target = 0;
__u64 next;
struct counted { __u64 number; char filling[16]; };
static __always_inline int wanted(void) { return bpf_get_current_pid_tgid() >> 32 == target; }
`;
