import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { TransferState } from '@ecli/core';
import { VirtualTerminal } from '../../../test/virtual-terminal.ts';
import { DescriptorWriter } from '../descriptor-writer.ts';
import { Transfers } from '../transfers.ts';
import { ProgressDisplay } from './progress-display.ts';

const size = { columns: 70, rows: 8 };
const window = { ...size, follow: () => undefined, close: () => undefined };

let terminal: VirtualTerminal;
let writer: DescriptorWriter;
let transfers: Transfers;
let display: ProgressDisplay;

beforeEach(() => {
  terminal = new VirtualTerminal(size);
  writer = new DescriptorWriter(2, 'standard error', {
    writeVector: (_fd, buffers, done) => {
      const text = Buffer.concat(buffers).toString();
      void terminal.write(text.replaceAll('\n', '\r\n')).then(() => done(null, Buffer.byteLength(text)));
    },
  });
  transfers = new Transfers();
  report('layer', 'running', 50);
  display = new ProgressDisplay(transfers, { writer, window, colors: false });
});

afterEach(() => display.close());

function report(name: string, state: TransferState, bytes = 100, laterMs = 0): void {
  transfers.take({ id: name, name, bytes, totalBytes: 100, state }, performance.now() + laterMs);
}

/** What is to be seen after the next drawing. */
async function drawn(): Promise<string[]> {
  display.update();
  await new Promise((resolve) => setTimeout(resolve, 20));
  await writer.flushed();
  return terminal.history;
}

const BAR = expect.stringMatching(/^layer {3}50% +50 B of 100 B .*B\/s {2}--:--$/);

describe('ProgressDisplay', () => {
  test('shows a bar at the bottom, and what else is said above it', async () => {
    expect(await drawn()).toEqual([BAR]);
    display.showError(Buffer.from('warn: one\n'));
    display.show({ stream: 'stdout', timeUs: 0, bytes: Buffer.from('output\n'), lines: 1 });
    expect(await drawn()).toEqual(['warn: one', 'output', BAR]);
  });

  test('leaves lines of what has ended, and bars of what goes on', async () => {
    report('other', 'exists');
    expect(await drawn()).toEqual(['other  exists   100 B', BAR]);
    report('third', 'running', 10);
    expect(await drawn()).toEqual([
      'other  exists   100 B',
      BAR,
      expect.stringMatching(/^third {3}10% /),
      '',
      expect.stringMatching(/^all {5}30% /),
    ]);
    report('third', 'done');
    report('layer', 'done', 100, 400);
    expect(await drawn()).toEqual([
      'other  exists   100 B',
      expect.stringMatching(/^layer {2}done {5}100 B in 0\.\d s$/),
    ]);
  });

  test('leaves no bar of what is cut off, and shows what comes later plainly', async () => {
    await drawn();
    display.close();
    display.showError(Buffer.from('error: no\n'));
    await writer.flushed();
    expect(terminal.history).toEqual(['error: no']);
    expect(terminal.cursor).toEqual({ x: 0, y: 1 });
  });

  test('keeps output apart that goes elsewhere', async () => {
    const output: string[] = [];
    const stdout = {
      write: (bytes: Uint8Array) => void output.push(Buffer.from(bytes).toString()),
      wait: () => undefined,
      end: new Promise<void>(() => undefined),
    };
    display.close();
    display = new ProgressDisplay(transfers, { writer, window, colors: false, stdout });
    display.show({ stream: 'stdout', timeUs: 0, bytes: Buffer.from('output\n'), lines: 1 });
    expect(await drawn()).toEqual([BAR]);
    expect(output).toEqual(['output\n']);
  });
});
