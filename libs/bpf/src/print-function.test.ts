import { describe, expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { whyNoKernel } from './testing/index.ts';
import { printFunction } from './print-function.ts';

const DESCRIPTOR = 0x1a2b3c;
const VDPRINTF = 0x7fff_1234_5678;

const TEXTS: Readonly<Record<string, { readonly target: string; readonly text: string }>> = {
  x64: {
    target: 'x86_64-linux-gnu',
    text: `.intel_syntax noprefix
      endbr64
      cmp edi, 2
      jg drop
      mov edi, ${DESCRIPTOR}
      movabs rax, ${VDPRINTF}
      jmp rax
drop: xor eax, eax
      ret`,
  },
  arm64: {
    target: 'aarch64-linux-gnu',
    text: `
      cmp w0, #2
      b.gt drop
      movz w0, #${DESCRIPTOR & 0xffff}
      movk w0, #${DESCRIPTOR >>> 16}, lsl #16
      ldr x16, address
      br x16
drop: mov w0, #0
      ret
address: .quad ${VDPRINTF}`,
  },
};

/** What is in .text of the object that clang makes of a text. */
function assemble(target: string, text: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'ecli-bpf-'));
  try {
    const [object, code] = [join(folder, 'code.o'), join(folder, 'code')];
    execFileSync('clang', ['-target', target, '-c', '-x', 'assembler', '-', '-o', object], {
      input: `${text}\n`,
    });
    execFileSync('llvm-objcopy', ['-O', 'binary', '--only-section=.text', object, code]);
    return readFileSync(code).toString('hex');
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe('printFunction', () => {
  for (const [processor, { target, text }] of Object.entries(TEXTS)) {
    (whyNoKernel() === undefined ? test : test.skip)(
      `is for ${processor} what an assembler makes of it`,
      () => {
        const code = printFunction(DESCRIPTOR, 2, VDPRINTF, processor);
        expect(code?.toString('hex')).toBe(assemble(target, text));
      },
    );
  }

  test('is none for a processor that it is not written for', () => {
    expect(printFunction(DESCRIPTOR, 2, VDPRINTF, 'mips')).toBeUndefined();
  });
});
