import type { RowRenderer, SampleMemory } from '@ecli/btf';
import type { RowPrefix } from './row-prefix.ts';
import type { Rows } from './rows.ts';

/** What a renderer makes, after a prefix that the time decides. */
export class PrefixedRows implements Rows {
  readonly sampleSize: number;
  readonly maxBytes: number;

  constructor(
    private readonly renderer: RowRenderer,
    private readonly prefix: RowPrefix,
    readonly header?: string,
  ) {
    this.sampleSize = renderer.sampleSize;
    this.maxBytes = renderer.maxBytes + prefix.maxBytes;
  }

  setTime(us: number): void {
    this.prefix.setTime(us);
  }

  write(memory: SampleMemory, offset: number, out: Uint8Array, position: number): number {
    return this.renderer.render(memory, offset, out, this.prefix.write(out, position));
  }
}
