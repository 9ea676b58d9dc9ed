import { describe, expect } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmdirSync } from 'node:fs';
import { TracePipe } from '../src/index.ts';
import { kernelTest } from '../src/testing/index.ts';
import { COUNTING_PROGRAM, Getppid } from './getppid.ts';
import { closing, expectNothingLeftOpen, open, setFirstInt } from './harness.ts';

const INSTANCES = '/sys/kernel/tracing/instances';

const PROGRAM = `${COUNTING_PROGRAM}
SEC("tracepoint/syscalls/sys_enter_getppid") int on_getppid(void *ctx)
{
  if (wanted()) bpf_printk("call %llu of %d", next++, target);
  return 0;
}`;

function instances(): string[] {
  return readdirSync(INSTANCES).filter((name) => name.startsWith(`ecli-${process.pid}-`));
}

/** Has a program write `count` lines, and reads until all have come. */
async function linesFrom(pipe: TracePipe, count: number): Promise<string[]> {
  const generator = await Getppid.start(count);
  const object = open(PROGRAM);
  setFirstInt(object, '.rodata', generator.pid);
  object.load();
  for (const program of object.programs) program.attach();
  const running = generator.run();
  let text = '';
  const own = () => text.split('\n').filter((line) => line.includes(`of ${generator.pid}`));
  while (own().length < count) {
    await pipe.wait(1000);
    text += Buffer.from(pipe.read()).toString();
  }
  await running;
  return own();
}

describe('TracePipe', () => {
  expectNothingLeftOpen();

  kernelTest('brings the lines of programs as they are written', async () => {
    const pipe = closing(TracePipe.open());
    const lines = await linesFrom(pipe, 3);
    expect(pipe.isPrivate).toBe(true);
    expect(lines.map((line) => line.replace(/of \d+$/, 'of'))).toEqual([
      expect.stringMatching(/\[\d+\].* bpf_trace_printk: call 0 of$/),
      expect.stringMatching(/ call 1 of$/),
      expect.stringMatching(/ call 2 of$/),
    ]);
  });

  kernelTest('lets several read the same lines', async () => {
    const [one, other] = [closing(TracePipe.open()), closing(TracePipe.open())];
    expect(instances()).toHaveLength(2);
    // Each instance has a time of its own for the same call.
    const printed = (await linesFrom(one, 2)).map((line) => line.replace(/^.*bpf_trace_printk/, ''));
    expect(Buffer.from(other.read()).toString()).toContain(printed[1]);
  });

  kernelTest('waits until it is woken, and reads without waiting', async () => {
    const pipe = closing(TracePipe.open());
    const waiting = pipe.wait(60_000);
    pipe.wake();
    await waiting;
    // Other tests' programs may print meanwhile: an instance has the lines of the whole system.
    expect(Buffer.from(pipe.read()).toString()).not.toContain(`of ${process.pid}`);
  });

  kernelTest('leaves no instance, and removes those of processes that are gone', () => {
    const pid = Number(execFileSync('sh', ['-c', 'echo $$']).toString());
    mkdirSync(`${INSTANCES}/ecli-${pid}-0`);
    mkdirSync(`${INSTANCES}/ecli-test-${process.pid}`);
    try {
      TracePipe.open().close();
      const left = readdirSync(INSTANCES);
      expect(left).not.toContain(`ecli-${pid}-0`);
      expect(left).toContain(`ecli-test-${process.pid}`);
      expect(instances()).toEqual([]);
    } finally {
      rmdirSync(`${INSTANCES}/ecli-test-${process.pid}`);
    }
  });
});
