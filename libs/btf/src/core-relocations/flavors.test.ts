import { expect, test } from '@jest/globals';
import { essentialName } from './flavors.ts';

test.each([
  ['task_struct', 'task_struct'],
  ['task_struct___old', 'task_struct'],
  ['a___b___c', 'a___b'],
  ['___flavour', '___flavour'],
  ['name____four', 'name____four'],
  ['name___', 'name___'],
  ['', ''],
])('%s is looked for as %s', (name, essential) => {
  expect(essentialName(name)).toBe(essential);
});
