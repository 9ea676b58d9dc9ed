import type { ProgramCounts } from '@ecli/core';
import { styled, type Style } from './escape-sequences.ts';

/** Rates are of so many updates: at four a second, of the last second. */
const UPDATES = 4;

interface Reading {
  readonly timeMs: number;
  readonly events: number;
}

/** `opens  1,234 events/s  56,789 events  00:12`: how a program does. */
export class StatusLine {
  /**
   * Whether events are counted: of a program that shows pictures alone, the counts are of map entries, each as often
   * as it was drawn, and the pictures say more.
   */
  countsEvents = true;
  private readonly readings: Reading[];
  private readonly start: Reading;

  constructor(
    private readonly title: string,
    private readonly colors: boolean,
    nowMs: number,
  ) {
    this.start = { timeMs: nowMs, events: 0 };
    this.readings = [this.start];
  }

  /** The line now; events a second are those since a second ago. */
  update(counts: ProgramCounts, nowMs: number): string {
    this.readings.push({ timeMs: nowMs, events: counts.events });
    if (this.readings.length > UPDATES + 1) this.readings.shift();
    return this.compose(counts, nowMs, this.readings[0] ?? this.start);
  }

  /** The line at the end; events a second are those of the whole time. */
  finish(counts: ProgramCounts, nowMs: number): string {
    return this.compose(counts, nowMs, this.start);
  }

  private compose(counts: ProgramCounts, nowMs: number, since: Reading): string {
    const { events, lost, dropped, filtered } = counts;
    const seconds = (nowMs - since.timeMs) / 1000;
    const rate = seconds > 0 ? (events - since.events) / seconds : 0;
    return [
      this.style(this.title, 'bold'),
      ...(this.countsEvents
        ? [this.style(`${grouped(rate)} events/s`, 'dim'), this.style(counted(events, 'event'), 'dim')]
        : []),
      ...(filtered > 0 ? [this.style(`${grouped(filtered)} filtered out`, 'dim')] : []),
      ...(dropped > 0 ? [this.style(`${grouped(dropped)} dropped`, 'red')] : []),
      // Not every buffer counts what is lost, so that 0 would promise too much.
      ...(lost > 0 ? [this.style(`${grouped(lost)} lost`, 'red')] : []),
      this.style(duration(nowMs - this.start.timeMs), 'dim'),
    ].join('  ');
  }

  private style(text: string, style: Style): string {
    return this.colors ? styled(text, style) : text;
  }
}

/** `1,234,567`. Intl would do the same, and take some 20 ms for the first time. */
function grouped(count: number): string {
  return String(Math.round(count)).replace(/\B(?=(?:\d{3})+$)/g, ',');
}

function counted(count: number, noun: string): string {
  return `${grouped(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** `MM:SS`, or `H:MM:SS` from an hour on. */
function duration(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const twoDigits = (value: number): string => String(Math.floor(value)).padStart(2, '0');
  const minutes = `${twoDigits((seconds / 60) % 60)}:${twoDigits(seconds % 60)}`;
  return seconds < 3600 ? minutes : `${Math.floor(seconds / 3600)}:${minutes}`;
}
