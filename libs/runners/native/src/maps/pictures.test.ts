import { describe, expect, test } from '@jest/globals';
import { sampleMemory } from '@ecli/btf';
import { KeptRecords } from './entry-records.ts';
import { HistogramPicture } from './histogram-picture.ts';
import { PictureTitle } from './picture-title.ts';
import { TablePicture } from './table-picture.ts';

const STRIDE = 8;
const reading = { timeUs: 0, elapsedMs: 1000 };
const screen = { columns: 80, rows: 6, colors: false };

function recordsOf(values: readonly number[]): KeptRecords {
  const memory = sampleMemory(new Uint8Array(values.length * STRIDE));
  values.forEach((value, index) => memory.view.setUint32(index * STRIDE, value, true));
  const records = new KeptRecords(STRIDE, undefined);
  records.add({ memory, count: values.length });
  return records;
}

function title(): PictureTitle {
  return new PictureTitle({
    name: 'm',
    screen,
    notation: undefined,
    counted: ['entry', 'entries'],
    clears: false,
  });
}

describe('TablePicture', () => {
  const renderer = {
    sampleSize: STRIDE,
    maxBytes: 32,
    version: 0,
    header: 'VALUE',
    render: (memory: KeptRecords['memory'], offset: number, out: Uint8Array, position: number) =>
      position + new TextEncoder().encodeInto(`${memory.view.getUint32(offset, true)}  \n`, out).written,
  };

  test('has the first rows that fit, and says how many are left', () => {
    const picture = new TablePicture(renderer, title(), screen);
    expect(picture.draw(recordsOf([1, 2, 3, 4, 5]), reading)).toEqual([
      'm  5 entries  +5/s',
      'VALUE',
      ...['1', '2', '3'],
      '… and 2 more',
    ]);
  });

  test('of an empty map is a title and headings', () => {
    const picture = new TablePicture(renderer, title(), screen);
    expect(picture.draw(recordsOf([]), reading)).toEqual(['m  0 entries  0/s', 'VALUE']);
  });
});

describe('HistogramPicture', () => {
  /** The number is what the third slot counts. */
  const reader = {
    maxBytes: () => 0,
    read: (memory: KeptRecords['memory'], offset: number) => {
      const count = memory.view.getUint32(offset, true);
      return { labels: [`key = ${count}`], counts: [0n, 0n, BigInt(count)] };
    },
  };
  const style = { scale: 'linear', unit: 'u' } as const;
  const draw = (rows: number, values: readonly number[], isOrdered = false): readonly string[] => {
    const picture = new HistogramPicture(reader, style, title(), { ...screen, rows }, isOrdered);
    return picture.draw(recordsOf(values), reading).map((line) => line.replace(/ :.*/, ''));
  };

  test('leaves out rows of zeros at the start where there is no room for them', () => {
    expect(draw(6, [5])).toEqual([
      'm  5 entries  +5/s',
      'key = 5',
      '',
      '     u                  ',
      '         2 -> 2         ',
    ]);
  });

  test('has those that count most first, as many as fit', () => {
    const lines = draw(16, [1, 3, 2]);
    expect(lines.filter((line) => line.startsWith('key'))).toEqual(['key = 3', 'key = 2']);
    expect(lines.at(-1)).toBe('… and 1 more');
    expect(draw(16, [1, 3, 2], true).filter((line) => line.startsWith('key'))).toEqual([
      'key = 1',
      'key = 3',
    ]);
  });

  test('of histograms without counts has their labels', () => {
    expect(draw(16, [0])).toEqual(['m  0 entries  0/s', 'key = 0']);
  });
});
