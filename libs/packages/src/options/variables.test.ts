import { expect, test } from '@jest/globals';
import { findVariables } from './variables.ts';

const SIZE = 8;

/** The names that a user may set among these of a section, all of which its object has. */
function settable(section: string, names: readonly string[]): string[] {
  const variables = names.map((name, index) => ({ name, type: 1, offset: index * SIZE, size: SIZE }));
  const layout = { name: section, size: 64, data: new Uint8Array(64), variables };
  const listed = { name: section, variables: names.map((name) => ({ name, type: 'u64' })) };
  return findVariables([listed], [layout]).map(({ name }) => name);
}

test('what the compiler keeps types by is for nobody to set', () => {
  expect(settable('.rodata', ['pid', '__eunomia_dummy_event_ptr'])).toEqual(['pid']);
});

test('where a program counts its losses is for nobody to set, unless it is a constant', () => {
  expect(settable('.bss', ['turns', 'lost_events'])).toEqual(['turns']);
  expect(settable('.data', ['lost_events', 'lost_events_'])).toEqual(['lost_events_']);
  expect(settable('.rodata', ['lost_events'])).toEqual(['lost_events']);
});
