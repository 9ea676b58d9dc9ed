import { ArgumentError, printable } from '@ecli/core';

const BYTES: Readonly<Record<string, number>> = { '': 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40 };
const MILLISECONDS: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 7 * 86_400_000,
};

/** Reads a size: `500M`, `1.5 GiB`, `0`; units are powers of 1024. @throws ARGUMENT_INVALID */
export function parseSize(flag: string, text: string): number {
  const { number, unit = '' } =
    /^(?<number>\d+(?:\.\d+)?) ?(?<unit>[kmgt]?)(?:i?b)?$/i.exec(text)?.groups ?? {};
  const bytes = Math.floor(Number(number) * (BYTES[unit.toLowerCase()] ?? NaN));
  if (number !== undefined && Number.isSafeInteger(bytes)) return bytes;
  throw new ArgumentError(`${flag} ${printable(text)}: not a size`, [], {
    hint: `bytes, or with K, M, G or T: ${flag} 500M`,
  });
}

/** Reads how long ago: `30d`, `12h`; returns milliseconds. @throws ARGUMENT_INVALID */
export function parseAge(flag: string, text: string): number {
  const { number, unit = '' } = /^(?<number>\d+(?:\.\d+)?) ?(?<unit>[smhdw])$/.exec(text)?.groups ?? {};
  const milliseconds = Number(number) * (MILLISECONDS[unit] ?? NaN);
  if (number !== undefined && Number.isSafeInteger(Math.floor(milliseconds))) return milliseconds;
  throw new ArgumentError(`${flag} ${printable(text)}: not a time`, [], {
    hint: `a number and s, m, h, d or w: ${flag} 30d`,
  });
}

const AGES: readonly (readonly [milliseconds: number, unit: string])[] = [
  [365 * 86_400_000, 'year'],
  [30 * 86_400_000, 'month'],
  [7 * 86_400_000, 'week'],
  [86_400_000, 'day'],
  [3_600_000, 'hour'],
  [60_000, 'minute'],
];

/** Says how long ago something was: `3 hours ago`, `now` within the last minute. */
export function spellAge(milliseconds: number): string {
  const [length, unit] = AGES.find(([each]) => milliseconds >= each) ?? [Infinity, ''];
  const count = Math.floor(milliseconds / length);
  return count === 0 ? 'now' : `${count} ${unit}${count === 1 ? '' : 's'} ago`;
}
