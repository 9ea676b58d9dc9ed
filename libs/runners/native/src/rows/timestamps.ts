import type { Timestamps } from '@ecli/core';
import { localTime } from '../clock.ts';

/** Writes times in one notation. */
export interface TimeNotation {
  /** Characters that a time takes at least. */
  readonly width: number;
  /** For so many microseconds, counted from the epoch, a text holds. */
  readonly holdsUs: number;
  /** `us` is microseconds since the epoch. */
  text(us: number): string;
}

const SECOND_US = 1_000_000;
/** A day of microseconds: `86400.000000`. */
const RELATIVE_WIDTH = 12;

/**
 * Returns a notation by its name, undefined for `none`. Relative times count from what `startUs` returns; local
 * ones are in the machine's zone.
 */
export function timeNotation(name: Timestamps, startUs: () => number): TimeNotation | undefined {
  switch (name) {
    case 'local':
      return { width: 8, holdsUs: SECOND_US, text: (us) => localTime(us / 1000) };
    case 'utc':
      return { width: 8, holdsUs: SECOND_US, text: (us) => new Date(us / 1000).toISOString().slice(11, 19) };
    case 'iso':
      return { width: 27, holdsUs: 1, text: isoTime };
    case 'relative':
      return { width: RELATIVE_WIDTH, holdsUs: 1, text: (us) => seconds(us - startUs()) };
    case 'none':
      return undefined;
  }
}

/** `2026-11-24T06:05:49.012345Z`, RFC 3339. */
function isoTime(us: number): string {
  const toSeconds = new Date(us / 1000).toISOString().slice(0, 19);
  return `${toSeconds}.${String(us % SECOND_US).padStart(6, '0')}Z`;
}

function seconds(us: number): string {
  return (Math.max(0, us) / SECOND_US).toFixed(6).padStart(RELATIVE_WIDTH);
}
