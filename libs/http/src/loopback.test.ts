import { describe, expect, test } from '@jest/globals';
import { isLoopback } from './loopback.ts';

describe('isLoopback', () => {
  test.each([
    'localhost',
    'LOCALHOST',
    'localhost.',
    'a.localhost',
    '127.0.0.1',
    '127.9.9.9',
    '127.1',
    '0x7f.1',
    '2130706433',
    '[::1]',
    '[::ffff:127.0.0.1]',
    '[::ffff:7fff:1]',
  ])('is true of %s', (host) => {
    expect(isLoopback(new URL(`http://${host}/`))).toBe(true);
  });

  test.each([
    'localhost.org',
    'localhost.evil.example',
    'notlocalhost',
    '127.0.0.1.nip.io',
    '127-0-0-1.example',
    '128.0.0.1',
    '127.org',
    '0.0.0.0',
    '[::2]',
    '[::ffff:128.0.0.1]',
    '[::ffff:0.127.0.1]',
    '[::ffff:7:1]',
    '[::]',
  ])('is false of %s', (host) => {
    expect(isLoopback(new URL(`http://${host}/`))).toBe(false);
  });
});
