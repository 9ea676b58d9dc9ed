import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseUprobeTarget, parseUsdtTarget } from './user-target.ts';

describe('parseUprobeTarget', () => {
  test.each([
    ['/bin/sh:main', { binary: '/bin/sh', place: { function: 'main', offset: 0 } }],
    ['/bin/sh:main+0x10', { binary: '/bin/sh', place: { function: 'main', offset: 16 } }],
    ['/bin/sh:main+16', { binary: '/bin/sh', place: { function: 'main', offset: 16 } }],
    ['/bin/sh:0x1130', { binary: '/bin/sh', place: { offset: 0x1130 } }],
    ['libc.so.6:malloc', { binary: 'libc.so.6', place: { function: 'malloc', offset: 0 } }],
    ['/opt/a:b/c:main', { binary: '/opt/a:b/c', place: { function: 'main', offset: 0 } }],
    ['/bin/x:_ZN4core3fmt5Write$u20$9write_fmt17h0E', expect.objectContaining({ binary: '/bin/x' })],
    ['main', { place: { function: 'main', offset: 0 } }],
    ['42', { pid: 42 }],
    ['42:main', { pid: 42, place: { function: 'main', offset: 0 } }],
    ['42:libc.so.6:malloc', { pid: 42, binary: 'libc.so.6', place: { function: 'malloc', offset: 0 } }],
    ['./42:main', { binary: './42', place: { function: 'main', offset: 0 } }],
  ])('reads %s', (text, target) => {
    expect(parseUprobeTarget(text)).toEqual(target);
  });

  test.each(['', ':', '/bin/sh:', '/bin/sh', '/bin/sh:a b', '/bin/sh:main+', '/bin/sh:main+x', '42:'])(
    'reads nothing in %p',
    (text) => {
      expect(parseUprobeTarget(text)?.place).toBeUndefined();
    },
  );

  test('reads what it would write', () => {
    const name = fc.stringMatching(/^[a-zA-Z_$.][\w$.@]*$/);
    fc.assert(
      fc.property(fc.option(fc.nat()), name, fc.nat(), (pid, function_, offset) => {
        const target = parseUprobeTarget(`${pid === null ? '' : `${pid}:`}/bin/x:${function_}+${offset}`);
        expect(target).toEqual({
          ...(pid !== null && { pid }),
          binary: '/bin/x',
          place: { function: function_, offset },
        });
      }),
    );
  });
});

describe('parseUsdtTarget', () => {
  test.each([
    ['/bin/x:provider:name', { binary: '/bin/x', provider: 'provider', name: 'name' }],
    ['libc.so.6:libc:setjmp', { binary: 'libc.so.6', provider: 'libc', name: 'setjmp' }],
    ['42', { pid: 42 }],
    ['42:provider:name', { pid: 42, provider: 'provider', name: 'name' }],
    ['42:/bin/x:provider:name', { pid: 42, binary: '/bin/x', provider: 'provider', name: 'name' }],
    ['provider:name', { provider: 'provider', name: 'name' }],
  ])('reads %s', (text, target) => {
    expect(parseUsdtTarget(text)).toEqual(target);
  });

  test.each(['', 'name', '/bin/x:', 'provider:', '::'])('reads nothing in %p', (text) => {
    expect(parseUsdtTarget(text)).toBeUndefined();
  });
});
