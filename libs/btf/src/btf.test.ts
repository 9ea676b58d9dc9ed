import { describe, expect, test } from '@jest/globals';
import { BtfBuilder, Kind } from '../test/btf-builder.ts';
import { Btf } from './btf.ts';

/** One sound type, for tests that damage it. */
function sample(): Uint8Array {
  const builder = new BtfBuilder();
  builder.int('int');
  return builder.bytes();
}

function build(describeTypes: (builder: BtfBuilder) => unknown): Btf {
  const builder = new BtfBuilder();
  describeTypes(builder);
  return Btf.parse(builder.bytes());
}

describe('Btf.parse', () => {
  test('reads from any offset in memory', () => {
    const bytes = sample();
    const shifted = new Uint8Array(bytes.length + 1);
    shifted.set(bytes, 1);
    expect(Btf.parse(shifted.subarray(1)).type(1)).toMatchObject({ kind: 'int', name: 'int' });
  });

  test('holds void alone when there are no types', () => {
    const btf = build(() => undefined);
    expect(btf.types).toEqual([{ kind: 'void', id: 0, name: 'void' }]);
  });

  // Offsets: struct btf_header.
  test.each([
    ['an empty file', 0, [], 0, 'BTF: 0 bytes are too few for its header'],
    ['another magic', 0, [1, 2], undefined, 'BTF: it does not begin with its magic'],
    ['the other byte order', 0, [0xeb, 0x9f], undefined, 'BTF: made for the other byte order'],
    ['another version', 2, [2], undefined, 'BTF: version 2 is unknown'],
    ['a header that is too short', 4, [20], undefined, 'BTF: its header says that it has 20 bytes itself'],
    ['a header beyond the end', 4, [0xff, 0xff, 0xff, 0x7f], undefined, 'BTF: its header says that it has'],
    [
      'more types than bytes',
      12,
      [0xfc, 0xff, 0xff, 0xff],
      undefined,
      'BTF: truncated: 4294967292 bytes of types',
    ],
    ['types that are not words', 12, [15], undefined, 'BTF: 15 bytes of types are not whole words'],
    ['no strings', 20, [0], undefined, 'BTF: its strings do not begin and end with NUL'],
    ['a type cut short', 12, [12], undefined, 'BTF type 1: truncated'],
    ['an unknown kind', 31, [31], undefined, 'BTF type 1: kind 31 is unknown'],
    ['more members than bytes', 28, [0xff, 0xff, 0, 4], undefined, 'BTF type 1: truncated'],
  ])('refuses %s', (_, offset, change, length, message) => {
    const bytes = sample();
    bytes.set(change, offset);
    const parse = (): unknown => Btf.parse(bytes.subarray(0, length));
    expect(parse).toThrow(message);
    expect(parse).toThrow(expect.objectContaining({ code: 'OBJECT_INVALID' }));
  });
});

describe('Btf.type', () => {
  test('returns the same object each time', () => {
    const btf = Btf.parse(sample());
    expect(btf.type(1)).toBe(btf.type(1));
  });

  test.each([2, -1, 0.5, NaN, 2 ** 32])('refuses id %d', (id) => {
    expect(() => Btf.parse(sample()).type(id)).toThrow(`BTF: there is no type ${id} among 2`);
  });

  test.each([
    ['an int wider than its storage', Kind.INT, { word: 4, extra: [33] }],
    ['an int of 32 bytes', Kind.INT, { word: 32, extra: [8] }],
    ['a float of 3 bytes', Kind.FLOAT, { word: 3 }],
    ['an enum of 3 bytes', Kind.ENUM, { word: 3, vlen: 1, extra: [0, 0] }],
  ])('refuses %s', (_, kind, record) => {
    const btf = build((b) => b.add(kind, record));
    expect(() => btf.type(1)).toThrow(expect.objectContaining({ code: 'OBJECT_INVALID' }));
  });

  test('refuses a name outside the strings', () => {
    const bytes = sample();
    bytes.set([0xff, 0xff], 24);
    expect(() => Btf.parse(bytes).type(1)).toThrow('BTF strings: offset 65535 is outside its 5 bytes');
  });

  test('takes members of an int that uses part of its storage for bit-fields', () => {
    const btf = build((b) => {
      const three = b.add(Kind.INT, { name: 'unsigned int', word: 4, extra: [(2 << 16) | 3] });
      const alias = b.add(Kind.TYPEDEF, { name: 'alias', word: three });
      b.struct('old', 4, [
        { name: 'direct', type: three, bit: 8 },
        { name: 'aliased', type: alias, bit: 16 },
      ]);
    });
    expect(btf.find('struct', 'old')?.members).toEqual([
      { name: 'direct', type: 1, bitOffset: 10, bitSize: 3 },
      { name: 'aliased', type: 2, bitOffset: 18, bitSize: 3 },
    ]);
  });
});

describe('Btf.find', () => {
  const btf = build((b) => {
    b.int('event');
    b.struct('event', 8, []);
    b.struct('event', 16, [], Kind.UNION);
    b.struct('event', 32, []);
    b.add(Kind.ENUM64, { name: 'wide', word: 8 });
  });

  test('returns the first of the kind and name', () => {
    expect(btf.find('struct', 'event')?.size).toBe(8);
    expect(btf.find('union', 'event')?.size).toBe(16);
    expect(btf.find('enum', 'wide')?.size).toBe(8);
  });

  test.each(['even', 'events', '', 'event\0event'])('does not take %j for event', (name) => {
    expect(btf.find('struct', name)).toBeUndefined();
  });
});

describe('Btf.resolve', () => {
  test('looks through typedefs, qualifiers and type tags', () => {
    const btf = build((b) => {
      let id = b.int();
      for (const kind of [Kind.TYPEDEF, Kind.CONST, Kind.VOLATILE, Kind.RESTRICT, Kind.TYPE_TAG]) {
        id = b.add(kind, { name: 'word', word: id });
      }
    });
    expect(btf.resolve(6)).toBe(btf.type(1));
    expect(btf.resolve(0).kind).toBe('void');
  });

  test('refuses a circle of typedefs', () => {
    const btf = build((b) => {
      b.add(Kind.TYPEDEF, { name: 'a', word: 2 });
      b.add(Kind.CONST, { word: 1 });
    });
    expect(() => btf.resolve(1)).toThrow('BTF type 1: its typedefs or qualifiers go in a circle');
  });
});

describe('Btf.sizeOf', () => {
  test('measures each kind that has a size', () => {
    const btf = build((b) => {
      const int = b.int();
      b.pointer(int);
      b.array(b.array(int, 3), 2);
      b.struct('empty', 0, []);
      b.add(Kind.VAR, { name: 'variable', word: int, extra: [1] });
      b.add(Kind.ENUM, { name: 'declared', word: 0 });
    });
    expect([1, 2, 3, 4, 5, 6, 7].map((id) => btf.sizeOf(id))).toEqual([4, 8, 12, 24, 0, 4, 0]);
  });

  test.each<[string, number, string, (builder: BtfBuilder) => unknown]>([
    ['void', 0, 'BTF type 0 (void): a void has no size', (b) => b.int()],
    ['a forward', 1, 'BTF type 1 (f): a forward has no size', (b) => b.add(Kind.FWD, { name: 'f' })],
    [
      'a struct in itself',
      1,
      'BTF type 1: it contains itself',
      (b) => b.struct('s', 4, [{ type: 1, bit: 0 }]),
    ],
    ['an array of itself', 1, 'BTF type 1: it contains itself', (b) => b.array(1, 1)],
    ['a variable of itself', 1, 'it contains itself', (b) => b.add(Kind.VAR, { word: 1, extra: [0] })],
    [
      'a member that ends outside',
      2,
      'BTF type 2 (s): member m at bit 8 does not fit into 4 bytes',
      ending(8),
    ],
    ['a bit-field that ends outside', 2, 'member m at bit 30 does not fit', ending(30, 3)],
    ['a bit-field wider than its type', 2, 'member m at bit 0 does not fit', ending(0, 33)],
    [
      'a member between two bytes',
      2,
      'member m at bit 4 does not fit into 64 bytes',
      ending(4, undefined, 64),
    ],
    [
      'an array too large to load',
      2,
      'BTF type 2: an array of 17179869180 bytes',
      (b) => b.array(b.int(), 2 ** 32 - 1),
    ],
    ['a hundred arrays in each other', 100, 'nested more than 64 deep', nested],
  ])('refuses %s', (_, id, message, describeTypes) => {
    const btf = build(describeTypes);
    expect(() => btf.sizeOf(id)).toThrow(message);
    expect(() => btf.sizeOf(id)).toThrow(expect.objectContaining({ code: 'OBJECT_INVALID' }));
  });

  function ending(bit: number, bits?: number, size = 4): (builder: BtfBuilder) => unknown {
    return (b) => b.struct('s', size, [{ name: 'm', type: b.int(), bit, ...(bits && { bits }) }]);
  }

  function nested(builder: BtfBuilder): void {
    let id = builder.int();
    for (let count = 0; count < 100; count++) id = builder.array(id, 1);
  }
});
