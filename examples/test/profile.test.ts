import { beforeAll, describe, expect } from '@jest/globals';
import { kernelTest, whyNoKernel } from '@ecli/bpf/testing';
import { runCli, startChild, temporaryFolder } from '../../test/harness/index.ts';
import { compileProgram } from './compiled-program.ts';
import { exampleSource, startExample } from './running-example.ts';

interface Frame {
  readonly symbol?: string;
}

interface Sample {
  readonly pid: number;
  readonly comm: string;
  readonly kstack: readonly Frame[];
  readonly ustack: readonly Frame[];
}

/** Is busy by itself and, half the time, has the kernel busy for it. */
const PROGRAM = `
#include <fcntl.h>
#include <unistd.h>
static char bytes[65536];
static volatile unsigned long turns;
__attribute__((noinline)) void spin(void) { for (int turn = 0; turn < 300000; turn++) turns++; }
__attribute__((noinline)) void work(int zeros)
{
	spin();
	if (read(zeros, bytes, sizeof(bytes)) < 0)
		_exit(1);
}
int main(void)
{
	int zeros = open("/dev/urandom", O_RDONLY);
	for (;;)
		work(zeros);
}
`;

const FREQUENCY = ['--frequency', '499'];

function symbols(frames: readonly Frame[]): (string | undefined)[] {
  return frames.map(({ symbol }) => symbol);
}

describe('profile', () => {
  const folder = temporaryFolder();
  let program = '';
  beforeAll(() => {
    if (!whyNoKernel()) program = compileProgram(folder, 'busy', PROGRAM);
  });

  kernelTest('shows where a busy process is, in its own code and in the kernel', async () => {
    const child = startChild(program);
    const example = startExample<Sample>('profile', ['--pid', String(child.pid), ...FREQUENCY]);
    const own = await example.untilEvent(({ ustack }) => ustack[0]?.symbol === 'spin');
    expect(symbols(own.ustack).slice(0, 3)).toEqual(['spin', 'work', 'main']);
    const inKernel = await example.untilEvent(({ kstack }) => symbols(kstack).includes('vfs_read'));
    expect(symbols(inKernel.ustack)).toContain('main');
    const samples = await example.stop();
    expect(samples.every(({ pid, comm }) => pid === child.pid && comm === 'busy')).toBe(true);
  });

  kernelTest('counts equal stacks for flame graphs', async () => {
    const child = startChild(program);
    const args = ['run', '--folded', '--max-events', '100', ...FREQUENCY, exampleSource('profile')];
    const { code, stdout, stderr } = await runCli([...args, '--pid', String(child.pid)]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const lines = stdout.trimEnd().split('\n');
    const counts = lines.map((line) => Number(/^busy;.* (\d+)$/.exec(line)?.[1]));
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(100);
    expect(stdout).toMatch(/^busy;.*main;work;spin \d+$/m);
    expect(stdout).toMatch(/;vfs_read_\[k\];/);
  });
});
