import { expect, test } from '@jest/globals';
import { parseCpuList } from './cpus.ts';

test.each([
  ['0\n', [0]],
  ['0-3\n', [0, 1, 2, 3]],
  ['0-1,4,6-7\n', [0, 1, 4, 6, 7]],
])('%j lists those CPUs', (list, cpus) => {
  expect(parseCpuList(list)).toEqual(cpus);
});
