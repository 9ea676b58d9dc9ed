import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { DescriptorWriter, type WriteVector } from './descriptor-writer.ts';

type Done = Parameters<WriteVector>[2];

/** A kernel whose answers the test gives, one call at a time. */
class FakeKernel {
  readonly taken: Buffer[] = [];
  private call: { readonly bytes: Buffer; readonly done: Done } | undefined;

  readonly writeVector: WriteVector = (_fd, buffers, done) => {
    expect(this.call).toBeUndefined();
    this.call = { bytes: Buffer.concat(buffers), done };
  };

  get asked(): number | undefined {
    return this.call?.bytes.byteLength;
  }

  /** Takes the first `count` bytes of the call, all of them by default. */
  take(count = this.asked ?? 0): void {
    const { bytes, done } = this.answer();
    this.taken.push(bytes.subarray(0, count));
    done(null, Math.min(count, bytes.byteLength));
  }

  refuse(code: string): void {
    this.answer().done(Object.assign(new Error(code), { code }), 0);
  }

  private answer(): { readonly bytes: Buffer; readonly done: Done } {
    const { call } = this;
    if (!call) throw new Error('no call is waiting');
    this.call = undefined;
    return call;
  }
}

function writerOf(kernel: FakeKernel, limitBytes = 100): DescriptorWriter {
  return new DescriptorWriter(1, 'standard output', { writeVector: kernel.writeVector, limitBytes });
}

/** The next of how many bytes the kernel takes. */
function bite(bites: fc.Stream<number>): number {
  return bites.next().value as number;
}

async function isSettled(promise: Promise<void>): Promise<boolean> {
  const pending = Symbol('pending');
  return (await Promise.race([promise, Promise.resolve().then(() => pending)])) !== pending;
}

describe('DescriptorWriter', () => {
  test('writes all bytes in order, whatever the kernel takes at a time', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 50 })),
        fc.infiniteStream(fc.integer({ min: 1, max: 60 })),
        (chunks, bites) => {
          const kernel = new FakeKernel();
          const writer = writerOf(kernel);
          for (const [index, chunk] of chunks.entries()) {
            writer.write(chunk);
            if (index % 3 === 0 && kernel.asked !== undefined)
              kernel.take(Math.min(bite(bites), kernel.asked));
          }
          while (kernel.asked !== undefined) kernel.take(Math.min(bite(bites), kernel.asked));
          expect(Buffer.concat(kernel.taken).equals(Buffer.concat(chunks))).toBe(true);
        },
      ),
    );
  });

  test('asks for patience at the limit, and for more at half of it', async () => {
    const kernel = new FakeKernel();
    const writer = writerOf(kernel);
    writer.write(Buffer.alloc(99));
    expect(writer.wait()).toBeUndefined();
    writer.write(Buffer.alloc(1));
    const room = writer.wait() as Promise<void>;
    kernel.take(49);
    expect(await isSettled(room)).toBe(false);
    kernel.take(1);
    expect(await isSettled(room)).toBe(true);
    expect(writer.wait()).toBeUndefined();
  });

  test('is flushed when the last byte is taken', async () => {
    const kernel = new FakeKernel();
    const writer = writerOf(kernel);
    await writer.flushed();
    writer.write(Buffer.from('ab'));
    const flushed = writer.flushed();
    kernel.take(1);
    expect(await isSettled(flushed)).toBe(false);
    kernel.take(1);
    await flushed;
  });

  test('ends quietly when the reader has closed its end', async () => {
    const kernel = new FakeKernel();
    const writer = writerOf(kernel);
    writer.write(Buffer.alloc(200));
    const room = writer.wait() as Promise<void>;
    kernel.refuse('EPIPE');
    await Promise.all([room, writer.end, writer.flushed()]);
    expect(writer).toMatchObject({ state: 'closed', error: undefined });
    writer.write(Buffer.from('more'));
    expect(writer.wait()).toBeUndefined();
    expect(kernel.asked).toBeUndefined();
  });

  test.each([
    ['ENOSPC', 'standard output: no space left on the device'],
    ['EIO', 'standard output: the terminal or the disk is gone (EIO)'],
    ['EINVAL', "standard output: can't be written (EINVAL)"],
  ])('fails with OUTPUT_FAILED on %s', async (code, message) => {
    const kernel = new FakeKernel();
    const writer = writerOf(kernel);
    writer.write(Buffer.from('a'));
    kernel.refuse(code);
    await writer.end;
    expect(writer.state).toBe('failed');
    expect(writer.error).toMatchObject({ code: 'OUTPUT_FAILED', message });
  });

  test('tries again, less and less often, while a non-blocking descriptor is full', async () => {
    const kernel = new FakeKernel();
    let calls = 0;
    const writer = new DescriptorWriter(1, 'standard output', {
      writeVector: (fd, buffers, done) => {
        calls++;
        kernel.writeVector(fd, buffers, done);
        if (calls <= 4) queueMicrotask(() => kernel.refuse('EAGAIN'));
        else queueMicrotask(() => kernel.take());
      },
    });
    const startedMs = performance.now();
    writer.write(Buffer.from('abc'));
    await writer.flushed();
    expect(Buffer.concat(kernel.taken).toString()).toBe('abc');
    expect(calls).toBe(5);
    // 1 + 2 + 4 + 8 milliseconds, less what timers are early by.
    expect(performance.now() - startedMs).toBeGreaterThan(10);
  });

  test('forgets what waits when the reader is given up, and keeps silent about a late answer', async () => {
    const kernel = new FakeKernel();
    const writer = writerOf(kernel);
    writer.write(Buffer.alloc(300));
    writer.abandon();
    await Promise.all([writer.end, writer.flushed()]);
    expect(writer.isWriting).toBe(true);
    kernel.take();
    expect(writer.isWriting).toBe(false);
    expect(kernel.asked).toBeUndefined();
  });

  test('gives a chunk back once the kernel has taken all of it', () => {
    const kernel = new FakeKernel();
    const writer = writerOf(kernel);
    const released: string[] = [];
    writer.write(Buffer.from('first'), () => released.push('first'));
    writer.write(Buffer.from('second'), () => released.push('second'));
    kernel.take(4);
    expect(released).toEqual([]);
    kernel.take(3);
    expect(released).toEqual(['first']);
    kernel.take();
    expect(released).toEqual(['first', 'second']);
  });

  test('asks for at most 256 KiB at a time', () => {
    const kernel = new FakeKernel();
    const writer = writerOf(kernel);
    writer.write(Buffer.alloc(1024 * 1024));
    expect(kernel.asked).toBe(256 * 1024);
  });
});
