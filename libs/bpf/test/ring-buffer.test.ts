import { describe, expect } from '@jest/globals';
import { openRingBuffer, type SampleReader } from '../src/index.ts';
import { kernelTest } from '../src/testing/index.ts';
import { COUNTING_PROGRAM, Getppid } from './getppid.ts';
import { closing, expectNothingLeftOpen, mapOf, open, setFirstInt } from './harness.ts';

const ringProgram = (bytes: number) => `${COUNTING_PROGRAM}
struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, ${bytes}); } events SEC(".maps");
SEC("tracepoint/syscalls/sys_enter_getppid") int on_getppid(void *ctx)
{
  if (!wanted()) return 0;
  struct counted *s = bpf_ringbuf_reserve(&events, sizeof(*s), 0);
  __u64 number = next++;
  if (!s) return 0;
  s->number = number;
  bpf_ringbuf_submit(s, 0);
  return 0;
}`;

/** Attaches the program to `generator` and opens its ring; all is closed after the test. */
function watch(generator: Getppid, bytes: number): SampleReader {
  const object = open(ringProgram(bytes));
  setFirstInt(object, '.rodata', generator.pid);
  object.load();
  for (const program of object.programs) program.attach();
  return closing(openRingBuffer(mapOf(object, 'events')));
}

describe('openRingBuffer', () => {
  expectNothingLeftOpen();

  kernelTest(
    'delivers a million events in order, and loses none',
    async () => {
      const count = 1_000_000;
      const generator = await Getppid.start(count);
      const ring = watch(generator, 64 << 20);
      const { view } = ring.memory;
      let taken = 0;
      let disorder = 0;
      const running = generator.run();
      while (taken < count) {
        const began = performance.now();
        await ring.wait(5000);
        if (performance.now() - began > 4000) break;
        ring.drain((offset, length) => {
          if (length !== 24 || Number(view.getBigUint64(offset, true)) !== taken) disorder++;
          taken++;
          return true;
        });
      }
      await running;
      expect({ taken, disorder, pending: ring.pendingBytes() }).toEqual({
        taken: count,
        disorder: 0,
        pending: 0,
      });
    },
    60_000,
  );

  kernelTest(
    'is woken for every event that comes while it goes to sleep',
    async () => {
      const count = 50_000;
      const generator = await Getppid.start(count, 4000);
      // Room for all of them: none is dropped, however late we are.
      const ring = watch(generator, 4 << 20);
      let taken = 0;
      let lostWakeups = 0;
      const running = generator.run();
      while (taken < count && lostWakeups === 0) {
        const began = performance.now();
        await ring.wait(3000);
        if (performance.now() - began > 2500 && ring.pendingBytes() > 0) lostWakeups++;
        taken += ring.drain(() => true);
      }
      expect({ taken, lostWakeups }).toEqual({ taken: count, lostWakeups: 0 });
      await running;
    },
    60_000,
  );

  kernelTest(
    'keeps the first events when the program finds it full, and goes on once it was drained',
    async () => {
      const generator = await Getppid.start(10_000);
      const ring = watch(generator, 4096);
      await generator.run();
      expect(ring.capacityBytes).toBe(4096);
      // 32 bytes a record; the kernel never lets the positions be a whole ring apart.
      expect(numbersOf(ring)).toEqual(Array.from({ length: 127 }, (_, index) => index));
      expect(ring.lost).toBe(0);
      expect(ring.pendingBytes()).toBe(0);
    },
  );

  kernelTest('wait resolves on wake, also on one that came before, and after its timeout', async () => {
    const generator = await Getppid.start(1);
    const ring = watch(generator, 4096);
    const woken = ring.wait(60_000);
    ring.wake();
    await woken;
    ring.wake();
    await ring.wait(60_000);
    await ring.wait(1);
    await generator.run();
    await ring.wait(60_000);
    expect(ring.drain(() => true)).toBe(1);
  });

  kernelTest('after close it has no memory, no samples, and can be closed again', async () => {
    const generator = await Getppid.start(10);
    const ring = watch(generator, 4096);
    await generator.run();
    ring.close();
    ring.close();
    expect(ring.memory.u8.length).toBe(0);
    expect(ring.drain(() => true)).toBe(0);
    expect(ring.pendingBytes()).toBe(0);
  });

  kernelTest('refuses to be closed under a pending wait', async () => {
    const generator = await Getppid.start(1);
    const ring = watch(generator, 4096);
    const waiting = ring.wait(60_000);
    expect(() => ring.close()).toThrow('a wait is pending');
    ring.wake();
    await waiting;
  });
});

function numbersOf(ring: SampleReader): number[] {
  const numbers: number[] = [];
  ring.drain((offset) => {
    numbers.push(Number(ring.memory.view.getBigUint64(offset, true)));
    return true;
  });
  return numbers;
}
