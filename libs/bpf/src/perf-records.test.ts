import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type PerfPages, PerfRecords, SAMPLE_OFFSET, SCRATCH_BYTES } from './perf-records.ts';

const LOST = 2;
const SAMPLE = 9;
const THROTTLE = 5;

/** The kernel's side of one CPU's buffer: records of 8-byte multiples that may wrap anywhere. */
class KernelBuffer {
  readonly pages: PerfPages;
  readonly #head: BigUint64Array;
  readonly #bytes: Uint8Array;

  constructor(
    readonly capacity: number,
    start: bigint,
  ) {
    const memory = new ArrayBuffer(16 + capacity);
    this.#head = new BigUint64Array(memory, 8, 1);
    this.#bytes = new Uint8Array(memory, 16);
    this.pages = {
      tail: new BigUint64Array(memory, 0, 1),
      head: new Int32Array(memory, 8, 2),
      data: new Int32Array(memory, 16),
    };
    this.pages.tail[0] = this.#head[0] = start;
  }

  sample(data: Uint8Array): boolean {
    const size = Buffer.alloc(4);
    size.writeUInt32LE(data.length);
    return this.#write(SAMPLE, Buffer.concat([size, data]));
  }

  lost(count: number): boolean {
    const body = Buffer.alloc(16);
    body.writeBigUInt64LE(BigInt(count), 8);
    return this.#write(LOST, body);
  }

  other(): boolean {
    return this.#write(THROTTLE, Buffer.alloc(24));
  }

  get tail(): bigint {
    return this.pages.tail[0] ?? 0n;
  }

  get head(): bigint {
    return this.#head[0] ?? 0n;
  }

  #write(type: number, body: Uint8Array): boolean {
    const record = Buffer.alloc(Math.ceil((8 + body.length) / 8) * 8);
    if (Number(BigInt.asUintN(64, this.head - this.tail)) + record.length > this.capacity) return false;
    record.writeUInt32LE(type, 0);
    record.writeUInt16LE(record.length, 6);
    record.set(body, 8);
    const start = Number(this.head & BigInt(this.capacity - 1));
    record.forEach((byte, index) => (this.#bytes[(start + index) % this.capacity] = byte));
    this.#head[0] = this.head + BigInt(record.length);
    return true;
  }
}

function recordsOf(buffer: KernelBuffer): { records: PerfRecords; scratch: Uint8Array } {
  const scratch = new Uint8Array(SCRATCH_BYTES);
  return { records: new PerfRecords(buffer.pages, new Int32Array(scratch.buffer)), scratch };
}

const starts = fc.oneof(
  fc.nat(64).map((n) => BigInt(n * 8)),
  fc.nat(64).map((n) => 0x1_0000_0000n - BigInt(n * 8)),
  fc.nat(64).map((n) => 0x1_0000_0000_0000_0000n - BigInt((n + 1) * 8)),
);
const steps = fc.array(
  fc.oneof(
    fc.uint8Array({ maxLength: 60 }).map((data) => ({ kind: 'sample', data }) as const),
    // A reader that pauses for long loses more than 32 bits count.
    fc.integer({ min: 1, max: 2 ** 40 }).map((count) => ({ kind: 'lost', count }) as const),
    fc.constant({ kind: 'other' } as const),
  ),
  { maxLength: 100 },
);

describe('PerfRecords', () => {
  test('copies every sample in order, counts the lost, passes over other records', () => {
    fc.assert(
      fc.property(fc.constantFrom(128, 4096), starts, steps, (capacity, start, list) => {
        const buffer = new KernelBuffer(capacity, start);
        const { records, scratch } = recordsOf(buffer);
        const seen: Uint8Array[] = [];
        const visit = (offset: number, length: number) => {
          seen.push(scratch.slice(offset, offset + length));
          return true;
        };
        let lost = 0;
        for (const step of list) {
          const write = () =>
            step.kind === 'sample'
              ? buffer.sample(step.data)
              : step.kind === 'lost'
                ? buffer.lost(step.count)
                : buffer.other();
          if (!write()) {
            records.drain(visit);
            expect(write()).toBe(true);
          }
          if (step.kind === 'lost') lost += step.count;
        }
        records.drain(visit);
        expect(seen).toEqual(list.flatMap((step) => (step.kind === 'sample' ? [step.data] : [])));
        expect(records.lost).toBe(lost);
        expect(buffer.tail).toBe(buffer.head);
      }),
    );
  });

  test('puts samples where 64-bit members are aligned', () => {
    expect(SAMPLE_OFFSET % 8).toBe(0);
  });

  test('leaves the sample at which the visitor stops', () => {
    const buffer = new KernelBuffer(4096, 0n);
    const { records, scratch } = recordsOf(buffer);
    for (const value of [1, 2]) buffer.sample(Uint8Array.of(value));
    expect(records.drain((offset) => scratch[offset] !== 2)).toBe(1);
    expect(records.stopped).toBe(true);
    expect(records.pendingBytes()).toBe(16);
    expect(records.drain((offset) => scratch[offset] === 2)).toBe(1);
    expect(records.stopped).toBe(false);
  });
});
