import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { LogChunk, ProgramCounts } from '@ecli/core';
import { VirtualTerminal } from '../../../test/virtual-terminal.ts';
import { DescriptorWriter, type WriteVector } from '../descriptor-writer.ts';
import { BEGIN_UPDATE, END_UPDATE, HIDE_CURSOR, SHOW_CURSOR } from './escape-sequences.ts';
import { LiveDisplay } from './live-display.ts';

/** A kernel that hands what is written to a terminal; `isStopped` is Ctrl-S. */
class FakeKernel {
  readonly terminal = new VirtualTerminal({ columns: 80, rows: 24 });
  readonly writes: string[] = [];
  isStopped = false;
  private held: (() => void) | undefined;

  readonly writeVector: WriteVector = (_fd, buffers, done) => {
    const text = Buffer.concat(buffers).toString();
    const take = (): void => {
      this.writes.push(text);
      void this.terminal.write(text.replaceAll('\n', '\r\n')).then(() => done(null, Buffer.byteLength(text)));
    };
    if (this.isStopped) this.held = take;
    else take();
  };

  go(): void {
    this.isStopped = false;
    this.held?.();
  }
}

const window = { columns: 80, rows: 24, follow: () => undefined, close: () => undefined };

let kernel: FakeKernel;
let writer: DescriptorWriter;
let display: LiveDisplay;

beforeEach(() => {
  kernel = new FakeKernel();
  writer = new DescriptorWriter(1, 'standard output', { writeVector: kernel.writeVector });
  display = new LiveDisplay({ writer, window, colors: false });
});

afterEach(() => display.close());

const chunk = (text: string, more: Partial<LogChunk> = {}): LogChunk => ({
  ...{ stream: 'plain', timeUs: 0, bytes: Buffer.from(text), lines: 1 },
  ...more,
});

/** After the next drawing. */
async function drawn(): Promise<string[]> {
  await new Promise((resolve) => setTimeout(resolve, 20));
  await writer.flushed();
  return kernel.terminal.history;
}

const counts = (): ProgramCounts => ({ events: 1, bytes: 1, lost: 0, dropped: 0, filtered: 0 });

describe('LiveDisplay', () => {
  test('leaves room below pictures and above them', () => {
    expect(display.screen).toMatchObject({ columns: 80, rows: 22, colors: false });
  });

  test('shows the first row at once, and those that follow closely together', async () => {
    display.show(chunk('a\n'));
    expect(kernel.writes).toHaveLength(1);
    for (const row of ['b\n', 'c\n', 'd\n']) display.show(chunk(row));
    expect(await drawn()).toEqual(['a', 'b', 'c', 'd']);
    expect(kernel.writes).toHaveLength(2);
  });

  test('draws pictures below rows and what is said to people', async () => {
    display.show(chunk('p1\n', { frame: 'p' }));
    display.show(chunk('row\n'));
    display.show(chunk('said\n', { stream: 'stderr' }));
    display.showError(Buffer.from('warn: x\n'));
    display.show(chunk('p2\n', { frame: 'p' }));
    expect(await drawn()).toEqual(['row', 'said', 'warn: x', 'p2']);
  });

  test('gives each buffer back once', async () => {
    let released = 0;
    const release = (): void => {
      released++;
    };
    display.show(chunk('p1\n', { frame: 'p', release }));
    display.show(chunk('row\n', { release }));
    display.show(chunk('said\n', { stream: 'stderr', release }));
    await drawn();
    expect(released).toBe(3);
  });

  test('hides the cursor only within a write', async () => {
    display.show(chunk('row\n'));
    display.show(chunk('p\n', { frame: 'p' }));
    await drawn();
    for (const text of kernel.writes) {
      expect(text.startsWith(`${BEGIN_UPDATE}${HIDE_CURSOR}`)).toBe(true);
      expect(text.endsWith(`${SHOW_CURSOR}${END_UPDATE}`)).toBe(true);
    }
  });

  test('piles up nothing but the latest picture before a stopped terminal', async () => {
    kernel.isStopped = true;
    for (let index = 0; index < 100; index++) {
      display.show(chunk(`picture ${index}\n`, { frame: 'p' }));
      if (index % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 17));
    }
    kernel.go();
    expect(await drawn()).toEqual(['picture 99']);
    expect(kernel.writes).toHaveLength(2);
  });

  test('writes many rows as soon as they come, whatever the terminal takes', async () => {
    const rows = `${'x'.repeat(79)}\n`.repeat(1000);
    for (let index = 0; index < 5; index++) display.show(chunk(rows));
    expect(writer.isIdle).toBe(false);
    expect(kernel.writes.join('')).toContain(rows);
    await drawn();
    expect(kernel.writes.join('').match(/x{79}/g)).toHaveLength(5000);
  });

  test('says below all how the program does, and how it did', async () => {
    display.begin('opens', counts);
    display.show(chunk('row\n'));
    await new Promise((resolve) => setTimeout(resolve, 260));
    expect(await drawn()).toEqual(['row', expect.stringMatching(/^opens {2}\d+ events\/s {2}1 event/)]);
    display.close();
    display.showError(Buffer.from('error: x\n'));
    expect(await drawn()).toEqual(['row', expect.stringMatching(/^opens/), 'error: x']);
  });

  test('counts no events of a program that shows pictures alone', async () => {
    display.begin('maps', counts);
    display.show(chunk('p\n', { frame: 'p' }));
    await new Promise((resolve) => setTimeout(resolve, 260));
    expect(await drawn()).toEqual(['p', '', 'maps  00:00']);
  });

  test.each([
    ['that ended at once', counts],
    ['that nobody counts', () => undefined],
  ])('says nothing of a program %s', async (_what, given) => {
    display.begin('opens', given);
    display.show(chunk('row\n'));
    if (given() === undefined) await new Promise((resolve) => setTimeout(resolve, 260));
    display.close();
    expect(await drawn()).toEqual(['row']);
  });

  test('leaves standard error to itself where that leads elsewhere', async () => {
    const elsewhere: string[] = [];
    const stderr = new DescriptorWriter(2, 'standard error', {
      writeVector: (_fd, buffers, done) => {
        const bytes = Buffer.concat(buffers);
        elsewhere.push(bytes.toString());
        done(null, bytes.length);
      },
    });
    display = new LiveDisplay({ writer, window, colors: false, stderr });
    display.show(chunk('said\n', { stream: 'stderr' }));
    display.showError(Buffer.from('warn: x\n'));
    expect(await drawn()).toEqual([]);
    expect(elsewhere.join('')).toBe('said\nwarn: x\n');
  });
});
