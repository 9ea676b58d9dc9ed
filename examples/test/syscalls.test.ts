import { beforeAll, describe, expect } from '@jest/globals';
import { kernelTest, whyNoKernel } from '@ecli/bpf/testing';
import { startChild, startCli, temporaryFolder } from '../../test/harness/index.ts';
import { compileProgram } from './compiled-program.ts';
import { exchange } from './exchange.ts';
import { exampleSource, startExample } from './running-example.ts';

interface Entry {
  readonly key: { readonly pid: number; readonly comm: string };
  readonly value: { readonly count: number; readonly failed: number };
}

/** Answers each byte by two calls and one that fails; having read the byte 'b' it calls itself "counted". */
const PROGRAM = `
#include <sys/prctl.h>
#include <unistd.h>
int main(void)
{
	char byte;
	while (read(0, &byte, 1) == 1) {
		if (byte == 'b')
			prctl(PR_SET_NAME, "counted");
		close(-1);
		if (write(1, &byte, 1) != 1)
			return 1;
	}
	return 0;
}
`;

const EXCHANGES = 50;

describe('syscalls', () => {
  const folder = temporaryFolder();
  let program = '';
  beforeAll(() => {
    if (!whyNoKernel()) program = compileProgram(folder, 'caller', PROGRAM);
  });

  kernelTest('counts the calls of a process, and those that fail', async () => {
    const child = startChild(program);
    const example = startExample<Entry>('syscalls', ['--pid', String(child.pid)]);
    await example.untilEvent(
      ({ key }) => key.comm === 'caller',
      () => exchange(child),
    );
    await exchange(child, 'b');
    for (let count = 0; count < EXCHANGES; count++) await exchange(child);

    const entries = await example.stop();
    child.stdin.end();
    expect(new Set(entries.map(({ key }) => key.pid))).toEqual(new Set([child.pid]));
    const counted = entries.filter(({ key }) => key.comm === 'counted').map(({ value }) => value);
    const sum = (member: 'count' | 'failed') => counted.reduce((total, value) => total + value[member], 0);
    // Besides the exchanges: prctl, close and write of the byte that gave it the name.
    expect({ count: sum('count'), failed: sum('failed') }).toEqual({
      count: 3 * EXCHANGES + 3,
      failed: EXCHANGES + 1,
    });
  });

  kernelTest('shows the busiest process first when asked to', async () => {
    const cli = startCli(['run', '-j', exampleSource('syscalls'), '--sort', '-value.count']);
    const child = startChild(program);
    await cli.untilLine(/"comm":"caller"/, () => exchange(child));
    cli.signal('SIGINT');
    await cli.result;
    const counts = cli.lines().map((line): number => (JSON.parse(line) as Entry).value.count);
    const firstReading = counts.slice(
      0,
      counts.findIndex((count, index) => count > (counts[index - 1] ?? count)),
    );
    expect(firstReading).toEqual(firstReading.toSorted((a, b) => b - a));
    expect(counts.length).toBeGreaterThan(1);
  });
});
