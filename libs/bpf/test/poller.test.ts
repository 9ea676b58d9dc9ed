import { describe, expect } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { kernelTest } from '../src/testing/index.ts';
import { openRingBuffer } from '../src/index.ts';
import { Waiter } from '../src/waiter.ts';
import { COUNTING_PROGRAM, Getppid } from './getppid.ts';
import { closing, expectNothingLeftOpen, mapOf, open, setFirstInt } from './harness.ts';

const RINGS = 8;

/** A program that sends each getppid(2) to one of its rings, in turn. */
const EIGHT_RINGS = `${COUNTING_PROGRAM}
${Array.from(
  { length: RINGS },
  (_, index) =>
    `struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 65536); } ring${index} SEC(".maps");`,
).join('\n')}
SEC("tracepoint/syscalls/sys_enter_getppid") int on_getppid(void *ctx)
{
  if (!wanted()) return 0;
  __u64 number = next++;
  switch (number % ${RINGS}) {
  ${Array.from(
    { length: RINGS },
    (_, index) => `case ${index}: bpf_ringbuf_output(&ring${index}, &number, sizeof(number), 0); break;`,
  ).join('\n')}
  }
  return 0;
}`;

describe('Poller', () => {
  expectNothingLeftOpen();

  const pipe = () => closing(new Pipe());

  kernelTest('serves eight ring buffers of one program, more than libuv has threads', async () => {
    const generator = await Getppid.start(RINGS * 1000, 4000);
    const object = open(EIGHT_RINGS);
    setFirstInt(object, '.rodata', generator.pid);
    object.load();
    for (const program of object.programs) program.attach();
    const rings = Array.from({ length: RINGS }, (_, index) =>
      closing(openRingBuffer(mapOf(object, `ring${index}`))),
    );
    const counts = rings.map(async (ring) => {
      let taken = 0;
      while (taken < 1000) {
        const began = performance.now();
        await ring.wait(5000);
        if (performance.now() - began > 4000) break;
        taken += ring.drain(() => true);
      }
      return taken;
    });
    await generator.run();
    expect(await Promise.all(counts)).toEqual(rings.map(() => 1000));
  });

  kernelTest('leaves libuv threads to others, however many wait', async () => {
    const waiters = Array.from({ length: 20 }, () => pipe().waiter);
    const waits = waiters.map((waiter) => waiter.wait(60_000));
    // File system calls run on the same four threads: they would wait for ever if ours held all.
    await Promise.all(Array.from({ length: 8 }, () => readFile('/proc/self/stat')));
    for (const waiter of waiters) waiter.wake();
    await Promise.all(waits);
  });

  kernelTest('ends only the wait whose descriptor is readable', async () => {
    const [first, second] = [pipe(), pipe()];
    let secondEnded = false;
    const waiting = second.waiter.wait(60_000).then(() => (secondEnded = true));
    const wait = first.waiter.wait(60_000);
    first.write();
    await wait;
    expect(secondEnded).toBe(false);
    second.waiter.wake();
    await waiting;
  });

  kernelTest('a readable descriptor that nobody waits for costs no time', async () => {
    const [quiet, ready] = [pipe(), pipe()];
    ready.write();
    await ready.waiter.wait(60_000);
    const used = process.cpuUsage();
    await quiet.waiter.wait(300);
    const { user, system } = process.cpuUsage(used);
    expect(user + system).toBeLessThan(100_000);
    await ready.waiter.wait(60_000);
  });

  kernelTest('a descriptor that hung up and that nobody waits for costs no time', async () => {
    const [quiet, gone] = [pipe(), pipe()];
    gone.hangUp();
    const used = process.cpuUsage();
    await quiet.waiter.wait(300);
    const { user, system } = process.cpuUsage(used);
    expect(user + system).toBeLessThan(100_000);
  });

  kernelTest('a short wait that begins during a long one ends in its own time', async () => {
    const [long, short] = [pipe(), pipe()];
    const longWait = long.waiter.wait(60_000);
    await new Promise((resolve) => setTimeout(resolve, 20));
    const began = performance.now();
    await short.waiter.wait(30);
    const took = performance.now() - began;
    expect(took).toBeGreaterThanOrEqual(29);
    expect(took).toBeLessThan(1000);
    long.waiter.wake();
    await longWait;
  });

  kernelTest('a wake before the wait ends the next one only', async () => {
    const { waiter } = pipe();
    waiter.wake();
    await waiter.wait(60_000);
    const began = performance.now();
    await waiter.wait(30);
    expect(performance.now() - began).toBeGreaterThanOrEqual(29);
  });

  kernelTest('waits on after the descriptor it was made for is closed', async () => {
    const made = pipe();
    closeSync(made.reading);
    made.write();
    await made.waiter.wait(60_000);
  });
});

class Pipe {
  readonly reading: number;
  readonly writing: number;
  readonly waiter: Waiter;

  constructor() {
    // A pipe has no call in node: the two ends of a FIFO do the same.
    const folder = mkdtempSync(join(tmpdir(), 'ecli-poller-'));
    const path = join(folder, 'pipe');
    execFileSync('mkfifo', [path]);
    this.reading = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    this.writing = openSync(path, 'w');
    rmSync(folder, { recursive: true });
    this.waiter = new Waiter(this.reading, () => false);
  }

  write(): void {
    writeSync(this.writing, 'x');
  }

  /** Closes the only end that is written to: EPOLLHUP, which nobody has to ask for. */
  hangUp(): void {
    closeSync(this.writing);
  }

  close(): void {
    this.waiter.close();
    for (const descriptor of [this.reading, this.writing]) {
      try {
        closeSync(descriptor);
      } catch {
        // the test closed it
      }
    }
  }
}
