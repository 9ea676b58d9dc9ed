import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';

/** Whoever watches over a connection as long as an answer comes over it. */
export interface BodyWatch {
  /** What to say of a connection that was cut. */
  cut(receivedBytes: number): Error;
  /** The last call: the answer is whole, or given up. */
  end(): void;
}

/** What may come while the reader is busy; every pause of the connection takes longer than reading this. */
const READ_AHEAD_BYTES = 1024 * 1024;

/** The bytes of an answer as they come, still encoded; fails where Node would merely end or say "aborted". */
export class AnswerBody extends Readable {
  private receivedBytes = 0;
  private resumedMs = performance.now();

  constructor(
    private readonly incoming: IncomingMessage,
    private readonly watch: BodyWatch,
  ) {
    super({ highWaterMark: READ_AHEAD_BYTES });
    incoming.pause();
    incoming.on('data', (chunk: Uint8Array) => {
      this.receivedBytes += chunk.byteLength;
      if (!this.push(chunk)) incoming.pause();
    });
    incoming.once('end', () => {
      watch.end();
      this.push(null);
    });
    // A failure waits for whoever reads; before that it must not end the process.
    this.on('error', () => undefined);
    // The 'close' that follows says whether the answer was whole.
    incoming.on('error', () => undefined);
    incoming.once('close', () => {
      if (incoming.complete) watch.end();
      else this.destroy(watch.cut(this.receivedBytes));
    });
  }

  /** How long the reader has been waiting for bytes. */
  get waitingMs(): number {
    return this.incoming.isPaused() ? 0 : performance.now() - this.resumedMs;
  }

  override _read(): void {
    if (!this.incoming.isPaused()) return;
    this.resumedMs = performance.now();
    this.incoming.resume();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.watch.end();
    if (!this.incoming.readableEnded) this.incoming.destroy();
    done(error);
  }
}
