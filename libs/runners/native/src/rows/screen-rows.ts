import type { SampleMemory, ScreenRowRenderer } from '@ecli/btf';
import type { RowPrefix } from './row-prefix.ts';
import type { Rows } from './rows.ts';

/** Rows for a person's screen, whose columns widen to their data. */
export class ScreenRows implements Rows {
  readonly sampleSize: number;
  readonly maxBytes: number;

  /** `heading` stands over the prefix. */
  constructor(
    private readonly renderer: ScreenRowRenderer,
    private readonly prefix: RowPrefix,
    private readonly heading: string,
  ) {
    this.sampleSize = renderer.sampleSize;
    this.maxBytes = renderer.maxBytes + prefix.maxBytes;
  }

  get header(): string {
    return this.heading + this.renderer.header;
  }

  get headerVersion(): number {
    return this.renderer.version;
  }

  setTime(us: number): void {
    this.prefix.setTime(us);
  }

  write(memory: SampleMemory, offset: number, out: Uint8Array, position: number): number {
    return this.renderer.render(memory, offset, out, this.prefix.write(out, position));
  }
}
