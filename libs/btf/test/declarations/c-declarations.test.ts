import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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

/** What clang says of sources in C for BPF, and the first that it complains of; nothing when it is content. */
function complaints(sources: readonly string[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'ecli-c-'));
  try {
    const files = sources.map((source, index) => {
      writeFileSync(join(folder, `${index}.c`), source);
      return `${index}.c`;
    });
    execFileSync('clang', ['-fsyntax-only', '-Werror', '-target', 'bpf', ...files], {
      cwd: folder,
      stdio: 'pipe',
    });
    return '';
  } catch (error) {
    const said = (error as { stderr: Buffer }).stderr.toString();
    const first = Number(/^(\d+)\.c/m.exec(said)?.[1]);
    return `${said.slice(0, 2000)}\n${sources[first]}`;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
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
    const sources = fc.sample(cases, { numRuns: 200, seed }).flatMap(({ table, typeId }) => {
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
