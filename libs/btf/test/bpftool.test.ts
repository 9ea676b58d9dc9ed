import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { Btf, type BtfType, parseObject } from '@ecli/btf';
import { BtfBuilder, Kind } from './btf-builder.ts';
import { compile } from './compile.ts';

const KERNEL_BTF = '/sys/kernel/btf/vmlinux';
const kernelTest = existsSync(KERNEL_BTF) ? test : test.skip;

/** As many kinds as clang 14 can write: all but ENUM64. */
const SOURCE = `
#define TYPE_TAG(x) __attribute__((btf_type_tag(x)))
#define DECL_TAG(x) __attribute__((btf_decl_tag(x)))
typedef int number DECL_TAG("typedef");
struct forward; union forward_union; enum forward_enum;
struct bits { int a : 3; unsigned b : 5; long long c : 40; _Bool d : 1; } DECL_TAG("struct");
enum negative { A = -1, B = 5 };
enum large { X = 0xffffffff };
enum __attribute__((packed)) tiny { T1, T2 };
struct everything {
  struct forward *forward; union forward_union *forward_union; enum forward_enum *forward_enum;
  const volatile char *restrict text; float single; double twice;
  int (*callback)(void *, int, ...); char table[2][3];
  union { int i; char c DECL_TAG("member"); };
  struct { int z; } nested;
  int TYPE_TAG("user") *user; __int128 wide; enum negative negative; enum large large; enum tiny tiny;
  number aliased; int flexible[];
};
struct everything *everything; struct bits bits; static volatile int hidden = 2;
extern int LINUX_KERNEL_VERSION __attribute__((section(".kconfig")));
int __attribute__((noinline)) function(int x DECL_TAG("argument"), const char *y) { return x + hidden + bits.a; }
SEC("xdp") int program(void *context) { return function(LINUX_KERNEL_VERSION, 0) + (everything ? 1 : 0); }
`;

// A busy machine may take seconds for the kernel's 126,611 types.
jest.setTimeout(60_000);

describe('Btf against bpftool', () => {
  let folder: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'ecli-btf-'));
  });

  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  function dumped(bytes: Uint8Array): unknown[] {
    const path = join(folder, 'dumped');
    writeFileSync(path, bytes);
    return dump(path);
  }

  test('reads every type that clang writes', () => {
    const object = compile(SOURCE);
    const { btf } = parseObject(object);
    expect(btf.types.slice(1).map(asBpftool)).toEqual(dumped(object));
  });

  test('reads kinds that newer compilers write', () => {
    const builder = new BtfBuilder();
    const [first, second] = [builder.string('FIRST'), builder.string('SECOND')];
    const values64 = [first, 0xffff_fffe, 0xffff_ffff, second, 1, 2];
    builder.add(Kind.ENUM64, { name: 'signed64', flag: true, vlen: 2, word: 8, extra: values64 });
    builder.add(Kind.ENUM64, { name: 'unsigned64', vlen: 2, word: 8, extra: values64 });
    builder.add(Kind.ENUM, {
      name: 'signed',
      flag: true,
      vlen: 2,
      word: 4,
      extra: [first, 0xffff_ffff, second, 3],
    });
    builder.add(Kind.FWD, { name: 'forward_union', flag: true });
    builder.add(Kind.FLOAT, { name: 'long double', word: 16 });
    const bytes = builder.bytes();
    expect(Btf.parse(bytes).types.slice(1).map(asBpftool)).toEqual(dumped(bytes));
  });

  kernelTest("reads the kernel's own types", () => {
    const btf = Btf.parse(readFileSync(KERNEL_BTF));
    const theirs = dump(KERNEL_BTF);
    expect(btf.length).toBe(theirs.length + 1);
    for (let id = 1; id < btf.length; id++) {
      const type = btf.type(id);
      const isCommon = ['function', 'function_prototype', 'pointer', 'struct'].includes(type.kind);
      if (isCommon && id % 20 !== 0) continue;
      expect(asBpftool(type)).toEqual(theirs[id - 1]);
    }
  });

  kernelTest("finds every layout in the kernel's types sound", () => {
    const btf = Btf.parse(readFileSync(KERNEL_BTF));
    const composites = btf.types.filter(({ kind }) => kind === 'struct' || kind === 'union');
    expect(() => composites.map(({ id }) => btf.sizeOf(id))).not.toThrow();
  });
});

function dump(path: string): unknown[] {
  const json = execFileSync('bpftool', ['-j', 'btf', 'dump', 'file', path, 'format', 'raw'], {
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });
  // Values need 64 bits, which JSON.parse would round.
  const { types } = JSON.parse(json.replace(/"val":(-?\d+)/g, '"val":"$1"')) as { types: unknown[] };
  return types.map(normalised);
}

/** Takes out what our types don't keep: index types, and vlen where the parts are listed. */
function normalised(type: unknown): unknown {
  const { vlen, index_type_id, ...rest } = type as Record<string, unknown>;
  if (rest['kind'] !== 'ENUM' && rest['kind'] !== 'ENUM64') return rest;
  const values = rest['values'] as { name: string; val: string }[];
  return {
    ...rest,
    values: values.map(({ name, val }) => ({ name, val: bits(BigInt(val), rest['kind'] === 'ENUM64') })),
  };
}

/** bpftool 7.1 prints values of 32-bit enums sign-extended to 64 bits: compare the bits that are stored. */
function bits(value: bigint, is64: boolean): string {
  return BigInt.asUintN(is64 ? 64 : 32, value).toString();
}

const LINKAGE = ['static', 'global', 'extern'];
const BPFTOOL_KINDS = {
  pointer: 'PTR',
  typedef: 'TYPEDEF',
  const: 'CONST',
  volatile: 'VOLATILE',
  restrict: 'RESTRICT',
  type_tag: 'TYPE_TAG',
} as const;

function asBpftool(type: BtfType): unknown {
  const named = { id: type.id, name: shown(type.name) };
  switch (type.kind) {
    case 'void':
      return named;
    case 'int': {
      const encoding = type.signed ? 'SIGNED' : type.char ? 'CHAR' : type.bool ? 'BOOL' : '(none)';
      return {
        ...named,
        kind: 'INT',
        size: type.size,
        bits_offset: type.bitOffset,
        nr_bits: type.bits,
        encoding,
      };
    }
    case 'float':
      return { ...named, kind: 'FLOAT', size: type.size };
    case 'array':
      return { ...named, kind: 'ARRAY', type_id: type.element, nr_elems: type.length };
    case 'struct':
    case 'union':
      return {
        ...named,
        kind: type.kind.toUpperCase(),
        size: type.size,
        members: type.members.map(({ name, type: id, bitOffset, bitSize }) => ({
          name: shown(name),
          type_id: id,
          bits_offset: bitOffset,
          ...(bitSize > 0 && { bitfield_size: bitSize }),
        })),
      };
    case 'enum': {
      // No name says which record it was; only an ENUM64 has values or a size beyond 32 bits here.
      const is64 = type.size === 8;
      return {
        ...named,
        kind: is64 ? 'ENUM64' : 'ENUM',
        encoding: type.signed ? 'SIGNED' : 'UNSIGNED',
        size: type.size,
        values: type.values.map(({ name, value }) => ({ name: shown(name), val: bits(value, is64) })),
      };
    }
    case 'forward':
      return { ...named, kind: 'FWD', fwd_kind: type.of };
    case 'function':
      return { ...named, kind: 'FUNC', type_id: type.prototype, linkage: LINKAGE[type.linkage] };
    case 'function_prototype':
      return {
        ...named,
        kind: 'FUNC_PROTO',
        ret_type_id: type.returns,
        params: type.parameters.map(({ name, type: id }) => ({ name: shown(name), type_id: id })),
      };
    case 'variable':
      return { ...named, kind: 'VAR', type_id: type.type, linkage: LINKAGE[type.linkage] };
    case 'data_section':
      return {
        ...named,
        kind: 'DATASEC',
        size: type.size,
        vars: type.variables.map(({ type: id, offset, size }) => ({ type_id: id, offset, size })),
      };
    case 'declaration_tag':
      return { ...named, kind: 'DECL_TAG', type_id: type.target, component_idx: type.component };
    default:
      return { ...named, kind: BPFTOOL_KINDS[type.kind], type_id: type.target };
  }
}

function shown(name: string): string {
  return name === '' ? '(anon)' : name;
}
