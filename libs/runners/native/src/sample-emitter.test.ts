import { expect, test } from '@jest/globals';
import type { LogChunk } from '@ecli/core';
import { FakeReader } from '../test/fake-reader.ts';
import { LogStream } from './log-stream.ts';
import { EventBudget } from './output.ts';
import type { Rows } from './rows/rows.ts';
import { SampleEmitter } from './sample-emitter.ts';

/** Counts samples, and writes how many only at the end. */
class CountRows implements Rows {
  readonly sampleSize = 16;
  readonly maxBytes = 0;
  readonly multiline = true;
  private count = 0;

  setTime(): void {}

  write(...[, , , position]: Parameters<Rows['write']>): number {
    this.count++;
    return position;
  }

  finish(): string {
    return `${this.count} in all\n`;
  }
}

test('SampleEmitter emits no chunk where samples make no rows yet', () => {
  const stream = new LogStream();
  const chunks: LogChunk[] = [];
  stream.logs.subscribe((chunk) => chunks.push(chunk));
  const rows = new CountRows();
  const emitter = new SampleEmitter({ rows, stream, typeName: 'struct event', budget: new EventBudget() });
  const reader = new FakeReader();
  reader.write([1, 2, 3]);
  expect(emitter.take(reader)).toMatchObject({ samples: 3 });
  expect(chunks).toEqual([]);
  emitter.finish();
  expect(chunks.map(({ bytes }) => Buffer.from(bytes).toString())).toEqual(['3 in all\n']);
  expect(emitter.counts).toMatchObject({ events: 3 });
});
