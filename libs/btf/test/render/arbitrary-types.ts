import fc from 'fast-check';
import type { EntryTypes } from '../../src/render/layout.ts';
import type { BtfType, ModifierType, TypedefType } from '../../src/types.ts';
import { TypeTable } from './type-table.ts';

/** A random type, and samples of it. */
export interface Case {
  readonly table: TypeTable;
  readonly typeId: number;
  readonly samples: readonly Uint8Array[];
}

export const SAMPLES_A_TYPE = 4;

/** Adds a type to the table and returns its id. */
type Recipe = (table: TypeTable) => number;

/** Names from tame to hostile; in BTF a NUL ends them. */
const name = fc.oneof(
  { weight: 6, arbitrary: fc.stringMatching(/^[a-z_]{1,12}$/) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', minLength: 1, maxLength: 8 }).filter(isName) },
  { weight: 1, arbitrary: fc.constantFrom('a"];process.exit(7)//', '`${x}`', 'é\n\u2028', '\\"\x1b[31m') },
);

function isName(text: string): boolean {
  return !text.includes('\0');
}

const integer: fc.Arbitrary<Recipe> = fc
  .record({ size: fc.constantFrom(1, 2, 4, 8, 16), signed: fc.boolean() })
  .map(
    ({ size, signed }) =>
      (table) =>
        table.int(signed ? 'signed' : 'unsigned', size, signed),
  );

const enumeration: fc.Arbitrary<Recipe> = fc
  .record({
    name,
    size: fc.constantFrom(1, 2, 4, 8),
    signed: fc.boolean(),
    values: fc.array(fc.record({ name, value: enumValue() }), { maxLength: 5 }),
  })
  .map(({ name, size, signed, values }) => (table) => {
    const atWidth = signed ? BigInt.asIntN : BigInt.asUintN;
    const fitting = values.map((entry) => ({ ...entry, value: atWidth(size * 8, entry.value) }));
    return table.enum(name, size, signed, fitting);
  });

function enumValue(): fc.Arbitrary<bigint> {
  return fc.oneof(fc.bigInt({ min: -3n, max: 3n }), fc.bigInt({ min: -(1n << 63n), max: (1n << 64n) - 1n }));
}

/** Each way that compilers have to say `char`; only what C calls plain char makes strings. */
const chars: readonly Recipe[] = [
  (table) => table.char(),
  (table) => table.int('char', 1, false),
  (table) => table.int('unsigned char', 1, false),
  (table) => table.int('signed char', 1, true),
  (table) => table.int('text', 1, false, { char: true }),
  (table) => table.int('char', 2, true),
  (table) => table.typedef('byte_t', table.typedef('letter', table.char())),
];

/** Pointers to what has no value of its own; a pointer is a number, whatever it points to. */
const pointers: readonly Recipe[] = [
  (table) => table.pointer(),
  (table) => table.pointer(table.add({ kind: 'forward', name: 'sock', of: 'struct' })),
  (table) => table.pointer(table.add({ kind: 'forward', name: 'either', of: 'union' })),
  (table) => {
    const next = table.pointer(table.types.length + 1);
    table.struct('node', [['next', next]]);
    return next;
  },
  (table) => {
    const parameters = [{ name: 'context', type: table.pointer() }];
    return table.pointer(table.add({ kind: 'function_prototype', name: '', returns: 0, parameters }));
  },
];

const scalar: fc.Arbitrary<Recipe> = fc.oneof(
  { weight: 4, arbitrary: integer },
  { weight: 2, arbitrary: enumeration },
  fc.constantFrom(1, 2, 4).map(
    (size): Recipe =>
      (table) =>
        table.bool(size),
  ),
  fc.constantFrom(4, 8).map(
    (size): Recipe =>
      (table) =>
        table.float(size),
  ),
  fc.constantFrom(...chars),
  fc.constantFrom(...pointers),
);

const string: fc.Arbitrary<Recipe> = fc
  .record({ size: fc.nat({ max: 20 }), element: fc.constantFrom(...chars) })
  .map(
    ({ size, element }) =>
      (table) =>
        table.array(element(table), size),
  );

/** What a type may be wrapped in without becoming another. */
const wrapping = fc.constantFrom('typedef', 'const', 'volatile', 'restrict', 'type_tag', 'declaration_tag');

/** Typedef chains, qualifiers as C allows them, and tags that nothing depends on. */
function wrapped(inner: Recipe, wrappings: readonly string[]): Recipe {
  return (table) => wrappings.reduce((id, kind) => wrap(table, id, kind), inner(table));
}

function wrap(table: TypeTable, target: number, kind: string): number {
  switch (kind) {
    case 'typedef':
      return table.typedef('alias', target);
    case 'type_tag':
      return table.add({ kind, name: 'user', target });
    case 'declaration_tag':
      table.add({ kind, name: 'tag', target, component: -1 });
      return target;
    case 'restrict':
      return pointsToValues(table, target) ? qualified(table, target, kind) : target;
    default:
      return qualified(table, target, kind as 'const' | 'volatile');
  }
}

/** C has restrict for these alone. */
function pointsToValues(table: TypeTable, id: number): boolean {
  const type = table.resolve(id);
  return type.kind === 'pointer' && table.resolve(type.target).kind !== 'function_prototype';
}

/** A type has a qualifier once. */
function qualified(table: TypeTable, target: number, kind: 'const' | 'volatile' | 'restrict'): number {
  for (let type = table.type(target); ; type = table.type(type.target)) {
    if (type.kind === kind) return target;
    if (!isWrapping(type)) return table.add({ kind, name: '', target });
  }
}

function isWrapping(type: BtfType): type is TypedefType | ModifierType {
  return ['typedef', 'const', 'volatile', 'restrict', 'type_tag'].includes(type.kind);
}

/** A member's type, the gap before it, and what makes it a bit-field if its type can be one. */
const member = (type: fc.Arbitrary<Recipe>): fc.Arbitrary<MemberRecipe> =>
  fc.record({
    name: fc.oneof({ weight: 8, arbitrary: name }, fc.constant('')),
    type,
    gap: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, fc.nat({ max: 5 })),
    width: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.integer({ min: 1, max: 128 })),
  });

interface MemberRecipe {
  readonly name: string;
  readonly type: Recipe;
  /** Bytes for an ordinary member, bits for a bit-field. */
  readonly gap: number;
  readonly width: number;
}

function composite(kind: 'struct' | 'union', name: string, members: readonly MemberRecipe[]): Recipe {
  return (table) => {
    let end = 0;
    let size = 0;
    const placed = members.map((member) => {
      const type = member.type(table);
      const resolved = table.resolve(type);
      const canBeBits = resolved.kind === 'int' || resolved.kind === 'enum';
      const bytes = table.sizeOf(type);
      const bitSize = canBeBits ? Math.min(member.width, bytes * 8) : 0;
      const from = kind === 'union' ? 0 : end;
      const bitOffset = bitSize > 0 ? from + member.gap : (Math.ceil(from / 8) + member.gap) * 8;
      end = bitOffset + (bitSize || bytes * 8);
      size = Math.max(size, Math.ceil(end / 8));
      // C has members without a name, but none of a typedef.
      const name = member.name === '' && table.type(type).kind === 'typedef' ? 'unnamed' : member.name;
      return [name, type, bitOffset, bitSize] as const;
    });
    return table.composite(kind, name, size, placed);
  };
}

const { type } = fc.letrec<{ type: Recipe; array: Recipe; composite: Recipe }>((tie) => ({
  type: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    { weight: 5, arbitrary: scalar },
    { weight: 3, arbitrary: string },
    { weight: 1, arbitrary: tie('array') },
    { weight: 2, arbitrary: tie('composite') },
    {
      weight: 1,
      arbitrary: fc
        .record({ inner: tie('type'), wrappings: fc.array(wrapping, { minLength: 1, maxLength: 4 }) })
        .map(({ inner, wrappings }) => wrapped(inner, wrappings)),
    },
  ),
  array: fc.record({ element: tie('type'), length: fc.nat({ max: 4 }) }).map(
    ({ element, length }): Recipe =>
      (table) =>
        table.array(element(table), length),
  ),
  composite: fc
    .record({
      kind: fc.constantFrom('struct', 'union'),
      name: fc.oneof(name, fc.constant('')),
      members: fc.array(member(tie('type')), { maxLength: 5 }),
    })
    .map(({ kind, name, members }) => composite(kind, name, members)),
}));

/** Bytes that are letters, NULs, UTF-8, noise or all the same, so that every branch is met. */
function sampleBytes(size: number): fc.Arbitrary<Uint8Array> {
  const exactly = { minLength: size, maxLength: size };
  const byte = fc.oneof(
    { weight: 3, arbitrary: fc.integer({ min: 0x20, max: 0x7e }) },
    { weight: 1, arbitrary: fc.constant(0) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(0x22, 0x5c, 0x0a, 0x1b, 0x7f, 0xc2, 0x9b, 0xe2, 0x80, 0xae, 0xf0, 0x9f),
    },
    { weight: 1, arbitrary: fc.nat({ max: 255 }) },
  );
  return fc.oneof(
    { weight: 2, arbitrary: fc.uint8Array(exactly) },
    { weight: 3, arbitrary: fc.array(byte, exactly).map((bytes) => Uint8Array.from(bytes)) },
    { weight: 1, arbitrary: fc.constantFrom(0, 1, 0xff).map((value) => new Uint8Array(size).fill(value)) },
    {
      weight: 1,
      arbitrary: fc
        .string({ unit: 'binary', minLength: size, maxLength: size })
        .map((text) => Uint8Array.from(Buffer.from(text).subarray(0, size))),
    },
  );
}

/** Mostly structs, as programs export them; sometimes any type. */
const sampled: fc.Arbitrary<Recipe> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc
      .array(member(type), { maxLength: 7 })
      .map((members) => composite('struct', 'event', members)),
  },
  { weight: 1, arbitrary: type },
);

function samplesOf(size: number): fc.Arbitrary<Uint8Array[]> {
  return fc.array(sampleBytes(size), { minLength: SAMPLES_A_TYPE, maxLength: SAMPLES_A_TYPE });
}

export const cases: fc.Arbitrary<Case> = sampled.chain((recipe) => {
  const table = new TypeTable();
  const typeId = recipe(table);
  return samplesOf(table.sizeOf(typeId)).map((samples) => ({ table, typeId, samples }));
});

/** The types of a random map, and entries of it as its reader lays them out. */
export interface EntryCase extends EntryTypes {
  readonly keyType: number;
  readonly table: TypeTable;
  readonly entries: readonly Uint8Array[];
}

export const entryCases: fc.Arbitrary<EntryCase> = fc
  .record({
    key: sampled,
    value: sampled,
    cpus: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }),
  })
  .chain(({ key, value, cpus }) => {
    const table = new TypeTable();
    const types = { keyType: key(table), valueType: value(table), cpus };
    const [keySize, valueSize] = [table.sizeOf(types.keyType), table.sizeOf(types.valueType)];
    const values = cpus === undefined ? valueSize : cpus * 8 * Math.ceil(valueSize / 8);
    return samplesOf(8 * Math.ceil(keySize / 8) + values).map((entries) => ({ table, ...types, entries }));
  });
