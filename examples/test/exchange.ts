import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { eventually } from '../../test/harness/index.ts';

/** Has a child that answers what it reads, as `cat` does, wake up, answer and go to sleep again. */
export async function exchange(child: ChildProcessWithoutNullStreams, text = '.'): Promise<void> {
  const answer = once(child.stdout, 'data');
  child.stdin.write(text);
  await answer;
}

/** Waits until a process sleeps, and returns what proc(5) says of it then. */
export function asleep({ pid }: ChildProcessWithoutNullStreams): Promise<string> {
  return eventually('the child sleeps', () => {
    const text = readFileSync(`/proc/${pid}/status`, 'utf8');
    return /^State:\s+S/m.test(text) && text;
  });
}

/** How often a thread that sleeps has left its CPU, to wait for something or to make room; so often it got one. */
export async function turnsOf(child: ChildProcessWithoutNullStreams): Promise<number> {
  const counts = [...(await asleep(child)).matchAll(/^(?:non)?voluntary_ctxt_switches:\s+(\d+)$/gm)];
  return counts.reduce((sum, [, count]) => sum + Number(count), 0);
}
