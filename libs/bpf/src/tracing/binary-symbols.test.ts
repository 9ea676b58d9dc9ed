import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { EcliError } from '@ecli/core';
import fc from 'fast-check';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compileBinary } from '../testing/index.ts';
import { binaryFunctions, parseNotes, staticTracepoints } from './binary-symbols.ts';

const SOURCE = `
__attribute__((noinline)) int first(int a) { __asm__ volatile(""); return a + 1; }
__attribute__((noinline)) int second(int a) { __asm__ volatile(""); return first(a) + 1; }
int main(int argc, char **argv) { return second(argc); }`;

describe('the functions of a binary', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ecli-symbols-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  test('are those of its symbol tables, where they lie in the file', () => {
    const path = compileBinary(SOURCE);
    const functions = binaryFunctions(path);
    const names = functions.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['main', 'first', 'second']));
    const offset = functions.find(({ name }) => name === 'first')?.offset ?? 0;
    // `lea eax, [rdi + 1]; ret` on x86-64: the code itself tells that the place is right.
    if (process.arch === 'x64') {
      expect(
        readFileSync(path)
          .subarray(offset, offset + 4)
          .toString('hex'),
      ).toBe('8d4701c3');
    }
  });

  test('are those of the dynamic table, where a library is stripped', () => {
    const library = compileBinary(SOURCE, ['-shared', '-fPIC', '-s']);
    expect(binaryFunctions(library).map(({ name }) => name)).toEqual(
      expect.arrayContaining(['first', 'second']),
    );
  });

  test('are asked of no file that is not ELF, however its bytes are', () => {
    const elf = readFileSync(compileBinary(SOURCE));
    const path = join(folder, 'broken');
    fc.assert(
      fc.property(fc.nat(elf.length - 1), fc.nat(255), (at, byte) => {
        const changed = Buffer.from(elf);
        changed[at] = byte;
        writeFileSync(path, changed);
        try {
          binaryFunctions(path);
          staticTracepoints(path);
        } catch (error) {
          expect(error).toBeInstanceOf(EcliError);
        }
      }),
      { numRuns: 200 },
    );
  });
});

describe('notes of static tracepoints', () => {
  const padded = (bytes: Buffer): Buffer => Buffer.concat([bytes, Buffer.alloc(-bytes.length & 3)]);
  const note = (provider: string, name: string): Buffer => {
    const description = Buffer.concat([Buffer.alloc(24), Buffer.from(`${provider}\0${name}\0-4@%eax\0`)]);
    const header = Buffer.from(Uint32Array.of(8, description.length, 3).buffer);
    return Buffer.concat([header, padded(Buffer.from('stapsdt\0')), padded(description)]);
  };

  test('are read one after the other', () => {
    const names = fc.array(fc.tuple(fc.stringMatching(/^\w+$/), fc.stringMatching(/^\w+$/)));
    fc.assert(
      fc.property(names, (pairs) => {
        const bytes = Buffer.concat(pairs.map(([provider, name]) => note(provider, name)));
        expect(parseNotes(bytes)).toEqual(pairs.map(([provider, name]) => ({ provider, name })));
      }),
    );
  });

  test('end, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(parseNotes(bytes).length).toBeLessThanOrEqual(bytes.length / 12);
      }),
    );
  });
});
