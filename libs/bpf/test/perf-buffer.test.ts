import { describe, expect } from '@jest/globals';
import { openPerfBuffer, type SampleReader } from '../src/index.ts';
import { kernelTest } from '../src/testing/index.ts';
import { COUNTING_PROGRAM, Getppid } from './getppid.ts';
import { closing, expectNothingLeftOpen, mapOf, open, setFirstInt } from './harness.ts';

const PERF_PROGRAM = `${COUNTING_PROGRAM}
struct { __uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY); __uint(key_size, 4); __uint(value_size, 4); } events SEC(".maps");
SEC("tracepoint/syscalls/sys_enter_getppid") int on_getppid(void *ctx)
{
  if (!wanted()) return 0;
  struct counted s = { .number = next++ };
  bpf_perf_event_output(ctx, &events, BPF_F_CURRENT_CPU, &s, sizeof(s));
  return 0;
}`;

function watch(generator: Getppid, pages: number): SampleReader {
  const object = open(PERF_PROGRAM);
  setFirstInt(object, '.rodata', generator.pid);
  object.load();
  for (const program of object.programs) program.attach();
  return closing(openPerfBuffer(mapOf(object, 'events'), { pages }));
}

describe('openPerfBuffer', () => {
  expectNothingLeftOpen();

  kernelTest(
    'delivers every event, once',
    async () => {
      const count = 200_000;
      const generator = await Getppid.start(count);
      const reader = watch(generator, 4096);
      const seen = new Uint8Array(count);
      let taken = 0;
      const running = generator.run();
      while (taken < count) {
        const began = performance.now();
        await reader.wait(5000);
        if (performance.now() - began > 4000) break;
        taken += reader.drain((offset, length) => {
          const number = Number(reader.memory.view.getBigUint64(offset, true));
          if (length >= 24) seen[number] = (seen[number] ?? 0) + 1;
          return true;
        });
      }
      await running;
      expect({ taken, lost: reader.lost, once: seen.every((times) => times === 1) }).toEqual({
        taken: count,
        lost: 0,
        once: true,
      });
    },
    60_000,
  );

  kernelTest('counts what a full buffer lost', async () => {
    const generator = await Getppid.start(10_000);
    const reader = watch(generator, 1);
    expect(reader.capacityBytes).toBe(4096);
    await generator.run();
    expect(reader.pendingBytes()).toBeGreaterThan(3000);
    const taken = reader.drain(() => true);
    expect(taken).toBeLessThan(10_000);
    // The kernel writes how many it lost before the next record that fits.
    expect(reader.lost).toBeLessThanOrEqual(10_000 - taken);
  });

  kernelTest('stops where the visitor says, and the rest comes with the next drain', async () => {
    const generator = await Getppid.start(5);
    const reader = watch(generator, 8);
    await generator.run();
    let allowed = 2;
    const visit = () => allowed-- > 0;
    expect(reader.drain(visit)).toBe(2);
    await reader.wait(60_000);
    allowed = 100;
    expect(reader.drain(visit)).toBe(3);
  });

  kernelTest('wait resolves on wake and after its timeout; close is idempotent', async () => {
    const generator = await Getppid.start(1);
    const reader = watch(generator, 8);
    const woken = reader.wait(60_000);
    reader.wake();
    await woken;
    await reader.wait(1);
    await generator.run();
    reader.close();
    reader.close();
    expect(reader.drain(() => true)).toBe(0);
  });
});
