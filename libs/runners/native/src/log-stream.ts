import { Observable, Subject } from 'rxjs';
import { type EcliError, type LogChunk, printable } from '@ecli/core';
import { MicrosecondClock } from './clock.ts';

/** Where the output of one program comes together: rendered events and what is said about them. */
export class LogStream {
  private readonly chunks = new Subject<LogChunk>();
  private readonly clock = new MicrosecondClock();
  private readonly early: string[] = [];
  private opened: number | undefined;
  private subscribers = 0;
  private readonly onAbandoned: (() => void)[] = [];

  /** Hot: chunks from before a subscription don't come again. */
  readonly logs = new Observable<LogChunk>((subscriber) => {
    const subscription = this.chunks.subscribe(subscriber);
    this.subscribers++;
    return () => {
      subscription.unsubscribe();
      this.subscribers--;
      if (!this.observed) for (const callback of this.onAbandoned) callback();
    };
  });

  /** Whether anybody takes chunks. */
  get observed(): boolean {
    return this.chunks.observed;
  }

  /** Calls `callback` whenever the last subscriber goes. */
  whenAbandoned(callback: () => void): void {
    this.onAbandoned.push(callback);
  }

  /** Microseconds since the epoch. */
  now(): number {
    return this.clock.now();
  }

  /** Gives a chunk to the subscribers; nobody changes its bytes unless they are released. */
  emit(chunk: LogChunk): void {
    const { release, ...kept } = chunk;
    // Of several receivers, none may give away what the others still hold.
    this.chunks.next(this.subscribers > 1 && release ? kept : chunk);
  }

  /** Emits lines for people; before `open` they are kept until then. */
  say(...lines: readonly string[]): void {
    if (this.opened !== undefined) this.emitLines('stderr', lines);
    else this.early.push(...lines);
  }

  /** When `open` was called; now, as long as it wasn't. */
  get openedUs(): number {
    return this.opened ?? this.now();
  }

  /** Emits what was said so far and the lines above the events. */
  open(headers: readonly string[]): void {
    this.opened = this.now();
    if (this.early.length > 0) this.emitLines('stderr', this.early.splice(0));
    headers.forEach((header) => this.emitHeader(header));
  }

  /** Emits the line above the rows that follow. */
  emitHeader(header: string): void {
    this.emitPlain(`${header}\n`);
  }

  /** Emits whole lines among the events. */
  emitPlain(text: string): void {
    this.emitText('plain', text, text.split('\n').length - 1);
  }

  /** Takes the lines that were said and that nobody has seen, because `open` never came. */
  takeUnseen(): readonly string[] {
    return this.early.splice(0);
  }

  complete(): void {
    this.chunks.complete();
  }

  fail(error: EcliError): void {
    this.chunks.error(error);
  }

  private emitLines(stream: LogChunk['stream'], lines: readonly string[]): void {
    this.emitText(stream, lines.map((line) => `${printable(line)}\n`).join(''), lines.length);
  }

  private emitText(stream: LogChunk['stream'], text: string, lines: number): void {
    this.emit({ stream, timeUs: this.now(), bytes: new TextEncoder().encode(text), lines });
  }
}
