import { beforeAll, describe, expect, test } from '@jest/globals';
import { BtfBuilder, Kind } from '../test/btf-builder.ts';
import { compile } from '../test/compile.ts';
import { Btf } from './btf.ts';
import { parseObject } from './object-file.ts';

/** What C says, what we say (the same, without the name), and what a JSON package says where it differs. */
const MEMBERS: readonly (readonly [declaration: string, spelling: string, inPackage?: string])[] = [
  ['int a', 'int'],
  ['unsigned long long a', 'unsigned long long'],
  ['_Bool a', '_Bool'],
  ['__u32 a', '__u32'],
  ['char a[100]', 'char[100]'],
  ['int a[2][3]', 'int[2][3]'],
  ['struct event *a', 'struct event *'],
  ['struct event *a[4]', 'struct event *[4]'],
  ['struct event (*a)[4]', 'struct event (*)[4]'],
  ['int *(*a[5])[6]', 'int *(*[5])[6]'],
  ['union either *a', 'union either *'],
  ['enum choice a', 'enum choice'],
  ['struct declared *a', 'struct declared *'],
  ['union declared_too *a', 'union declared_too *'],
  ['const char *a', 'const char *', 'char *'],
  ['char *const a', 'char *const', 'char *'],
  ['const char *const *a', 'const char *const *', 'char **'],
  ['const volatile char a[3]', 'const volatile char[3]', 'char[3]'],
  ['char *const a[3]', 'char *const[3]', 'char *[3]'],
  ['char *restrict a', 'char *restrict', 'char *'],
  ['void *a', 'void *'],
  ['int (*a)(void *, const char *)', 'int (*)(void *, const char *)', 'int (*)(void *, char *)'],
  ['void (*a)(void)', 'void (*)(void)'],
  ['int (*a)(int, ...)', 'int (*)(int, ...)'],
  ['int *(*a)(void)', 'int *(*)(void)'],
  ['int (*(*a)(int))(char)', 'int (*(*)(int))(char)'],
  ['int (*const a)(void)', 'int (*const)(void)', 'int (*)(void)'],
  ['int __attribute__((btf_type_tag("user"))) *a', 'int *'],
  ['struct { int b; } a', 'struct (anonymous)'],
  ['union { int b; } *a[2]', 'union (anonymous) *[2]'],
  ['enum { ONE } a', 'enum (anonymous)'],
];

describe('Btf.spell', () => {
  let btf: Btf;

  beforeAll(() => {
    const structs = MEMBERS.map(
      ([declaration], index) => `struct holder${index} { ${declaration}; } holder${index};`,
    );
    const types =
      'struct event { int x; }; union either { int x; }; enum choice { YES }; struct event event;';
    btf = parseObject(compile(`${types}\n${structs.join('\n')}\n`)).btf;
  });

  const rows = MEMBERS.map(([declaration, spelling, inPackage = spelling], index) => {
    return { declaration, spelling, inPackage, index };
  });

  test.each(rows)('spells `$declaration` as `$spelling`', ({ spelling, inPackage, index }) => {
    const member = btf.find('struct', `holder${index}`)?.members[0];
    expect(btf.spell(member?.type ?? 0)).toBe(spelling);
    expect(btf.spell(member?.type ?? 0, { qualifiers: false })).toBe(inPackage);
  });

  test('spells a variable and a function as their types', () => {
    const { btf } = parseObject(
      compile('int number; SEC("xdp") int program(void *context) { return number; }'),
    );
    expect(btf.spell(btf.find('variable', 'number')?.id ?? 0)).toBe('int');
    expect(btf.spell(btf.find('function', 'program')?.id ?? 0)).toBe('int (void *)');
  });

  test('refuses a type whose spelling has no end', () => {
    const builder = new BtfBuilder();
    builder.pointer(1);
    const arguments_ = [2, 2].flatMap((id) => [0, id]);
    builder.add(Kind.FUNC_PROTO, { word: 2, vlen: 2, extra: arguments_ });
    const circular = Btf.parse(builder.bytes());
    expect(() => circular.spell(1)).toThrow('BTF type 1: too intricate to spell');
    expect(() => circular.spell(2)).toThrow('BTF type 2: too intricate to spell');
  });

  test('refuses to repeat a long name into gigabytes', () => {
    const builder = new BtfBuilder();
    const long = builder.int('x'.repeat(4_000));
    const parameters = Array.from({ length: 900 }, () => [0, long]).flat();
    builder.add(Kind.FUNC_PROTO, { word: long, vlen: 900, extra: parameters });
    const btf = Btf.parse(builder.bytes());
    expect(btf.spell(long)).toHaveLength(4_000);
    expect(() => btf.spell(2)).toThrow('too intricate to spell');
  });

  test('refuses to repeat a long list of parameters without a name', () => {
    const builder = new BtfBuilder();
    const ellipses = builder.add(Kind.FUNC_PROTO, {
      vlen: 60_000,
      extra: new Array<number>(120_000).fill(0),
    });
    const parameters = Array.from({ length: 400 }, () => [0, ellipses]).flat();
    builder.add(Kind.FUNC_PROTO, { vlen: 400, extra: parameters });
    const btf = Btf.parse(builder.bytes());
    expect(() => btf.spell(2)).toThrow('too intricate to spell');
  });
});
