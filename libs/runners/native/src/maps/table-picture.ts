import type { ScreenRowRenderer } from '@ecli/btf';
import type { Screen } from '@ecli/core';
import type { KeptRecords } from './entry-records.ts';
import type { Picture, Reading } from './map-sampler.ts';
import type { PictureTitle } from './picture-title.ts';

/** Lines that aren't rows: the title, the headings, and what is left out. */
const OTHER_LINES = 3;
const decoder = new TextDecoder();

/** The entries of a map as a table of as many rows as the screen has room for. */
export class TablePicture implements Picture {
  private readonly out: Uint8Array;

  constructor(
    private readonly renderer: ScreenRowRenderer,
    private readonly title: PictureTitle,
    private readonly screen: Screen,
  ) {
    this.out = new Uint8Array(renderer.maxBytes);
  }

  draw(records: KeptRecords, reading: Reading): readonly string[] {
    const shown = Math.min(records.count, Math.max(1, this.screen.rows - OTHER_LINES));
    // The first time columns widen to their data, the second time all rows are as wide as the widest.
    this.rows(records, shown);
    const rows = this.rows(records, shown);
    const left = records.count - shown;
    return [
      this.title.line(records.count, reading),
      this.renderer.header,
      ...rows,
      ...(left > 0 ? [`… and ${left} more`] : []),
    ];
  }

  private rows(records: KeptRecords, count: number): string[] {
    return Array.from({ length: count }, (_, rank) => {
      const end = this.renderer.render(records.memory, records.offsetOf(rank), this.out, 0);
      return decoder.decode(this.out.subarray(0, end)).trimEnd();
    });
  }
}
