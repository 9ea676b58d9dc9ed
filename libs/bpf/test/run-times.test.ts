import { describe, expect } from '@jest/globals';
import { countRunTimes, programInfo, type ProgramInfo } from '../src/index.ts';
import { kernelTest } from '../src/testing/index.ts';
import { COUNTING_PROGRAM, Getppid } from './getppid.ts';
import { closing, expectNothingLeftOpen, open, setFirstInt } from './harness.ts';

const PROGRAM = `${COUNTING_PROGRAM}
SEC("tracepoint/syscalls/sys_enter_getppid") int on_getppid(void *ctx)
{
  if (wanted()) next++;
  return 0;
}`;

/** What is said of the program after a process has made `count` calls that run it. */
async function infoAfter(count: number): Promise<ProgramInfo> {
  const generator = await Getppid.start(count);
  const object = open(PROGRAM);
  setFirstInt(object, '.rodata', generator.pid);
  object.load();
  const [program] = object.programs;
  if (!program) throw new Error('no program');
  program.attach();
  await generator.run();
  const info = programInfo(program.fd);
  if (!info) throw new Error('nothing is known of it');
  return info;
}

describe('countRunTimes', () => {
  expectNothingLeftOpen();

  kernelTest('has each run counted and timed', async () => {
    const link = countRunTimes();
    if (!link) throw new Error('this kernel should count');
    closing({ close: () => link.destroy() });
    const { runCount, runTimeNs, misses, jitedBytes, verifiedInstructions, name } = await infoAfter(10_000);
    // Whoever else calls getppid runs it too.
    expect(runCount).toBeGreaterThanOrEqual(10_000);
    expect(runCount).toBeLessThan(11_000);
    expect(runTimeNs / runCount).toBeGreaterThan(1);
    expect(runTimeNs / runCount).toBeLessThan(10_000);
    expect({ misses, name }).toEqual({ misses: 0, name: 'on_getppid' });
    expect(jitedBytes).toBeGreaterThan(0);
    expect(verifiedInstructions).toBeGreaterThan(5);
  });
});
