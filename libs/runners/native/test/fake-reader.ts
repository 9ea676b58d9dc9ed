import type { SampleReader, SampleVisitor } from '@ecli/bpf';
import { type SampleMemory, sampleMemory } from '@ecli/btf';

const SAMPLE_BYTES = 16;

/**
 * A buffer of the kernel in memory: `write` is the program, everything else the reader. Doesn't model: records
 * that are reserved and not finished, and wake-ups that the program leaves out, unless told so.
 */
export class FakeReader implements SampleReader {
  readonly memory: SampleMemory;
  readonly capacityBytes: number;
  lost = 0;
  closed = false;
  /** How often it was waited for. */
  waits = 0;
  /** Records at the end of the buffer that a program reserved and hasn't finished. */
  unfinished = 0;
  /** Whether the program leaves out the wake-ups (BPF_RB_NO_WAKEUP). */
  silent = false;
  private readonly lengths: number[] = [];
  private first = 0;
  private woken = false;
  private endWait: (() => void) | undefined;

  constructor(readonly capacity = 1024) {
    this.capacityBytes = capacity * SAMPLE_BYTES;
    this.memory = sampleMemory(new Uint8Array(this.capacityBytes));
  }

  /** Writes samples that begin with these numbers, or drops what has no room. */
  write(values: Iterable<number>, length = SAMPLE_BYTES): void {
    for (const value of values) {
      if (this.lengths.length === this.capacity) {
        this.lost++;
        continue;
      }
      const slot = (this.first + this.lengths.length) % this.capacity;
      this.memory.u8.fill(0xff, slot * SAMPLE_BYTES, (slot + 1) * SAMPLE_BYTES);
      this.memory.view.setUint32(slot * SAMPLE_BYTES, value, true);
      this.lengths.push(length);
    }
    if (!this.silent) this.endWait?.();
  }

  pendingBytes(): number {
    return (this.lengths.length + this.unfinished) * SAMPLE_BYTES;
  }

  drain(visit: SampleVisitor): number {
    let taken = 0;
    while (this.lengths.length > 0 && visit(this.first * SAMPLE_BYTES, this.lengths[0] ?? 0)) {
      this.lengths.shift();
      this.first = (this.first + 1) % this.capacity;
      taken++;
    }
    return taken;
  }

  async wait(timeoutMs: number): Promise<void> {
    this.waits++;
    if (!this.woken && this.lengths.length === 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, timeoutMs);
        this.endWait = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.woken = false;
    this.endWait = undefined;
  }

  wake(): void {
    this.woken = true;
    this.endWait?.();
  }

  close(): void {
    this.closed = true;
  }
}
