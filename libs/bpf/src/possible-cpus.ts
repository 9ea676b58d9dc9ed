import { readFileSync } from 'node:fs';

let count: number | undefined;

/** How many CPUs the kernel could ever use: as many values has each entry of a per-CPU map. */
export function possibleCpus(): number {
  return (count ??= countCpus(readFileSync('/sys/devices/system/cpu/possible', 'utf8')));
}

/** Counts a list of CPUs as the kernel writes it: `0-3,8`. */
export function countCpus(list: string): number {
  return list
    .trim()
    .split(',')
    .map((range) => range.split('-').map(Number))
    .reduce((sum, [first = 0, last = first]) => sum + last - first + 1, 0);
}
