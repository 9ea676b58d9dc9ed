import type { Screen } from '@ecli/core';
import type { TimeNotation } from '../rows/timestamps.ts';
import type { Reading } from './map-sampler.ts';

/** Bold, and back: ECMA-48 8.3.117. */
const BOLD = ['\x1b[1m', '\x1b[22m'] as const;

export interface TitleOptions {
  /** The map's. */
  readonly name: string;
  readonly screen: Screen;
  readonly notation: TimeNotation | undefined;
  /** What is counted, one and several: `entry`, `entries`. */
  readonly counted: readonly [one: string, several: string];
  /** Whether what was counted is gone from the map with each reading. */
  readonly clears: boolean;
}

/** The first line of a picture: the map, the time, how much there is and how much is added each second. */
export class PictureTitle {
  private before = 0;

  constructor(private readonly options: TitleOptions) {}

  line(count: number, { timeUs, elapsedMs }: Reading): string {
    const { name, screen, notation, counted, clears } = this.options;
    const change = clears ? count : count - this.before;
    this.before = count;
    const [begin, end] = screen.colors ? BOLD : ['', ''];
    const time = notation ? `  ${notation.text(timeUs).trim()}` : '';
    return `${begin}${name}${end}${time}  ${grouped(count)} ${counted[count === 1 ? 0 : 1]}  ${rate(change, elapsedMs)}`;
  }
}

/** `+120/s`; one decimal below ten. */
export function rate(change: number, elapsedMs: number): string {
  const perSecond = change / Math.max(elapsedMs / 1000, 0.001);
  const isSmall = Math.abs(perSecond) < 9.95 && !Number.isInteger(perSecond);
  const text = isSmall ? perSecond.toFixed(1) : grouped(Math.round(perSecond));
  return `${change > 0 ? '+' : ''}${text}/s`;
}

/** `57,349`, as the line below the pictures has it. */
function grouped(number: number): string {
  return number.toLocaleString('en-US');
}
