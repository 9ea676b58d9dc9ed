import { describe, expect, test } from '@jest/globals';
import type { OutputFormat } from '@ecli/core';
import { LogStream } from '../log-stream.ts';
import { EventBudget } from '../output.ts';
import { iteratorLines } from './iterator-lines.ts';
import { IteratorOutput } from './iterator-output.ts';

/** Gives a text in pieces, and calls `onRead` before each. */
class Text {
  isClosed = false;
  private next = 0;

  constructor(
    private readonly pieces: readonly Uint8Array[],
    private readonly onRead: () => void,
  ) {}

  async read(buffer: Uint8Array): Promise<number> {
    this.onRead();
    const piece = this.pieces[this.next++] ?? new Uint8Array(0);
    buffer.set(piece);
    return piece.length;
  }

  close(): void {
    this.isClosed = true;
  }
}

interface Case {
  readonly pieces: readonly (string | number[])[];
  readonly format?: OutputFormat;
  readonly budget?: EventBudget;
  readonly onRead?: () => void;
}

async function shown({
  pieces,
  format = 'text',
  budget = new EventBudget(),
  onRead = () => undefined,
}: Case) {
  const stream = new LogStream();
  const chunks: Uint8Array[] = [];
  stream.logs.subscribe(({ bytes }) => chunks.push(bytes));
  const read = pieces.map((piece) =>
    typeof piece === 'string' ? Buffer.from(piece) : Uint8Array.from(piece),
  );
  const text = new Text(read, onRead);
  const lines = iteratorLines({ name: 'at_tasks', format, startUs: () => 0 });
  const options = { name: 'at_tasks', open: () => text, lines, stream, budget, lasting: false };
  const output = new IteratorOutput(options);
  await output.run();
  expect(text.isClosed).toBe(true);
  return { bytes: Buffer.concat(chunks), text: Buffer.concat(chunks).toString(), counts: output.counts };
}

describe('IteratorOutput', () => {
  test('shows lines that come in pieces, and the last without an end', async () => {
    const { text, counts } = await shown({ pieces: ['a\nb', 'c\n\nd', 'é'] });
    expect(text).toBe('a\nbc\n\ndé\n');
    expect(counts).toMatchObject({ events: 4, bytes: 6 });
  });

  test('shows raw what is no UTF-8 as it is', async () => {
    const { bytes } = await shown({
      pieces: [
        [0xff, 0x00],
        [0xef, 0xbb, 0xbf, 0x0a],
      ],
      format: 'raw',
    });
    expect([...bytes]).toEqual([5, 0, 0, 0, 0xff, 0x00, 0xef, 0xbb, 0xbf]);
  });

  test('shows no more than what is left to show', async () => {
    const { text, counts } = await shown({ pieces: ['a\nb\nc\n', 'd\n'], budget: new EventBudget(2) });
    expect(text).toBe('a\nb\n');
    expect(counts).toMatchObject({ events: 2, bytes: 2 });
  });

  test('shows nothing once another output has shown more than was left', async () => {
    const budget = new EventBudget(3);
    expect((await shown({ pieces: ['a\nb\nc\nd\n'], budget, onRead: () => budget.spend(5) })).text).toBe('');
  });
});
