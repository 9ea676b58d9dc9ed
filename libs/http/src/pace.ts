import type { Socket } from 'node:net';

/** What any line carries in a second, and a server that wants to be waited for doesn't give. */
const LEAST_BYTES_PER_SECOND = 256;

/** Watches for an exchange that never falls silent, and hardly gets on: a byte now and then would keep it for ever. */
export class Pace {
  private readonly timer: NodeJS.Timeout;
  private before: number;

  /** Calls `tooSlow` after each `spanMs` in which less went over `socket` than `leastBytes`. */
  constructor(
    private readonly socket: Socket,
    private readonly spanMs: number,
    private readonly tooSlow: () => void,
  ) {
    this.before = this.carried;
    // It is the connection that keeps a process waiting, if anything does.
    this.timer = setInterval(() => this.check(), spanMs).unref();
  }

  get leastBytes(): number {
    return Math.ceil((LEAST_BYTES_PER_SECOND * this.spanMs) / 1000);
  }

  end(): void {
    clearInterval(this.timer);
  }

  private check(): void {
    const bytes = this.carried - this.before;
    this.before += bytes;
    if (bytes < this.leastBytes) this.tooSlow();
  }

  private get carried(): number {
    return this.socket.bytesRead + this.socket.bytesWritten;
  }
}
