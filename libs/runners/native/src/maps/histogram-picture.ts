import type { Screen } from '@ecli/core';
import type { KeptRecords } from './entry-records.ts';
import { drawHistogram, type HistogramStyle, rowsOf } from './histogram.ts';
import type { Histogram, HistogramReader } from './histogram-entry.ts';
import type { Picture, Reading } from './map-sampler.ts';
import type { PictureTitle } from './picture-title.ts';

/** Lines that aren't histograms: the title, and what is left out. */
const OTHER_LINES = 2;
/** Characters of a row beside its bar, where ranges are short. */
const ROW_COLUMNS = 38;
const FEWEST_STARS = 8;
const MOST_STARS = 40;
const CYAN = ['\x1b[36m', '\x1b[39m'] as const;

/** The histograms of a map, as many as the screen has room for: those that count most, or first in order. */
export class HistogramPicture implements Picture {
  constructor(
    private readonly reader: Pick<HistogramReader, 'read'>,
    private readonly style: HistogramStyle,
    private readonly title: PictureTitle,
    private readonly screen: Screen,
    private readonly isOrdered: boolean,
  ) {}

  draw(records: KeptRecords, reading: Reading): readonly string[] {
    const histograms = Array.from({ length: records.count }, (_, rank) => {
      const histogram = this.reader.read(records.memory, records.offsetOf(rank));
      return { ...histogram, total: histogram.counts.reduce((sum, count) => sum + count, 0n) };
    });
    const total = histograms.reduce((sum, histogram) => sum + Number(histogram.total), 0);
    if (!this.isOrdered) histograms.sort((a, b) => (a.total > b.total ? -1 : a.total < b.total ? 1 : 0));
    return [this.title.line(total, reading), ...this.fitting(histograms)];
  }

  private fitting(histograms: readonly Histogram[]): string[] {
    const room = Math.max(1, this.screen.rows - OTHER_LINES);
    const lines: string[] = [];
    let shown = 0;
    for (const histogram of histograms) {
      const block = [...(shown > 0 ? [''] : []), ...this.lines(histogram, room)];
      // The first is shown as far as it goes.
      if (shown > 0 && lines.length + block.length > room) break;
      lines.push(...block.slice(0, room));
      shown++;
    }
    const left = histograms.length - shown;
    return left > 0 ? [...lines, `… and ${left} more`] : lines;
  }

  /** Where rows are more than there is room for, zeros before the first count go first. */
  private lines({ labels, counts }: Histogram, room: number): readonly string[] {
    const stars = Math.min(MOST_STARS, Math.max(FEWEST_STARS, this.screen.columns - ROW_COLUMNS));
    const isWide = rowsOf(counts) > 33;
    const bars = drawHistogram(counts, { ...this.style, ...(isWide ? {} : { stars }) });
    if (bars.length === 0) return labels;
    const tooMany = Math.max(0, labels.length + 1 + bars.length - room);
    const [heading = '', ...rows] = this.screen.colors ? bars.map(colored) : bars;
    const zeros = counts.findIndex((count) => count > 0n);
    return [...labels, '', heading, ...rows.slice(Math.min(tooMany, zeros))];
  }
}

function colored(line: string): string {
  return line.replace(/\*+/, (bar) => CYAN.join(bar));
}
