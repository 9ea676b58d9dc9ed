import { beforeAll, describe, expect } from '@jest/globals';
import { kernelTest, whyNoKernel } from '@ecli/bpf/testing';
import { runCli, startChild, temporaryFolder } from '../../test/harness/index.ts';
import { compileProgram } from './compiled-program.ts';
import { asleep, exchange } from './exchange.ts';
import { exampleSource, startExample } from './running-example.ts';

interface Wait {
  readonly blocked_us: number;
  readonly pid: number;
  readonly tid: number;
  readonly state: string;
  readonly comm: string;
  readonly kstack: readonly { readonly symbol?: string }[];
  readonly ustack: readonly { readonly symbol?: string }[];
}

/** Answers each byte: in one function until it reads the byte 'b', in another from then on. */
const PROGRAM = `
#include <unistd.h>
__attribute__((noinline)) int answer(void)
{
	char byte;
	if (read(0, &byte, 1) != 1 || write(1, &byte, 1) != 1)
		_exit(0);
	return byte;
}
__attribute__((noinline)) void before(void) { while (answer() != 'b') ; }
__attribute__((noinline)) void after(void) { for (;;) answer(); }
int main(void)
{
	before();
	after();
}
`;

const EXCHANGES = 5;

describe('offcpu', () => {
  const folder = temporaryFolder();
  let program = '';
  beforeAll(() => {
    if (!whyNoKernel()) program = compileProgram(folder, 'blocker', PROGRAM);
  });

  kernelTest('shows each time that a thread blocks, where, and for how long', async () => {
    const child = startChild(program);
    const example = startExample<Wait>('offcpu', ['--pid', String(child.pid), '--min-us', '0']);
    const block = async (byte: string) => {
      await asleep(child);
      await exchange(child, byte);
    };
    await example.untilEvent(
      () => true,
      () => block('a'),
    );
    await block('b');
    for (let count = 0; count < EXCHANGES; count++) await block('c');

    const waits = await example.stop();
    child.stdin.end();
    const isIn = (name: string) => (wait: Wait) => wait.ustack.some(({ symbol }) => symbol === name);
    const after = waits.filter(isIn('after'));
    expect(after).toHaveLength(EXCHANGES);
    expect(waits.filter(isIn('before')).length).toBeGreaterThan(0);
    for (const wait of after) {
      expect(wait).toMatchObject({ pid: child.pid, tid: child.pid, comm: 'blocker', state: 'SLEEPING(1)' });
      expect(wait.blocked_us).toBeGreaterThan(0);
      expect(wait.kstack[0]?.symbol).toBe('__schedule');
      expect(wait.ustack.map(({ symbol }) => symbol).slice(-3)).not.toContain('before');
    }
  });

  kernelTest('says in text how long a wait was', async () => {
    const { code, stdout } = await runCli([
      ...['run', '--max-events', '1', '--filter', 'blocked_us>=2000', exampleSource('offcpu')],
      ...['--min-us', '2000'],
    ]);
    expect(code).toBe(0);
    const [wait] =
      /^COMM: .* \(pid=\d+\) @ CPU \d+\nblocked_us = \d+\ntid = \d+\nstate = \w+\(\d\)\nKernel:\n/.exec(
        stdout,
      ) ?? [''];
    expect(Number(/blocked_us = (\d+)/.exec(wait)?.[1])).toBeGreaterThanOrEqual(2000);
  });
});
