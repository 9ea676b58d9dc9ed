import { expect, test } from '@jest/globals';
import { countCpus } from './possible-cpus.ts';

test.each([
  ['0\n', 1],
  ['0-1\n', 2],
  ['0-3,8\n', 5],
  ['0,2-3,10-11\n', 5],
])('%j is that many CPUs', (list, count) => {
  expect(countCpus(list)).toBe(count);
});
