import { describe, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KernelSymbols } from './kernel-symbols.ts';
import { LiveKernelSymbols } from './live-kernel-symbols.ts';

const LISTING = `0000000000000000 A fixed_percpu_data
ffffffff81000000 T _stext
ffffffff81000000 T startup_64
ffffffff81000040 t do_idle
ffffffff81000100 D a_variable
ffffffff81000200 W weak_function
ffffffffc0201000 t nf_hook\t[nf_tables]
ffffffffc0200000 t bpf_prog_6deef7357e7b4530\t[bpf]
`;

/** As a signed number, which is exact. */
function signed(address: bigint): number {
  return Number(BigInt.asIntN(64, address));
}

describe('KernelSymbols', () => {
  const symbols = KernelSymbols.parse(Buffer.from(LISTING));

  test.each([
    [
      'the first name of an address',
      0xffffffff81000003n,
      { name: '_stext', start: signed(0xffffffff81000000n) },
    ],
    ['a local function', 0xffffffff81000040n, { name: 'do_idle', start: signed(0xffffffff81000040n) }],
    ['no data', 0xffffffff81000101n, { name: 'do_idle', start: signed(0xffffffff81000040n) }],
    ['a weak function', 0xffffffff81000200n, { name: 'weak_function', start: signed(0xffffffff81000200n) }],
    [
      "a module's function, though the listing isn't in order",
      0xffffffffc0200010n,
      { name: 'bpf_prog_6deef7357e7b4530', start: signed(0xffffffffc0200000n), module: 'bpf' },
    ],
    ['nothing below', 0xffffffff80ffffffn, undefined],
    ['nothing far above', 0xffffffffffffff00n, undefined],
    ['nothing in user space', 0x7fffn, undefined],
  ])('finds %s', (_what, address, expected) => {
    expect(symbols.find(signed(address))).toEqual(expected);
  });

  test('has none where addresses are hidden', () => {
    const hidden = LISTING.replaceAll(/^[0-9a-f]{16}/gm, '0000000000000000');
    expect(KernelSymbols.parse(Buffer.from(hidden)).size).toBe(0);
  });

  test('reads any bytes', () => {
    const anyLine = fc.oneof(fc.constantFrom(...LISTING.split('\n')), fc.string({ unit: 'binary' }));
    fc.assert(
      fc.property(fc.array(anyLine), fc.integer({ min: -(2 ** 40), max: 0 }), (lines, address) => {
        KernelSymbols.parse(Buffer.from(lines.join('\n'))).find(address);
      }),
    );
  });

  test('finds what each line of this kernel says, and reads all in well under a second', () => {
    const listing = readFileSync('/proc/kallsyms');
    const lines = listing.toString('latin1').split('\n');
    const began = performance.now();
    const kernel = KernelSymbols.parse(listing);
    expect(performance.now() - began).toBeLessThan(1000);
    if (kernel.size === 0) return; // hidden from this user
    const functions = lines
      .map((line) => /^(\S{16}) [Tt] (\S+)$/.exec(line))
      .filter((match) => match !== null);
    for (let index = 0; index < functions.length; index += 997) {
      const [, address = '', name] = functions[index] ?? [];
      const same = functions.filter((other) => other[1] === address).map((other) => other[2]);
      expect(same).toContain(kernel.find(signed(BigInt(`0x${address}`)))?.name);
      expect(same).toContain(name);
    }
  });
});

describe('LiveKernelSymbols', () => {
  test('says once that symbols are hidden, and how to see them', () => {
    const folder = mkdtempSync(join(tmpdir(), 'ecli-test-'));
    try {
      const path = join(folder, 'kallsyms');
      writeFileSync(path, '0000000000000000 T _stext\n');
      const lines: string[] = [];
      const symbols = new LiveKernelSymbols((line) => lines.push(line), path);
      expect(symbols.find(-1)).toBeUndefined();
      expect(symbols.find(-2)).toBeUndefined();
      expect(lines).toEqual([expect.stringContaining('kptr_restrict')]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('takes no program for the one before it that was loaded earlier', () => {
    const folder = mkdtempSync(join(tmpdir(), 'ecli-test-'));
    const clock = jest.spyOn(performance, 'now').mockReturnValue(0);
    try {
      const path = join(folder, 'kallsyms');
      const address = signed(0xffff_ffff_c000_0090n);
      writeFileSync(path, 'ffffffffc0000000 t bpf_prog_old\t[bpf]\n');
      const symbols = new LiveKernelSymbols(undefined, path);
      expect(symbols.find(address)?.name).toBe('bpf_prog_old');
      appendFileSync(path, 'ffffffffc0000080 t bpf_prog_new\t[bpf]\n');
      clock.mockReturnValue(60_000);
      expect(symbols.find(address)?.name).toBe('bpf_prog_new');
    } finally {
      clock.mockRestore();
      rmSync(folder, { recursive: true });
    }
  });

  test('says that they cannot be read', () => {
    const lines: string[] = [];
    expect(new LiveKernelSymbols((line) => lines.push(line), '/nowhere').find(-1)).toBeUndefined();
    expect(lines).toEqual([expect.stringContaining("kernel symbols can't be read")]);
  });
});
