import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { compileJsonRow, entryLayout, mapDefinitions, parseObject } from '../../src/index.ts';
import { compile } from '../compile.ts';
import { rendered } from './rendered.ts';

/** Whatever clang 14 can write and bpftool 7.1 can show: no floating point, and no ENUM64. */
const SOURCE = `
typedef _Bool bool; typedef __u32 number; typedef const number fixed;
enum kind { KIND_A, KIND_B = 7 }; enum negative { MINUS = -2, PLUS = 3 };
enum __attribute__((packed)) tiny { TINY_A, TINY_B = 100 };
struct forward; struct inner { short x; unsigned char mac[3]; };
struct value {
  signed char s8; unsigned char u8; short s16; unsigned short u16; int s32; __u32 u32; long long s64; __u64 u64;
  bool flag; char letter; char comm[8]; const char lines[2][4];
  unsigned low : 3, : 2, high : 9; int sign : 4; long long wide : 40; bool bit : 1;
  union { __u64 whole; struct { __u32 first, second; }; };
  struct inner inners[2]; int grid[2][3]; union { int i; unsigned char bytes[4]; } either;
  fixed aliased; volatile int loud; enum kind kind; enum negative negative; enum tiny tiny;
  struct forward *pointer; int (*callback)(void *); char *restrict text; unsigned __int128 large;
};
struct key { __u32 a; struct inner b; };
struct { __uint(type, 1); __uint(max_entries, 1); __type(key, struct key); __type(value, struct value); } values SEC(".maps");
static void *(*lookup)(void *, const void *) = (void *)1;
SEC("socket") int program(void *ctx) { struct key key = {}; return lookup(&values, &key) != 0; }
char LICENSE[] SEC("license") = "GPL";
`;

/** Widths of the members that bpftool shows as bare bits, in hex or signed. */
const BITS: Readonly<Record<string, number>> = {
  ...{ low: 3, high: 9, sign: 4, wide: 40, bit: 1, large: 128 },
  ...{ kind: 32, negative: 32, tiny: 8 },
};
const PINS = '/sys/fs/bpf';
const mapTest = process.getuid?.() === 0 && existsSync(PINS) ? test : test.skip;

describe('an entry of a map in the kernel', () => {
  let folder: string;
  let pins: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ecli-map-'));
    pins = join(PINS, `ecli-test-${process.pid}`);
  });

  afterEach(() => {
    rmSync(folder, { recursive: true });
    rmSync(pins, { recursive: true, force: true });
  });

  mapTest('shows the values that bpftool shows', () => {
    const object = compile(SOURCE);
    const path = join(folder, 'values.o');
    writeFileSync(path, object);
    mkdirSync(pins);
    bpftool('prog', 'load', path, join(pins, 'program'), 'pinmaps', join(pins, 'maps'));
    const map = join(pins, 'maps', 'values');
    const { btf, ...rest } = parseObject(object);
    const [definition] = mapDefinitions({ btf, ...rest });
    if (definition?.keyType === undefined || definition.valueType === undefined) throw new Error('no types');
    const layout = entryLayout(btf, { keyType: definition.keyType, valueType: definition.valueType });
    const renderer = compileJsonRow(layout);
    const [keySize, valueSize] = [btf.sizeOf(definition.keyType), btf.sizeOf(definition.valueType)];
    const valueAt = layout.size - valueSize;
    fc.assert(
      fc.property(bytesWithoutEscapes(layout.size), (entry) => {
        const [key, value] = [entry.subarray(0, keySize), entry.subarray(valueAt)];
        bpftool('map', 'update', 'pinned', map, 'key', 'hex', ...hex(key), 'value', 'hex', ...hex(value));
        const [shown] = parse(bpftool('-j', 'map', 'dump', 'pinned', map)) as { formatted: object }[];
        bpftool('map', 'delete', 'pinned', map, 'key', 'hex', ...hex(key));
        expect(comparable(parse(rendered(renderer, entry)))).toEqual(comparable(shown?.formatted));
      }),
      { numRuns: 25 },
    );
  });
});

/** bpftool writes a backslash as if it were a line end, and a quote as JSON doesn't know it. */
function bytesWithoutEscapes(length: number): fc.Arbitrary<Uint8Array> {
  const escaped = new Set(Buffer.from(`\\'`));
  return fc
    .uint8Array({ minLength: length, maxLength: length })
    .map((bytes) => bytes.map((byte) => (escaped.has(byte) ? 0x2e : byte)));
}

function bpftool(...args: readonly string[]): string {
  return execFileSync('bpftool', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

function hex(bytes: Uint8Array): string[] {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0'));
}

/** JSON.parse would round large numbers. */
function parse(json: string): unknown {
  return JSON.parse(json.replace(/([:,[])(-?\d+)(?=[,\]}])/g, '$1"$2"'));
}

/** Both ways to show a value made one: what bpftool doesn't say is left out, what it says otherwise is reworded. */
function comparable(value: unknown, name = ''): unknown {
  if (name === 'comm') return text(value);
  if (name === 'lines' && Array.isArray(value)) return value.map(text);
  if (name in BITS) return bits(value, BITS[name] ?? 0);
  if (Array.isArray(value)) return value.map((element) => comparable(element));
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).flatMap(([member, inner]): [string, unknown][] => {
    if (member.startsWith('__EUNOMIA_')) return [];
    const shown = comparable(inner, member);
    return member === '' ? Object.entries(shown as object) : [[member, shown]];
  });
  return Object.fromEntries(members);
}

/** bpftool shows as numbers what isn't a whole C string. */
function text(value: unknown): unknown {
  if (!Array.isArray(value)) return value;
  const bytes = Uint8Array.from(value, (byte) => Number(byte));
  const end = bytes.indexOf(0);
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(end < 0 ? bytes : bytes.subarray(0, end));
}

/** Of an enum, its name where there is one. */
function bits(value: unknown, width: number): string {
  const shown = String(value)
    .replace(/^<UNKNOWN_VARIANT>\((.*)\)$/, '$1')
    .replace(/^(.+)\(.*\)$/, '$1');
  if (shown === 'true' || shown === 'false') return shown === 'true' ? '1' : '0';
  return /^[A-Z]/.test(shown) ? shown : BigInt.asUintN(width, BigInt(shown)).toString();
}
