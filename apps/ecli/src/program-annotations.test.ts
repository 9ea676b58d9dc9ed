import { describe, expect, test } from '@jest/globals';
import { parseAnnotation } from './program-annotations.ts';

describe('parseAnnotation', () => {
  test.each([
    ['source=https://example.com/x?a=b', 'org.opencontainers.image.source', 'https://example.com/x?a=b'],
    ['licenses=MIT', 'org.opencontainers.image.licenses', 'MIT'],
    ['com.example.team=net', 'com.example.team', 'net'],
    ['sources=x', 'sources', 'x'],
    ['empty=', 'empty', ''],
    ['text=a\nb', 'text', 'a\nb'],
  ])('reads %j', (text, key, value) => {
    expect(parseAnnotation('--annotation', text)).toEqual([key, value]);
  });

  test.each(['yesterday', '2026-13-01T00:00:00Z', '2026-01-01', ''])('takes %j for no time', (value) => {
    expect(() => parseAnnotation('--annotation', `created=${value}`)).toThrow(`created=${value}: not a time`);
    expect(parseAnnotation('-a', 'created=2026-01-01T12:00:00+02:00')[1]).toBe('2026-01-01T12:00:00+02:00');
  });

  test.each(['', '=', '=x', 'key', 'a b=c'])('refuses %j', (text) => {
    expect(() => parseAnnotation('--annotation', text)).toThrow(
      expect.objectContaining({ code: 'ARGUMENT_INVALID', hint: expect.stringContaining('source=') }),
    );
  });
});
