import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type RingPages, RingRecords } from './ring-records.ts';

const BUSY = 0x8000_0000;
const DISCARD = 0x4000_0000;

/** The kernel's side of a ring, as kernel/bpf/ringbuf.c does it: both positions start anywhere. */
class KernelRing {
  readonly pages: RingPages;
  readonly #producer: BigUint64Array;
  readonly #headers: Uint32Array;

  constructor(
    readonly capacity: number,
    start: bigint,
  ) {
    const memory = new ArrayBuffer(16 + 2 * capacity);
    this.#producer = new BigUint64Array(memory, 8, 1);
    this.#headers = new Uint32Array(memory, 16);
    this.pages = {
      consumer: new BigUint64Array(memory, 0, 1),
      producer: new Int32Array(memory, 8, 2),
      data: new Uint8Array(memory, 16),
    };
    this.pages.consumer[0] = start;
    this.#producer[0] = start;
  }

  get consumed(): bigint {
    return this.pages.consumer[0] ?? 0n;
  }

  get produced(): bigint {
    return this.#producer[0] ?? 0n;
  }

  /** Returns where the record's header is, or undefined when the ring is full. */
  reserve(length: number): number | undefined {
    const bytes = Math.ceil((length + 8) / 8) * 8;
    if (Number(BigInt.asUintN(64, this.produced + BigInt(bytes) - this.consumed)) > this.capacity)
      return undefined;
    const offset = Number(this.produced & BigInt(this.capacity - 1));
    this.#header(offset, (length | BUSY) >>> 0);
    this.#producer[0] = this.produced + BigInt(bytes);
    return offset;
  }

  commit(offset: number, length: number, value: number, discard = false): void {
    // Written through both mappings, as one page is behind them.
    for (let at = 0; at < length; at++) {
      const place = (offset + 8 + at) % this.capacity;
      this.pages.data[place] = this.pages.data[place + this.capacity] = value;
    }
    this.#header(offset, discard ? (length | DISCARD) >>> 0 : length);
  }

  #header(offset: number, word: number): void {
    this.#headers[offset / 4] = this.#headers[(offset + this.capacity) / 4] = word;
  }
}

const capacities = fc.constantFrom(64, 256, 4096);
/** Starts next to where 32 bits overflow, where 64 do, and anywhere. */
const starts = fc.oneof(
  fc.constant(0n),
  fc.nat(64).map((n) => 0x1_0000_0000n - BigInt(n * 8)),
  fc.nat(64).map((n) => 0x1_0000_0000_0000_0000n - BigInt((n + 1) * 8)),
  fc.bigInt(0n, 0xffff_ffff_ffffn).map((n) => n * 8n),
);

describe('RingRecords', () => {
  test('takes every record once, in order, wherever the positions are', () => {
    const lengths = fc.array(fc.tuple(fc.nat(40), fc.boolean(), fc.nat(3)), { maxLength: 200 });
    fc.assert(
      fc.property(capacities, starts, lengths, (capacity, start, steps) => {
        const ring = new KernelRing(capacity, start);
        const records = new RingRecords(ring.pages);
        const sent: number[][] = [];
        const seen: number[][] = [];
        const drain = () =>
          records.drain((offset, length) => {
            seen.push(copy(records, offset, length));
            return true;
          });
        steps.forEach(([length, discard, pause], index) => {
          let offset = ring.reserve(length);
          if (offset === undefined) {
            drain();
            offset = ring.reserve(length);
          }
          if (offset === undefined) throw new Error('a drained ring has room');
          ring.commit(offset, length, index & 0xff, discard);
          if (!discard) sent.push(new Array<number>(length).fill(index & 0xff));
          if (pause === 0) drain();
        });
        drain();
        expect(seen).toEqual(sent);
        expect(ring.consumed).toBe(ring.produced);
        expect(records.pendingBytes()).toBe(0);
      }),
    );
  });

  test('stops at a record that is not committed, and is ready once it is', () => {
    const ring = new KernelRing(4096, 0n);
    const records = new RingRecords(ring.pages);
    const first = ring.reserve(8) ?? -1;
    const second = ring.reserve(8) ?? -1;
    ring.commit(second, 8, 2);
    expect(records.drain(() => true)).toBe(0);
    expect(records.isReady()).toBe(false);
    expect(records.pendingBytes()).toBe(32);
    ring.commit(first, 8, 1);
    expect(records.isReady()).toBe(true);
    expect(records.drain(() => true)).toBe(2);
    expect(records.isReady()).toBe(false);
  });

  test('leaves the sample at which the visitor stops, and gives back those before', () => {
    const ring = new KernelRing(4096, 0n);
    const records = new RingRecords(ring.pages);
    for (const value of [1, 2, 3]) ring.commit(ring.reserve(8) ?? -1, 8, value);
    expect(records.drain((offset) => records.memory.u8[offset] !== 3)).toBe(2);
    expect(ring.consumed).toBe(32n);
    expect(records.drain((offset) => records.memory.u8[offset] === 3)).toBe(1);
  });

  test('gives back what was taken when the visitor throws', () => {
    const ring = new KernelRing(4096, 0n);
    const records = new RingRecords(ring.pages);
    for (const value of [1, 2]) ring.commit(ring.reserve(8) ?? -1, 8, value);
    const visit = (offset: number) => {
      if (records.memory.u8[offset] === 2) throw new Error('visitor');
      return true;
    };
    expect(() => records.drain(visit)).toThrow('visitor');
    expect(ring.consumed).toBe(16n);
  });

  test('publishes its position while it drains, and returns after about one ring though more comes', () => {
    const ring = new KernelRing(4096, 0n);
    const records = new RingRecords(ring.pages);
    const published = new Set<bigint>();
    const send = () => {
      const offset = ring.reserve(8);
      if (offset !== undefined) ring.commit(offset, 8, 1);
    };
    for (let index = 0; index < 256; index++) send();
    const taken = records.drain(() => {
      published.add(ring.consumed);
      send();
      return true;
    });
    expect(taken).toBe(256);
    expect(published.size).toBe(8);
  });
});

function copy({ memory }: RingRecords, offset: number, length: number): number[] {
  return [...memory.u8.subarray(offset, offset + length)];
}
