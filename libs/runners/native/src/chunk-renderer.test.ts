import { describe, expect, test } from '@jest/globals';
import { FakeReader } from '../test/fake-reader.ts';
import { ChunkRenderer } from './chunk-renderer.ts';
import { RawRows } from './rows/plain-rows.ts';
import type { Rows } from './rows/rows.ts';

/** One line for each unit of the sample's first word. */
const lines: Rows = {
  sampleSize: 4,
  maxBytes: 1000,
  multiline: true,
  setTime: () => undefined,
  write({ view }, offset, out, position) {
    const text = 'line\n'.repeat(view.getUint32(offset, true));
    return position + new TextEncoder().encodeInto(text, out.subarray(position)).written;
  },
};

function readerOf(values: Iterable<number>, length?: number): FakeReader {
  const reader = new FakeReader(64 * 1024);
  reader.write(values, length);
  return reader;
}

describe('ChunkRenderer', () => {
  test('counts the lines of rows that may have several or none', () => {
    const chunk = new ChunkRenderer(lines);
    chunk.fill(readerOf([2, 0, 3]), Infinity);
    expect(chunk.shown).toBe(3);
    expect(chunk.take().lines).toBe(5);
  });

  test('shows what matches, and counts what it passed over', () => {
    const odd = {
      sampleSize: 4,
      matches: ({ view }: { view: DataView }, at: number) => view.getUint8(at) % 2 === 1,
    };
    const chunk = new ChunkRenderer(lines, odd);
    chunk.fill(readerOf([1, 2, 3, 4]), Infinity);
    expect(chunk).toMatchObject({ visited: 4, shown: 2 });
    expect(chunk.take().lines).toBe(4);
  });

  test('takes as many as it may show, whatever the filter passes over', () => {
    const reader = readerOf([2, 1, 2, 1, 2, 1]);
    const chunk = new ChunkRenderer(lines, {
      sampleSize: 4,
      matches: ({ view }, at) => view.getUint8(at) === 1,
    });
    chunk.fill(reader, 2);
    expect(chunk).toMatchObject({ visited: 4, shown: 2 });
    expect(chunk.isFull).toBe(false);
  });

  test('pads a sample that is too short for what the filter reads', () => {
    const seen: number[] = [];
    const chunk = new ChunkRenderer(new RawRows(), {
      sampleSize: 12,
      matches({ view }, at) {
        seen.push(view.getUint32(at, true), view.getUint32(at + 8, true));
        return true;
      },
    });
    chunk.fill(readerOf([7], 8), Infinity);
    expect(seen).toEqual([7, 0]);
    expect(chunk.take().bytes).toHaveLength(12);
  });

  test('gives no buffer away twice', () => {
    const chunk = new ChunkRenderer(new RawRows());
    const reader = new FakeReader(64 * 1024);
    const taken = new Set<ArrayBufferLike>();
    for (let round = 0; round < 3; round++) {
      reader.write(Array.from({ length: 10_000 }, (_, index) => index));
      chunk.fill(reader, Infinity);
      expect(chunk.isFull).toBe(true);
      taken.add(chunk.take().bytes.buffer);
    }
    expect(taken.size).toBe(3);
  });
});
