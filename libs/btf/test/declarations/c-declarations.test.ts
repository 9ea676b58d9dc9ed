import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { spawnSync } from 'node:child_process';
import { Btf, ElfFile } from '../../src/index.ts';
import { cDeclarations } from '../../src/declarations/c-declarations.ts';
import { identifier } from '../../src/declarations/c-names.ts';
import type { TypeSource } from '../../src/render/layout.ts';
import type { CompositeType } from '../../src/types.ts';
import { compile } from '../compile.ts';
import { cases } from '../render/arbitrary-types.ts';
import { TypeTable } from '../render/type-table.ts';

const SOURCE = `
enum kind { KIND_A, KIND_B = 7 };
enum wide { WIDE = 0x100000000ull };
struct later;
struct inner { unsigned char mac[3]; short port; } __attribute__((packed));
typedef struct { int x; } point;
struct event {
  char state;
  __u64 at;
  unsigned int low : 3, : 2, high : 9;
  union { __u64 as_number; struct { __u32 first, second; }; };
  struct { const char *name; point *to; } named[2];
  struct inner peers[2];
  enum kind kind;
  enum wide wide;
  struct later *later;
  int (*callback)(struct later *, ...);
  int (*matrix)[3][4];
  __u32 tail[];
} __attribute__((aligned(64)));
struct { __uint(type, 27); __type(value, struct event); } events SEC(".maps");
`;

const DECLARED = `typedef unsigned long long __u64;
typedef unsigned int __u32;

typedef struct {
    int x;                                   /*     0     4 */
    /* size: 4 */
} point;

struct inner {
    unsigned char mac[3];                    /*     0     3 */
    short port;                              /*     3     2 */
    /* size: 5 */
} __attribute__((packed));

enum kind {
    KIND_A = 0,
    KIND_B = 7,
};

enum wide {
    WIDE = 0ULL,
} __attribute__((mode(DI)));

struct event {
    char state;                              /*     0     1 */
    /* 7 bytes unused */
    __u64 at;                                /*     8     8 */
    unsigned int low : 3;                    /*    16: 0  4 */
    unsigned char : 2;
    unsigned int high : 9;                   /*    16: 5  4 */
    /* 6 bytes unused */
    union {
        __u64 as_number;                     /*    24     8 */
        struct {
            __u32 first;                     /*    24     4 */
            __u32 second;                    /*    28     4 */
        };                                   /*    24     8 */
    };                                       /*    24     8 */
    struct {
        const char *name;                    /*     0     8 */
        point *to;                           /*     8     8 */
    } named[2];                              /*    32    32 */
    struct inner peers[2];                   /*    64    10 */
    /* 2 bytes unused */
    enum kind kind;                          /*    76     4 */
    enum wide wide;                          /*    80     8 */
    struct later *later;                     /*    88     8 */
    int (*callback)(struct later *, ...);    /*    96     8 */
    int (*matrix)[3][4];                     /*   104     8 */
    __u32 tail[0];                           /*   112     0 */
    unsigned char _unused[16];
    /* size: 128 */
};
`;

/**
 * What clang says of sources in C for BPF, and the first that it complains of; nothing when it is content. Each is
 * a block of its own, so that one run of clang sees them all.
 */
function complaints(sources: readonly string[]): string {
  const blocks = sources.map(
    (source, index) => `#line 1 "${index}.c"\nvoid block_${index}(void) {${source}\n}`,
  );
  const flags = ['-fsyntax-only', '-Werror', '-target', 'bpf', '-x', 'c', '-'];
  const { status, stderr } = spawnSync('clang', flags, { input: blocks.join('\n'), encoding: 'utf8' });
  if (status === 0) return '';
  const first = Number(/^(\d+)\.c/m.exec(stderr)?.[1]);
  return `${stderr.slice(0, 2000)}\n${sources[first]}`;
}

/** Asserts for the compiler: the size of `name`, and where its members with a tame name of their own lie. */
function layoutAsserts(btf: TypeSource, name: string, type: CompositeType): string[] {
  const ordinary = type.members.filter((member, index) => {
    const isFirst = type.members.findIndex(({ name: other }) => identifier(other) === member.name) === index;
    const isAlone = !type.members.some(({ name: other }) => other === '');
    return isFirst && isAlone && member.bitSize === 0 && /^[a-z_]+$/.test(member.name);
  });
  return [
    `_Static_assert(sizeof(${name}) == ${btf.sizeOf(type.id)}, "size");`,
    ...ordinary
      .filter(({ bitOffset }) => type.kind === 'struct' || bitOffset === 0)
      .filter(({ name: member }) => identifier(member) === member && !/__\d|^_un/.test(member))
      .map(
        ({ name: member, bitOffset }) =>
          `_Static_assert(__builtin_offsetof(${name}, ${member}) == ${bitOffset / 8}, "${member}");`,
      ),
  ];
}

describe('C declarations', () => {
  test('of any types compile to the same layout', () => {
    const seed = Math.floor(Math.random() * 0x7fff_ffff);
    const sources = fc.sample(cases, { numRuns: 1000, seed }).flatMap(({ table, typeId }) => {
      const type = table.resolve(typeId);
      if (type.kind !== 'struct' && type.kind !== 'union') return [];
      const source = cDeclarations(table, [table.typedef('root_of_all', typeId)]);
      return [[source, ...layoutAsserts(table, 'root_of_all', type)].join('\n')];
    });
    expect({ seed, complaints: complaints(sources) }).toEqual({ seed, complaints: '' });
  }, 120_000);

  test('of a struct that clang made tell offsets, sizes and gaps', () => {
    const section = ElfFile.parse(compile(SOURCE)).section('.BTF');
    const btf = Btf.parse(section?.data ?? new Uint8Array(0));
    const event = btf.find('struct', 'event')?.id ?? 0;
    expect(cDeclarations(btf, [event])).toBe(DECLARED);
  });

  describe('compile', () => {
    function compiled(table: TypeTable, id: number): string {
      const text = cDeclarations(table, [id]);
      expect(complaints([text])).toBe('');
      return text;
    }

    test('with a qualifier once, though an array and its elements both have it', () => {
      const table = new TypeTable();
      const elements = table.array(table.add({ kind: 'const', name: '', target: table.char() }), 4);
      const array = table.add({ kind: 'const', name: '', target: elements });
      expect(compiled(table, table.typedef('label', array))).toBe('typedef const char label[4];\n');
    });

    test('with a name for a bit-field that has none, as C would not align to it', () => {
      const table = new TypeTable();
      const union = table.composite('union', 'flags', 4, [['', table.int('unsigned int', 4, false), 0, 13]]);
      expect(compiled(table, union)).toContain('unsigned int _unnamed : 13;');
    });

    test('with a name for a member that has none, of a typedef or an array of structs', () => {
      const table = new TypeTable();
      const point = table.struct('', [['x', table.int('int', 4, true)]]);
      const struct = table.struct('line', [
        ['', table.typedef('point', point)],
        ['', table.array(point, 2)],
        ['', point],
      ]);
      const text = compiled(table, struct);
      expect(text).toContain('point _unnamed;');
      expect(text).toContain('} _unnamed__2[2];');
      expect(text).toMatch(/\n {4}\}; /);
    });

    test('with other names for those that compilers keep for themselves', () => {
      const table = new TypeTable();
      const struct = table.struct('__volatile__', [
        ['__const', table.char()],
        ['__builtin_offsetof', table.char()],
        ['__constant', table.char()],
      ]);
      const text = compiled(table, struct);
      expect(text).toContain('struct ___volatile__ {');
      expect([...text.matchAll(/char (\w+);/g)].map(([, name]) => name)).toEqual([
        '___const',
        '___builtin_offsetof',
        '__constant',
      ]);
    });

    test('where structs point to each other by typedefs', () => {
      const table = new TypeTable();
      const ids = { journal: 3, transaction: 6 };
      const journal = table.struct('journal_s', [
        ['running', table.pointer(table.typedef('transaction_t', ids.transaction))],
      ]);
      const transaction = table.struct('transaction_s', [
        ['journal', table.pointer(table.typedef('journal_t', journal))],
      ]);
      expect({ journal, transaction }).toEqual(ids);
      expect(compiled(table, journal)).toMatch(
        /^typedef struct transaction_s transaction_t;\n\nstruct journal_s \{\n {4}transaction_t \*running;/,
      );
      compiled(table, transaction);
    });

    test('where a function of typedefs has a typedef', () => {
      const table = new TypeTable();
      const flags = table.typedef('gfp_t', table.int('unsigned int', 4, false));
      const parameters = [{ name: 'flags', type: flags }];
      const returns = table.pointer();
      const allocate = table.add({ kind: 'function_prototype', name: '', returns, parameters });
      const pool = table.struct('pool', [['allocate', table.pointer(table.typedef('allocate_t', allocate))]]);
      expect(compiled(table, pool)).toContain(
        'typedef unsigned int gfp_t;\ntypedef void *allocate_t(gfp_t);\n',
      );
    });
  });

  test('refuses what would not end', () => {
    const table = new TypeTable();
    let inner = table.int('int', 4, true);
    for (let depth = 0; depth < 40; depth++) {
      const size = Math.min(table.sizeOf(inner), 2 ** 20);
      inner = table.composite('union', '', size, [
        ['a', inner, 0],
        ['b', inner, 0],
      ]);
    }
    expect(() => cDeclarations(table, [inner, table.typedef('t', inner)])).toThrow(/too intricate|more than/);
  });
});
