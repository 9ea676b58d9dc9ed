import { EcliError } from '@ecli/core';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ElfFile, ObjectRelocations, parseObject, readBtfExt } from '../../src/index.ts';
import { compile } from '../compile.ts';

const SOURCE = `
  #define __core __attribute__((preserve_access_index))
  struct inner { int a; union { long c; char d[8]; }; } __core;
  enum kind { FIRST, SECOND = 7 };
  struct outer { int pid; struct inner inner[2]; enum kind kind; int (*call)(void *, int); } __core;
  typedef struct outer outer_t;
  SEC("xdp") int program(struct outer *outer) {
    if (!__builtin_preserve_type_info(*(outer_t *)0, 0)) return 1;
    if (!__builtin_preserve_field_info(outer->kind, 2)) return 2;
    return outer->inner[1].d[3] + outer->pid + __builtin_preserve_enum_value(*(enum kind *)SECOND, 1);
  }
`;

const object = compile(SOURCE);

/** What is refused must be refused as what it is: unsound input, and not a bug of ours. */
function tolerate(read: () => unknown): void {
  try {
    read();
  } catch (error) {
    if (!(error instanceof EcliError)) throw error;
    expect(error.code).toBe('OBJECT_INVALID');
  }
}

/** Where a section's bytes lie in the object. */
function placeOf(name: string): { readonly offset: number; readonly size: number } {
  const data = ElfFile.parse(object).section(name)?.data ?? new Uint8Array(0);
  return { offset: data.byteOffset - object.byteOffset, size: data.byteLength };
}

describe('what .BTF.ext says', () => {
  test('is each relocation with its kind and path, and each line', () => {
    const { lines, relocations } = readBtfExt(parseObject(object));
    const all = [...(relocations.get('xdp') ?? [])].map(({ kind, access }) => `${kind} ${access}`).sort();
    expect(all).toEqual([
      'enumval_value 1',
      'field_byte_offset 0:0',
      expect.stringMatching(/^field_byte_offset 0:1:1:1:1:3$/),
      'field_exists 0:2',
      'type_exists 0',
    ]);
    expect(lines.get('xdp')?.length).toBeGreaterThan(3);
    expect(new ObjectRelocations(parseObject(object)).count).toBe(5);
  });

  test('resolves against the types that it was made of', () => {
    const file = parseObject(object);
    expect(new ObjectRelocations(file).unresolved(file.btf)).toEqual([]);
  });

  test.each(['.BTF.ext', '.BTF', 'xdp'])('is sound or refused, whatever is in %s', (section) => {
    const { offset, size } = placeOf(section);
    const changes = fc.array(fc.tuple(fc.nat(size - 1), fc.nat(255)), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(changes, (edits) => {
        const copy = object.slice();
        for (const [at, value] of edits) copy[offset + at] = value;
        tolerate(() => new ObjectRelocations(parseObject(copy)).unresolved(parseObject(object).btf));
        tolerate(() => new ObjectRelocations(parseObject(object)).unresolved(parseObject(copy).btf));
      }),
      { numRuns: 700 },
    );
  });
});
