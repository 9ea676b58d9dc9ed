import { describe, expect, test } from '@jest/globals';
import { ArgumentError, descriptorOf, EcliError, type ErrorCode, type LoadSpec, MediaType } from '@ecli/core';
import { naming } from './package-error.ts';

function specOf(name: string, reference = name, path?: string): LoadSpec {
  const content = new Uint8Array();
  const descriptor = descriptorOf(content, MediaType.package);
  const artifact = { reference, content, descriptor, ...(path !== undefined && { path }) };
  return { name, artifact, args: [], format: 'text' };
}

describe('naming', () => {
  test.each([
    ['ELF: the file is not ELF', specOf('a.json'), 'a.json: ELF: the file is not ELF'],
    ['a.json: not JSON', specOf('a.json'), 'a.json: not JSON'],
    ['/a.json: not JSON', specOf('file:///a.json', 'file:///a.json', '/a.json'), '/a.json: not JSON'],
    ['-: not JSON', specOf('standard input', '-'), 'standard input: not JSON'],
    ['<stdin>: no type', specOf('standard input', '-'), 'standard input: no type'],
    ['ELF: truncated', specOf('a\x1b', 'a\x1b'), 'a\\x1b: ELF: truncated'],
  ])('of %j says whose it is', (message, spec, expected) => {
    const error = new EcliError('OBJECT_INVALID', message, { hint: 'h', details: 'd' });
    expect(naming(spec, error)).toMatchObject({
      code: 'OBJECT_INVALID',
      message: expected,
      hint: 'h',
      details: 'd',
    });
  });

  test('gives a hint where there is none', () => {
    const hint = (code: ErrorCode) => naming(specOf('a.json'), new EcliError(code, 'a.json: spoiled'));
    expect(hint('PACKAGE_INVALID')).toMatchObject({
      message: 'a.json: spoiled',
      hint: expect.stringContaining('build'),
    });
    expect(hint('OBJECT_INVALID')).toMatchObject({ hint: expect.stringContaining('compile') });
    expect(hint('MEDIA_TYPE_UNSUPPORTED')).toMatchObject({ hint: undefined });
  });

  test('leaves all other errors alone', () => {
    for (const error of [new ArgumentError('--x: unknown', []), new TypeError('bug'), undefined]) {
      expect(naming(specOf('a.json'), error)).toBe(error);
    }
  });
});
