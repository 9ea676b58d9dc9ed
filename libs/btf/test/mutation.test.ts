import { EcliError } from '@ecli/core';
import { beforeAll, describe, expect, jest, test } from '@jest/globals';
import {
  Btf,
  checkExportType,
  dataSections,
  mapDefinitions,
  parseObject,
  programDefinitions,
} from '@ecli/btf';
import fc from 'fast-check';
import { BtfBuilder, type TypeRecord } from './btf-builder.ts';
import { compile } from './compile.ts';

const SOURCE = `
  struct inner { int a : 3; int b : 5; union { long c; char d[8]; }; };
  enum kind { FIRST, SECOND };
  struct event { int pid; char comm[16]; struct inner inner[2]; enum kind kind; int (*call)(void *, int); };
  struct { __uint(type, 27); __uint(max_entries, 4096); } ring SEC(".maps");
  struct { __uint(type, 1); __type(key, int); __type(value, struct event); } hash SEC(".maps");
  const volatile int pid = 1; static volatile long own = 2; struct event zero;
  SEC("xdp") int program(void *context) { return pid + own++ + zero.pid; }
`;

/** Reads all that can be read. */
function readObject(bytes: Uint8Array): void {
  const object = parseObject(bytes);
  const readers = [
    dataSections,
    mapDefinitions,
    programDefinitions,
    ({ elf }: typeof object): unknown => elf.sections.map((section) => elf.relocations(section)),
    ({ btf }: typeof object): void => {
      readTypes(btf);
    },
  ];
  for (const read of readers) tolerate(() => read(object));
}

function readTypes(btf: Btf): void {
  for (let id = 0; id < btf.length; id++) {
    tolerate(() => btf.type(id));
    tolerate(() => btf.resolve(id));
    tolerate(() => btf.sizeOf(id));
    tolerate(() => btf.spell(id));
    tolerate(() => checkExportType(btf, { name: 'event', size: 92, type_id: id, members: [] }));
  }
  tolerate(() => btf.find('struct', 'event'));
}

/** What is refused must be refused as what it is: unsound input, and not a bug of ours. */
function tolerate(read: () => unknown): void {
  try {
    read();
  } catch (error) {
    if (!(error instanceof EcliError)) throw error;
    expect(['OBJECT_INVALID', 'PACKAGE_INVALID', 'FEATURE_UNSUPPORTED']).toContain(error.code);
  }
}

/** The values that break readers, and any other. */
const byte = fc.oneof(fc.constantFrom(0, 1, 0x7f, 0x80, 0xff), fc.nat(255));
const place = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const mutations = fc.array(fc.tuple(place, fc.array(byte, { minLength: 1, maxLength: 4 })), { maxLength: 8 });

function mutated(
  bytes: Uint8Array,
  [start, end]: readonly [number, number],
  changes: readonly (readonly [number, readonly number[]])[],
): Uint8Array {
  const copy = bytes.slice();
  for (const [where, values] of changes) {
    const offset = start + Math.floor(where * (end - start));
    values.slice(0, end - offset).forEach((value, index) => (copy[offset + index] = value));
  }
  return copy;
}

// A busy machine may take seconds for what takes one.
jest.setTimeout(60_000);

describe('damaged input', () => {
  let object: Uint8Array;

  beforeAll(() => {
    object = compile(SOURCE);
  });

  function range(name: string): [number, number] {
    const data = parseObject(object).elf.section(name)?.data;
    if (!data) throw new Error(`the object has no section ${name}`);
    const start = data.byteOffset - object.byteOffset;
    return [start, start + data.byteLength];
  }

  test('is read or refused wherever the object is damaged', () => {
    fc.assert(
      fc.property(mutations, (changes) => {
        tolerate(() => {
          readObject(mutated(object, [0, object.length], changes));
        });
      }),
      { numRuns: 200 },
    );
  });

  test.each(['.BTF', '.symtab', '.strtab'])('is read or refused when %s is damaged', (name) => {
    const where = range(name);
    fc.assert(
      fc.property(mutations, (changes) => {
        tolerate(() => {
          readObject(mutated(object, where, changes));
        });
      }),
      { numRuns: 200 },
    );
  });

  test('is read or refused when the section headers are damaged', () => {
    const count = parseObject(object).elf.sections.length;
    const end = object.length;
    fc.assert(
      fc.property(mutations, (changes) => {
        tolerate(() => {
          readObject(mutated(object, [end - count * 64, end], changes));
        });
      }),
      { numRuns: 200 },
    );
  });

  test('is refused wherever the object is cut', () => {
    fc.assert(
      fc.property(place, (where) => {
        const cut = object.subarray(0, Math.floor(where * object.length));
        expect(() => parseObject(cut)).toThrow(EcliError);
      }),
    );
  });

  test('is read or refused when types refer to any types', () => {
    const word = fc.oneof(fc.nat(12), fc.nat(0xffff_ffff));
    const record = fc.record({
      name: fc.constantFrom('', 'event', 'int'),
      flag: fc.boolean(),
      vlen: fc.nat(3),
      word,
      extra: fc.array(word, { minLength: 9, maxLength: 9 }),
    });
    const types = fc.array(fc.tuple(fc.integer({ min: 1, max: 19 }), record), { maxLength: 12 });
    fc.assert(
      fc.property(types, (described) => {
        const builder = new BtfBuilder();
        for (const [kind, type] of described) builder.add(kind, fitting(kind, type));
        readTypes(Btf.parse(builder.bytes()));
      }),
      { numRuns: 1000 },
    );
  });
});

/** As many words as the kind has (linux/include/uapi/linux/btf.h), so that what is wrong lies deeper. */
function fitting(kind: number, record: Required<TypeRecord>): TypeRecord {
  const fixed: Readonly<Record<number, number>> = { 1: 1, 3: 3, 14: 1, 17: 1 };
  const each: Readonly<Record<number, number>> = { 4: 3, 5: 3, 6: 2, 13: 2, 15: 3, 19: 3 };
  const words = (fixed[kind] ?? 0) + (each[kind] ?? 0) * record.vlen;
  return { ...record, extra: record.extra.slice(0, words) };
}
