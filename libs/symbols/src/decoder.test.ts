import { afterAll, describe, expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { Decoder } from './decoder.ts';

describe('Decoder', () => {
  const decoder = new Decoder();
  afterAll(() => decoder.close());

  test.each([
    [
      'C++',
      '_ZNSt6vectorIiSaIiEE9push_backERKi',
      'std::vector<int, std::allocator<int> >::push_back(int const&)',
    ],
    ['a clone of C++', '_Z4spini.constprop.0', 'spin(int) [clone .constprop.0]'],
    ['Rust as it was', '_ZN4core3fmt5write17h05af221e174051e9E', 'core::fmt::write'],
    ['Rust v0', '_RNvNtCs1234_7mycrate3foo3bar', 'mycrate::foo::bar'],
    ['a versioned name', '_ZNSo5flushEv@@GLIBCXX_3.4', 'std::ostream::flush()'],
  ])('demangles %s', (_what, mangled, name) => {
    expect(decoder.demangle(mangled)).toBe(name);
  });

  test.each(['main', '_Z', '_ZN3foo', '_R', '__libc_start_main', '', '@', '_Zzzz'])('keeps %p', (name) => {
    expect(decoder.demangle(name)).toBe(name);
  });

  test('keeps a name of a kilobyte that would grow to gigabytes, and demangles the next one', () => {
    expect(decoder.demangle(bomb(30))).toBe(bomb(30));
    expect(decoder.demangle('_Z4spini')).toBe('spin(int)');
  });

  test('keeps all names when too many have been bombs', () => {
    const patient = new Decoder();
    for (let index = 0; index < 4; index++) expect(patient.demangle(bomb(30 + index))).toBe(bomb(30 + index));
    expect(patient.demangle('_Z4spini')).toBe('_Z4spini');
    patient.close();
  });

  test('decompresses xz up to a limit', () => {
    const content = Buffer.alloc(1 << 20, 'symbols ');
    const compressed = execFileSync('xz', ['-c'], { input: content });
    expect(decoder.unxz(compressed, content.length)?.equals(content)).toBe(true);
    expect(decoder.unxz(compressed, content.length - 1)).toBeUndefined();
    expect(decoder.unxz(compressed.subarray(0, 40), content.length)).toBeUndefined();
    expect(decoder.unxz(Buffer.from('not xz at all'), content.length)).toBeUndefined();
    expect(decoder.demangle('_Z4spini')).toBe('spin(int)');
  });
});

/** Each template argument doubles the one before. */
function bomb(doublings: number): string {
  let name = '_Z1f1AIiiE';
  for (let index = 0; index < doublings; index++) {
    const before = `S${(2 * index).toString(36).toUpperCase()}_`;
    name += `1AI${before}${before}E`;
  }
  return name;
}
