import { readFileSync } from 'node:fs';

const FOLDER = '/sys/devices/system/cpu';

let possible: number | undefined;

/** How many CPUs the kernel could ever use: as many values has each entry of a per-CPU map. */
export function possibleCpus(): number {
  return (possible ??= parseCpuList(readFileSync(`${FOLDER}/possible`, 'utf8')).length);
}

/** The numbers of the CPUs that run now. */
export function onlineCpus(): number[] {
  return parseCpuList(readFileSync(`${FOLDER}/online`, 'utf8'));
}

/** Takes a list of CPUs apart: `0-3,5` is 0, 1, 2, 3 and 5 (Documentation/admin-guide/cputopology.rst). */
export function parseCpuList(list: string): number[] {
  return list
    .trim()
    .split(',')
    .flatMap((range) => {
      const [first = 0, last = first] = range.split('-').map(Number);
      return Array.from({ length: last - first + 1 }, (_, index) => first + index);
    });
}
