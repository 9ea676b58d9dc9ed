import type { Screen } from '@ecli/core';
import type { Rows } from './rows/rows.ts';

/** Lines of a screen that aren't free for rows: the header, and what the app shows below them. */
const TAKEN_LINES = 2;

/**
 * Decides when a person wants to see the header: with the first rows, which widen columns; again when they have
 * widened further, and when it has left the screen. Without a screen, before all rows and never again.
 */
export class HeaderRepeater {
  private version: number | undefined;
  private lines = 0;

  constructor(
    private readonly rows: Pick<Rows, 'header' | 'headerVersion'>,
    private readonly screen: Screen | undefined,
  ) {
    this.version = screen ? undefined : rows.headerVersion;
  }

  /** The header, where it is to come before there are rows. */
  get early(): string | undefined {
    return this.version === this.rows.headerVersion ? this.rows.header : undefined;
  }

  /** Returns the header where it is to come before the next `lines` lines. */
  before(lines: number): string | undefined {
    if (!this.screen) return undefined;
    const isStale = this.rows.headerVersion !== this.version;
    const isGone = this.lines + lines > Math.max(1, this.screen.rows - TAKEN_LINES);
    this.lines += lines;
    if (!isStale && !isGone) return undefined;
    this.version = this.rows.headerVersion;
    this.lines = lines;
    return this.rows.header;
  }
}
