import { Subject } from 'rxjs';
import type { Exit, LogChunk, Program } from '@ecli/core';

/**
 * A program that only tells how another is used: its log is the help text and its exit 0, so that help
 * reaches a user in the same way from this machine and from a server. The kernel has no part in it.
 */
export class HelpProgram implements Program {
  private readonly chunks = new Subject<LogChunk>();
  readonly logs = this.chunks.asObservable();

  constructor(private readonly text: string) {}

  async attach(): Promise<void> {
    const lines = this.text.split('\n').length - 1;
    const bytes = new TextEncoder().encode(this.text);
    this.chunks.next({ stream: 'stdout', timeUs: Date.now() * 1000, bytes, lines });
    this.chunks.complete();
  }

  async pause(): Promise<void> {}

  async resume(): Promise<void> {}

  async detach(): Promise<Exit> {
    this.chunks.complete();
    return { code: 0 };
  }
}
