import { expect, test } from '@jest/globals';
import { sampleMemory } from '@ecli/btf';
import fc from 'fast-check';
import { BatchRecords, KeptRecords, type Records } from './entry-records.ts';

const STRIDE = 8;

function memoryOf(values: readonly number[]): ReturnType<typeof sampleMemory> {
  const memory = sampleMemory(new Uint8Array(values.length * STRIDE));
  values.forEach((value, index) => memory.view.setUint32(index * STRIDE, value, true));
  return memory;
}

/** Drains a few at a time, as chunks do. */
function drained(records: Records, most: number): number[] {
  const values: number[] = [];
  while (!records.isEmpty) {
    let left = most;
    records.drain((offset, length) => {
      if (left-- === 0) return false;
      expect(length).toBe(STRIDE);
      values.push(records.memory.view.getUint32(offset, true));
      return true;
    });
  }
  return values;
}

const numbers = fc.array(fc.integer({ min: 0, max: 1000 }), { maxLength: 50 });
const few = fc.integer({ min: 1, max: 9 });

test('a batch gives each of its records once, in order, however it is drained', () => {
  fc.assert(
    fc.property(numbers, few, (values, most) => {
      const batch = { memory: memoryOf(values), count: values.length };
      expect(drained(new BatchRecords(batch, STRIDE), most)).toEqual(values);
    }),
  );
});

test('kept records are those of all batches that pass, in the order asked for', () => {
  const filter = {
    sampleSize: STRIDE,
    matches: ({ view }: { view: DataView }, at: number) => view.getUint32(at, true) % 3 !== 0,
  };
  const key = {
    descending: true,
    order: ({ view }: { view: DataView }, stride: number, count: number) =>
      new Uint32Array(count)
        .map((_, index) => index)
        .sort((a, b) => view.getUint32(b * stride, true) - view.getUint32(a * stride, true)),
  };
  fc.assert(
    fc.property(
      fc.array(numbers, { maxLength: 5 }),
      few,
      fc.boolean(),
      fc.boolean(),
      (batches, most, filters, sorts) => {
        const records = new KeptRecords(STRIDE, filters ? filter : undefined);
        for (const values of batches) records.add({ memory: memoryOf(values), count: values.length });
        if (sorts) records.sort(key);
        const all = batches.flat();
        const passing = filters ? all.filter((value) => value % 3 !== 0) : all;
        expect(records.count).toBe(passing.length);
        expect(records.filtered).toBe(all.length - passing.length);
        expect(drained(records, most)).toEqual(sorts ? passing.toSorted((a, b) => b - a) : passing);
      },
    ),
  );
});

test('kept records grow past what they begin with', () => {
  const values = Array.from({ length: 20_000 }, (_, index) => index);
  const records = new KeptRecords(STRIDE, undefined);
  for (let part = 0; part < 3; part++) records.add({ memory: memoryOf(values), count: values.length });
  expect(drained(records, 60_000)).toEqual([...values, ...values, ...values]);
});
