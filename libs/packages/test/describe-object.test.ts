import { describe, expect, test } from '@jest/globals';
import { compileObject } from '@ecli/bpf/testing';
import { checkExportType, parseObject } from '@ecli/btf';
import { describeObject, parseJsonPackage, stringifyJsonPackage } from '../src/index.ts';
import { withExportType } from '../src/describe-object.ts';

const EVENTS = `
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
struct event { int pid; char comm[16]; struct { __u8 low : 4; } bits; };
typedef struct { int pid; } sent_t;
struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 4096); VALUE } rb SEC(".maps");
`;

function compile(rest: string, value = ''): Uint8Array {
  return compileObject(`${EVENTS.replace('VALUE', value)}${rest}`);
}

function exportTypesOf(object: Uint8Array, exportType?: string): unknown {
  const options = { name: 'a.bpf.o', ...(exportType !== undefined && { exportType }) };
  return describeObject(object, options).meta.export_types;
}

describe('describeObject', () => {
  test('lists data sections, maps and programs under the names of packages', () => {
    const object = compile(`
      const volatile bool targ_failed = false;
      const volatile char *const volatile names[2] = {};
      int counted = 1;
      static volatile int own;
      long zeros[4];
      SEC(".data.more") unsigned char more = 2;
      char LICENSE[] SEC("license") = "GPL";
      struct { __uint(type, BPF_MAP_TYPE_ARRAY); __type(key, u32); __type(value, u64); __uint(max_entries, 1); } a SEC(".maps");
      const struct event *unused __attribute__((unused));
      SEC("tp/sched/sched_process_exit") int on_exit(void *ctx) { return own++ + counted + zeros[1]; }
      SEC("?kprobe.multi/x") int maybe(void *ctx) { return 0; }
      SEC("socket") int filter(struct __sk_buff *skb) { return 0; }
      SEC("sk_reuseport") int choose(void *ctx) { return 1; }
      SEC("struct_ops/init") int ops(void *ctx) { return 0; }
      SEC("xdp.frags/cpumap") int pass(struct xdp_md *ctx) { return 2; }`);
    const { bpf_skel } = describeObject(object, {
      name: '/some/dir/my-tool.bpf.o',
      exportType: 'event',
    }).meta;
    expect(bpf_skel.obj_name).toBe('my_tool_bpf');
    expect(
      Object.fromEntries(bpf_skel.data_sections.map(({ name, variables }) => [name, variables])),
    ).toEqual({
      '.rodata': [
        { name: 'targ_failed', type: 'bool' },
        { name: 'names', type: 'char *[2]' },
      ],
      '.data': [{ name: 'counted', type: 'int' }],
      '.data.more': [{ name: 'more', type: 'unsigned char' }],
      '.bss': [
        { name: 'zeros', type: 'long[4]' },
        { name: 'unused', type: 'struct event *' },
      ],
    });
    expect(bpf_skel.maps.slice(0, 2).map(({ name, ident, mmaped }) => [name, ident, mmaped])).toEqual([
      ['rb', 'rb', false],
      ['a', 'a', false],
    ]);
    expect(
      bpf_skel.maps
        .slice(2)
        .map(({ name, ident, mmaped }) => [name, ident, mmaped])
        .sort(),
    ).toEqual([
      ['.data.more', 'data_more', true],
      ['my_tool_.bss', 'bss', true],
      ['my_tool_.data', 'data', true],
      ['my_tool_.rodata', 'rodata', true],
    ]);
    expect(Object.fromEntries(bpf_skel.progs.map(({ attach, link }) => [attach, link]))).toEqual({
      'tp/sched/sched_process_exit': true,
      '?kprobe.multi/x': true,
      socket: true,
      sk_reuseport: false,
      'struct_ops/init': true,
      'xdp.frags/cpumap': false,
    });
  });

  test('takes the type of events from the struct asked for, the mark or the map, in this order', () => {
    const marked = 'const volatile struct event *__eunomia_dummy_event_ptr __attribute__((unused));';
    const other = 'struct other { long x; }; const struct other *unused __attribute__((unused));';
    const event = {
      name: 'event',
      size: 24,
      type_id: expect.any(Number),
      members: [
        { name: 'pid', type: 'int' },
        { name: 'comm', type: 'char[16]' },
        { name: 'bits', type: 'struct (anonymous)' },
      ],
    };
    expect(exportTypesOf(compile(marked))).toEqual([event]);
    expect(exportTypesOf(compile('', '__type(value, struct event);'))).toEqual([event]);
    expect(exportTypesOf(compile(marked + other), 'other')).toMatchObject([{ name: 'other', size: 8 }]);
    expect(exportTypesOf(compile(marked + other), 'struct event')).toEqual([event]);
  });

  test('takes a typedef for the name of a struct that has none', () => {
    const sent = { name: 'sent_t', size: 4, members: [{ name: 'pid', type: 'int' }] };
    expect(exportTypesOf(compile('', '__type(value, sent_t);'))).toMatchObject([sent]);
    const object = compile('const sent_t *unused __attribute__((unused));');
    const described = describeObject(object, { name: 'a.bpf.o', exportType: 'sent_t' });
    const [claim] = described.meta.export_types;
    expect(claim).toMatchObject(sent);
    expect(claim && checkExportType(parseObject(object).btf, claim)).toMatchObject({
      kind: 'struct',
      size: 4,
    });
    expect(() => describeObject(object, { name: 'a.bpf.o' })).toThrow(
      expect.objectContaining({ hint: expect.stringContaining('one of: sent_t\n') }),
    );
  });

  test('asks for the struct, naming those there are, when it can not tell', () => {
    const object = compile('const struct event *unused __attribute__((unused)); struct task_struct *task;');
    expect(() => describeObject(object, { name: 'a.bpf.o' })).toThrow(
      expect.objectContaining({
        code: 'PACKAGE_INVALID',
        message: 'a.bpf.o: the type of the events in rb is not known',
        hint: expect.stringMatching(/^say which struct it is: --export STRUCT, one of: event, task_struct\n/),
      }),
    );
    expect(() => describeObject(object, { name: 'a.bpf.o', exportType: 'evnt' })).toThrow(
      expect.objectContaining({
        code: 'PACKAGE_INVALID',
        message: "a.bpf.o: no struct evnt in the object's BTF",
        hint: 'say which struct it is: --export STRUCT, one of: event, task_struct',
      }),
    );
    expect(() => describeObject(object, { name: 'a.bpf.o', exportType: 'a b' })).toThrow(
      expect.objectContaining({ code: 'ARGUMENT_INVALID' }),
    );
  });

  test('needs no type for an object without events', () => {
    const object = compileObject('int x;');
    expect(describeObject(object, { name: 'a.bpf.o' }).meta.export_types).toEqual([]);
  });

  test('gives a package that is the same once written and read', () => {
    const object = compile('', '__type(value, struct event);');
    const described = describeObject(object, { name: 'a.bpf.o' });
    const read = parseJsonPackage(Buffer.from(stringifyJsonPackage(described)), 'package.json');
    expect(read.meta).toEqual(described.meta);
    expect(Buffer.from(read.object)).toEqual(Buffer.from(object));
  });
});

test("withExportType puts the struct that the user names in place of the package's own", () => {
  const other = 'struct other { long x; }; const struct other *unused __attribute__((unused));';
  const described = describeObject(compile(other, '__type(value, struct event);'), { name: 'a.bpf.o' });
  const { meta } = withExportType(described, 'package.json', 'other');
  expect(meta.export_types).toMatchObject([{ name: 'other', size: 8 }]);
  expect(meta.bpf_skel).toBe(described.meta.bpf_skel);
});
