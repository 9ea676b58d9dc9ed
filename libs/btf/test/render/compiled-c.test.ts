import { describe, expect, test } from '@jest/globals';
import { Btf, compileJsonRow, compileTextRow, ElfFile, layoutOf } from '../../src/index.ts';
import { compile } from '../compile.ts';
import { rendered } from './rendered.ts';

const SOURCE = `
enum kind { KIND_A, KIND_B = 7 };
typedef _Bool bool;
typedef char comm_t[8];
struct inner { unsigned char mac[3]; short port; } __attribute__((packed));
struct event {
  int pid;
  unsigned int low : 3, : 2, high : 9;
  int sign : 4;
  union { __u64 as_number; struct { __u32 first, second; }; };
  const volatile comm_t comm;
  struct inner peers[2];
  enum kind kind;
  bool exited;
  __int128 large;
  void *address;
  unsigned int tail[];
};
struct { __uint(type, 27); __type(value, struct event); } events SEC(".maps");
`;

describe('a struct as clang describes it', () => {
  const section = ElfFile.parse(compile(SOURCE)).section('.BTF');
  const btf = Btf.parse(section?.data ?? new Uint8Array(0));
  const event = btf.find('struct', 'event')?.id ?? 0;
  const sample = Buffer.alloc(btf.sizeOf(event));
  sample.writeInt32LE(-42, 0);
  sample.writeUInt32LE(5 | (300 << 5) | (0xd << 14), 4);
  sample.writeBigUInt64LE(0x0000000200000001n, 8);
  sample.write('bash', 16);
  sample.set([1, 2, 3, 80, 0, 4, 5, 6, 0xff, 0xff], 24);
  sample.writeUInt32LE(7, 36);
  sample[40] = 1;
  sample.writeBigInt64LE(1n, 56);
  sample.writeBigUInt64LE(0xffff_ffff_ffff_f000n, 64);

  const inner = (mac: number[], port: number): string =>
    `{"__EUNOMIA_TYPE":"struct","__EUNOMIA_TYPE_NAME":"inner","mac":[${mac.join(',')}],"port":${port}}`;
  const peers = `[${inner([1, 2, 3], 80)},${inner([4, 5, 6], -1)}]`;

  test('is a line of JSON', () => {
    expect(rendered(compileJsonRow(layoutOf(btf, event)), sample)).toBe(
      '{"pid":-42,"low":5,"high":300,"sign":-3,"as_number":8589934593,"first":1,"second":2,"comm":"bash",' +
        `"peers":${peers},"kind":"KIND_B(7)","exited":true,` +
        '"large":"18446744073709551616","address":18446744073709547520,"tail":[]}\n',
    );
  });

  test('is a row of text', () => {
    const renderer = compileTextRow(layoutOf(btf, event));
    expect(renderer.header.split(/ +/).slice(0, 5)).toEqual(['PID', 'LOW', 'HIGH', 'SIGN', 'AS_NUMBER']);
    expect(rendered(renderer, sample)).toBe(
      ` -42   5      300    -3     8589934593 1     2      bash   ${peers} KIND_B(7) true ` +
        '18446744073709551616 18446744073709547520 []\n',
    );
  });
});
