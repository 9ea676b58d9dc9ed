import { compileObject } from '@ecli/bpf/testing';
import { parseObject } from '@ecli/btf';
import { describe, expect, test } from '@jest/globals';
import { findLossVariable, lossIn, type LossVariable } from '../src/monitors/loss-variable.ts';

function found(declaration: string): LossVariable | undefined {
  const program = `typedef unsigned long long u64;
${declaration}
__attribute__((section("socket"), used)) int program(void *context) { return *(volatile char *)&lost_events; }
char LICENSE[] __attribute__((section("license"), used)) = "GPL";`;
  return findLossVariable(parseObject(compileObject(program)));
}

describe('findLossVariable', () => {
  test.each([
    ['u64 lost_events;', { size: 8, numbers: 1 }],
    ['int before = 1; static volatile unsigned int lost_events = 2;', { size: 4, numbers: 1 }],
    ['u64 lost_events[16];', { size: 8, numbers: 16 }],
    ['unsigned char lost_events[2][3];', { size: 1, numbers: 6 }],
  ])('takes integers and arrays of them: %s', (declaration, expected) => {
    expect(found(declaration)).toMatchObject(expected);
  });

  test.each([
    'const volatile u64 lost_events = 1;',
    'struct { u64 ring; } lost_events;',
    'double lost_events;',
  ])('leaves alone what cannot be a count: %s', (declaration) => {
    expect(found(declaration)).toBeUndefined();
  });
});

describe('lossIn', () => {
  test('adds the numbers up', () => {
    const content = new Uint8Array(Uint32Array.of(9, 1, 0, 2, 1).buffer);
    const section = { name: '.bss', size: 20, data: content, variables: [] };
    expect(lossIn({ section, offset: 4, size: 8, numbers: 2 }, content)).toBe(1 + 2 + 2 ** 32);
    expect(lossIn({ section, offset: 4, size: 2, numbers: 6 }, content)).toBe(3);
  });
});
