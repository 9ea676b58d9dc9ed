import type { StampedRowRenderer } from '@ecli/btf';
import { PlainRows } from './plain-rows.ts';
import type { TimeNotation } from './timestamps.ts';

/** Rows that carry their time themselves. */
export class StampedRows extends PlainRows {
  private slot = Number.NaN;

  constructor(
    private readonly renderer: StampedRowRenderer,
    private readonly notation: TimeNotation,
    header?: string,
  ) {
    super(renderer, header);
  }

  override setTime(us: number): void {
    const slot = Math.floor(us / this.notation.holdsUs);
    if (slot === this.slot) return;
    this.slot = slot;
    this.renderer.setTimestamp(this.notation.text(us).trimStart());
  }
}
