import { describe, expect, test } from '@jest/globals';
import { perfEventNamed } from './perf-event-names.ts';

describe('perfEventNamed', () => {
  test('knows the names of perf-list(1) by their numbers', () => {
    expect(perfEventNamed('cpu-cycles')).toMatchObject({ type: 0, config: 0 });
    expect(perfEventNamed('instructions')).toMatchObject({ type: 0, config: 1 });
    expect(perfEventNamed('page-faults')).toMatchObject({ type: 1, config: 2 });
    expect(perfEventNamed('cs')).toMatchObject({ type: 1, config: 3 });
  });

  test('offers near names, or all', () => {
    expect(() => perfEventNamed('page-fault')).toThrow(
      expect.objectContaining({ hint: expect.stringContaining('page-faults') }),
    );
    expect(() => perfEventNamed('x')).toThrow(
      expect.objectContaining({ hint: expect.stringContaining('cycles, cpu-cycles, instructions') }),
    );
  });
});
