/** How a histogram's slots count: by powers of two, or one by one. */
export type Scale = 'log2' | 'linear';

export interface HistogramStyle {
  readonly scale: Scale;
  /** What the ranges are of: `usecs`. */
  readonly unit: string;
  /** Characters of the longest bar; by default 40, and 20 where ranges are long. */
  readonly stars?: number;
}

/** Ranges of slots beyond this one need more room. */
const LAST_SHORT_SLOT = 32;
const SHORT = { indent: 5, unit: 19, range: 10, stars: 40 } as const;
const LONG = { indent: 15, unit: 29, range: 20, stars: 20 } as const;
const COUNT_WIDTH = 8;

/** The number of rows that a histogram of these counts has: to the last that isn't zero. */
export function rowsOf(counts: readonly bigint[]): number {
  return counts.findLastIndex((count) => count > 0n) + 1;
}

/**
 * Draws counts as rows of stars, below a line that names the columns; the longest bar is the highest count's.
 * No lines at all where there is nothing but zeros.
 */
export function drawHistogram(counts: readonly bigint[], style: HistogramStyle): readonly string[] {
  const rows = rowsOf(counts);
  if (rows === 0) return [];
  const widths = rows - 1 <= LAST_SHORT_SLOT ? SHORT : LONG;
  const stars = style.stars ?? widths.stars;
  const most = counts.reduce((highest, count) => (count > highest ? count : highest), 0n);
  const heading = `${' '.repeat(widths.indent)}${style.unit.padEnd(widths.unit)} : count    distribution`;
  const lines = counts.slice(0, rows).map((count, slot) => {
    const { low, high } = rangeOf(slot, style.scale);
    const range = `${low.padStart(widths.range)} -> ${high.padEnd(widths.range)}`;
    const bar = '*'.repeat(Number((count * BigInt(stars)) / most)).padEnd(stars);
    return `${range} : ${String(count).padEnd(COUNT_WIDTH)} |${bar}|`;
  });
  return [heading, ...lines];
}

/** The first and the last value that a slot counts. */
export function rangeOf(slot: number, scale: Scale): { readonly low: string; readonly high: string } {
  if (scale === 'linear') return { low: String(slot), high: String(slot) };
  const low = slot === 0 ? 0n : 1n << BigInt(slot);
  return { low: String(low), high: String((2n << BigInt(slot)) - 1n) };
}

/** The most characters of a line of a histogram with so many slots, and its line end. */
export function longestLine(slots: number): number {
  const digits = Math.max(LONG.range, rangeOf(slots, 'log2').high.length);
  const longestCount = 24;
  return 2 * digits + longestCount + SHORT.stars + ' ->  :  ||\n'.length;
}
