import { describe, expect, test } from '@jest/globals';
import { LogStream } from '../log-stream.ts';
import { EventBudget } from '../output.ts';
import { iteratorLines } from './iterator-lines.ts';
import { IteratorOutput } from './iterator-output.ts';

/** Gives a text in pieces, and calls `onRead` before each. */
class Text {
  isClosed = false;

  constructor(
    private readonly pieces: string[],
    private readonly onRead: () => void,
  ) {}

  async read(buffer: Uint8Array): Promise<number> {
    this.onRead();
    return Buffer.from(this.pieces.shift() ?? '').copy(buffer);
  }

  close(): void {
    this.isClosed = true;
  }
}

async function shown(
  pieces: string[],
  budget = new EventBudget(),
  onRead: () => void = () => undefined,
): Promise<string> {
  const stream = new LogStream();
  const chunks: Uint8Array[] = [];
  stream.logs.subscribe(({ bytes }) => chunks.push(bytes));
  const text = new Text(pieces, onRead);
  const lines = iteratorLines({ name: 'at_tasks', format: 'text', startUs: () => 0 });
  const options = { name: 'at_tasks', open: () => text, lines, stream, budget, lasting: false };
  await new IteratorOutput(options).run();
  expect(text.isClosed).toBe(true);
  return Buffer.concat(chunks).toString();
}

describe('IteratorOutput', () => {
  test('shows lines that come in pieces, and the last without an end', async () => {
    expect(await shown(['a\nb', 'c\n\nd', 'é'])).toBe('a\nbc\n\ndé\n');
  });

  test('shows no more than what is left to show', async () => {
    expect(await shown(['a\nb\nc\n', 'd\n'], new EventBudget(2))).toBe('a\nb\n');
  });

  test('shows nothing once another output has shown more than was left', async () => {
    const budget = new EventBudget(3);
    expect(await shown(['a\nb\nc\nd\n'], budget, () => budget.spend(5))).toBe('');
  });
});
