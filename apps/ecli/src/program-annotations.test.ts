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

  test.each(['', '=', '=x', 'key', 'a b=c'])('refuses %j', (text) => {
    expect(() => parseAnnotation('--annotation', text)).toThrow(
      expect.objectContaining({ code: 'ARGUMENT_INVALID', hint: expect.stringContaining('source=') }),
    );
  });
});
