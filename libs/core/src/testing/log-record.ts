import { EventEmitter, once } from 'node:events';
import { expect } from '@jest/globals';
import type { Observable } from 'rxjs';
import type { LogChunk } from '../runner.ts';

/** All that came out of a program's logs, and promises of what is still to come. */
export interface LogRecord {
  readonly chunks: readonly LogChunk[];
  readonly completed: boolean;
  readonly error: unknown;
  /** Resolves when the logs complete, rejects when they fail. */
  readonly completion: Promise<void>;
  /** The lines so far, without their ends. */
  lines(): readonly string[];
  /** Resolves once `count` lines are here. */
  linesReach(count: number): Promise<void>;
  /** Checks each chunk against what LogChunk promises; none is older than `startedUs`. */
  expectWellFormed(startedUs: number): void;
  /** Checks that no chunk's bytes changed after it came. */
  expectUnchanged(): void;
}

/** Subscribes to `logs` and keeps everything. */
export function recordLogs(logs: Observable<LogChunk>): LogRecord {
  const recorder = new Recorder();
  logs.subscribe({
    next: (chunk) => recorder.next(chunk),
    error: (error: unknown) => recorder.fail(error),
    complete: () => recorder.complete(),
  });
  return recorder;
}

class Recorder implements LogRecord {
  readonly chunks: LogChunk[] = [];
  readonly completion: Promise<void>;
  completed = false;
  error: unknown;
  private readonly copies: Buffer[] = [];
  private readonly awaited: { count: number; resolve: () => void }[] = [];
  private readonly end = new EventEmitter();
  private lineCount = 0;

  constructor() {
    this.completion = once(this.end, 'complete').then(() => undefined);
    // A rule that doesn't look at completion looks at `error`.
    this.completion.catch(() => undefined);
  }

  next(chunk: LogChunk): void {
    this.chunks.push(chunk);
    this.copies.push(Buffer.from(chunk.bytes));
    this.lineCount += chunk.lines;
    for (const { count, resolve } of this.awaited) if (this.lineCount >= count) resolve();
  }

  complete(): void {
    this.completed = true;
    this.end.emit('complete');
  }

  fail(error: unknown): void {
    this.error = error;
    this.end.emit('error', error);
  }

  lines(): readonly string[] {
    const text = Buffer.concat(this.copies).toString('utf8');
    return text === '' ? [] : text.replace(/\n$/, '').split('\n');
  }

  linesReach(count: number): Promise<void> {
    if (this.lineCount >= count) return Promise.resolve();
    return new Promise((resolve) => this.awaited.push({ count, resolve }));
  }

  expectWellFormed(startedUs: number): void {
    const utf8 = new TextDecoder('utf-8', { fatal: true });
    let previousUs = startedUs;
    for (const { bytes, lines, timeUs } of this.chunks) {
      const text = utf8.decode(bytes);
      expect(text.endsWith('\n')).toBe(true);
      expect(text.split('\n').length - 1).toBe(lines);
      expect(Number.isSafeInteger(timeUs)).toBe(true);
      expect(timeUs).toBeGreaterThanOrEqual(previousUs);
      previousUs = timeUs;
    }
    expect(previousUs).toBeLessThanOrEqual((Date.now() + 1) * 1000);
  }

  expectUnchanged(): void {
    for (const [index, chunk] of this.chunks.entries()) {
      expect(this.copies[index]?.equals(chunk.bytes)).toBe(true);
    }
  }
}
