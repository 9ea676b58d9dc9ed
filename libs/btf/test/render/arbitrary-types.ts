import fc from 'fast-check';
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

/** Names from tame to hostile. */
const name = fc.oneof(
  { weight: 6, arbitrary: fc.stringMatching(/^[a-z_]{1,12}$/) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', minLength: 1, maxLength: 8 }) },
  { weight: 1, arbitrary: fc.constantFrom('a"];process.exit(7)//', '`${x}`', 'é\n\u2028', '\\"\x1b[31m') },
);

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

const scalar: fc.Arbitrary<Recipe> = fc.oneof(
  { weight: 4, arbitrary: integer },
  { weight: 2, arbitrary: enumeration },
  fc.constantFrom<Recipe>(
    (table) => table.bool(),
    (table) => table.bool(4),
    (table) => table.char(),
    (table) => table.float(4),
    (table) => table.float(8),
    (table) => table.pointer(),
    (table) => table.typedef('alias', table.add({ kind: 'const', name: '', target: table.pointer() })),
  ),
);

const string: fc.Arbitrary<Recipe> = fc.nat({ max: 20 }).map((size) => (table) => table.string(size));

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
      return [member.name, type, bitOffset, bitSize] as const;
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
export const cases: fc.Arbitrary<Case> = fc
  .oneof(
    {
      weight: 4,
      arbitrary: fc
        .array(member(type), { maxLength: 7 })
        .map((members) => composite('struct', 'event', members)),
    },
    { weight: 1, arbitrary: type },
  )
  .chain((recipe) => {
    const table = new TypeTable();
    const typeId = recipe(table);
    const lengths = { minLength: SAMPLES_A_TYPE, maxLength: SAMPLES_A_TYPE };
    return fc
      .array(sampleBytes(table.sizeOf(typeId)), lengths)
      .map((samples) => ({ table, typeId, samples }));
  });
