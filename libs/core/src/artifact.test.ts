import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { descriptorOf, digestOf, MediaType, sniff, verify } from './artifact.ts';
import { EcliError } from './errors.ts';

describe('digestOf', () => {
  test('is sha256 in lower-case hex, as the OCI image specification writes it', () => {
    // The digest of no bytes, from FIPS 180-4's test vectors.
    expect(digestOf(new Uint8Array())).toBe(
      'sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    );
  });
});

describe('verify', () => {
  test('accepts what descriptorOf describes', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (content) => verify(content, descriptorOf(content, MediaType.unknown))),
    );
  });

  test('refuses content in which any one byte differs', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1 }),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        (content, at, bit) => {
          const descriptor = descriptorOf(content, MediaType.unknown);
          const changed = Uint8Array.from(content, (byte, i) =>
            i === at % content.length ? byte ^ bit : byte,
          );
          expect(() => verify(changed, descriptor)).toThrow(/the content has digest sha256:/);
        },
      ),
    );
  });

  test('says both sizes where the size differs', () => {
    const descriptor = descriptorOf(Buffer.from('four'), MediaType.unknown);
    const attempt = (): void => verify(Buffer.from('three'), descriptor);
    expect(attempt).toThrow(EcliError);
    expect(attempt).toThrow('5 bytes came, 4 were promised');
  });
});

describe('sniff', () => {
  const tar = Buffer.alloc(512);
  tar.write('ustar\0', 257, 'latin1');

  test.each<[string, Uint8Array, string]>([
    ['Wasm', Buffer.from('\0asm\x01\0\0\0', 'latin1'), MediaType.wasm],
    ['an object', Buffer.from('\x7fELF\x02\x01', 'latin1'), MediaType.object],
    ['a tar', tar, MediaType.tar],
    ['a JSON package', Buffer.from('{"meta":{}}'), MediaType.package],
    ['JSON after blanks', Buffer.from(' \t\r\n {'), MediaType.package],
    ['JSON after a byte order mark', Buffer.from('\ufeff{'), MediaType.package],
    ['a JSON array', Buffer.from('[1]'), MediaType.unknown],
    ['C', Buffer.from('#include "vmlinux.h"'), MediaType.unknown],
    ['nothing', Buffer.alloc(0), MediaType.unknown],
    ['only blanks', Buffer.from('  \n'), MediaType.unknown],
    ['half a magic', Buffer.from('\x7fEL', 'latin1'), MediaType.unknown],
    ['ustar that is cut off', tar.subarray(0, 260), MediaType.unknown],
  ])('tells %s', (_what, content, mediaType) => {
    expect(sniff(content)).toBe(mediaType);
  });

  test('answers for any bytes with one of the known media types', () => {
    const known: readonly string[] = Object.values(MediaType);
    fc.assert(fc.property(fc.uint8Array(), (content) => expect(known).toContain(sniff(content))));
  });
});
