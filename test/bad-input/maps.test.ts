import { beforeAll, describe, expect } from '@jest/globals';
import { kernelTest, whyNoKernel } from '@ecli/bpf/testing';
import { parseObject } from '@ecli/btf';
import { spawnSync } from 'node:child_process';
import { bpfObjectsOf, eventually, runCli, startCli, temporaryFolder } from '../harness/index.ts';
import { expectPlainWords, expectRefusal } from './refusal.ts';
import {
  type MapJson,
  PREAMBLE,
  type PackageJson,
  buildPackage,
  objectOf,
  withObject,
  writePackage,
} from './sample-program.ts';

const folder = temporaryFolder();

/** How the names of its programs and maps begin, so that what is left of it can be told from what isn't its. */
const PREFIX = 'badmap';

const SOURCE = `
${PREAMBLE}
typedef int inner_type;
typedef inner_type outer_type;
/// @export
struct event {
	int pid;
	outer_type number;
};
struct count { __u64 calls; int last; };
struct letters { char slots[8]; };
struct stack {
	int pid;
	int cpu_id;
	char comm[16];
	int kstack_sz;
	int ustack_sz;
	int too_much;
	__u64 kstack[8];
	__u64 ustack[8];
};
#define MAP(NAME, TYPE, KEY, VALUE) \\
	struct { __uint(type, BPF_MAP_TYPE_##TYPE); __uint(max_entries, 8); __type(key, KEY); __type(value, VALUE); } NAME SEC(".maps")
MAP(badmap_counts, HASH, __u32, struct count);
MAP(badmap_letters, HASH, __u32, struct letters);
struct { __uint(type, BPF_MAP_TYPE_TASK_STORAGE); __uint(map_flags, BPF_F_NO_PREALLOC); __type(key, int); __type(value, __u64); } badmap_tasks SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 1 << 16); } badmap_ring SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 1 << 16); __type(value, struct stack); } badmap_stacks SEC(".maps");
struct stack *stack_in_btf __attribute__((unused));
SEC("tp/syscalls/sys_enter_read")
int badmap_prog(void *ctx)
{
	struct stack *stack = bpf_ringbuf_reserve(&badmap_stacks, sizeof(*stack), 0);
	if (!stack)
		return 0;
	stack->pid = bpf_get_current_pid_tgid() >> 32;
	stack->cpu_id = bpf_get_smp_processor_id();
	bpf_get_current_comm(stack->comm, sizeof(stack->comm));
	__builtin_memset(stack->kstack, 0, sizeof(stack->kstack));
	__builtin_memset(stack->ustack, 0, sizeof(stack->ustack));
	stack->kstack_sz = bpf_get_stack(ctx, stack->kstack, sizeof(stack->kstack), 0);
	stack->ustack_sz = bpf_get_stack(ctx, stack->ustack, sizeof(stack->ustack), BPF_F_USER_STACK);
	stack->too_much = 1 << 20;
	bpf_ringbuf_submit(stack, 0);
	return 0;
}
`;

let sample: PackageJson;
let before: readonly string[];

beforeAll(async () => {
  if (whyNoKernel()) return;
  sample = await buildPackage(folder, 'badmap', SOURCE);
  before = bpfObjectsOf(PREFIX);
}, 60_000);

/** Has the package show one map alone, as told. */
function showing(name: string, told: Partial<MapJson>): PackageJson {
  const { meta } = sample;
  const maps = meta.bpf_skel.maps.map((map) => (map.name === name ? { ...map, ...told } : map));
  return {
    ...sample,
    meta: { ...meta, enable_multiple_export_types: true, bpf_skel: { ...meta.bpf_skel, maps } },
  };
}

function sampled(name: string, wish: object): () => PackageJson {
  return () => showing(name, { sample: { interval: 100, ...wish }, export_config: 'default' });
}

function members(...members: object[]): () => PackageJson {
  return () => showing('badmap_ring', { export_config: { custom_members: members } });
}

function typed(btf_type_id: number): () => PackageJson {
  return () => showing('badmap_ring', { export_config: { btf_type_id } });
}

function stacks(field_map: object): () => PackageJson {
  return () =>
    showing('badmap_stacks', {
      export_config: { btf_type_id: typeIdOf('struct', 'stack') },
      intepreter: { stack_trace: { field_map, with_symbols: true } },
    });
}

/** linux/btf.h: a typedef is its name, this word, and what it names, 32 bits each. */
const TYPEDEF = 8 << 24;

/** Writes over what inner_type names in the object's BTF; outer_type, which names inner_type, is just before it. */
function typedefTo(target: (inner: number, outer: number) => number): () => PackageJson {
  return () => {
    const object = objectOf(sample);
    const inner = typeIdOf('typedef', 'inner_type');
    const record = Buffer.alloc(8);
    record.writeUInt32LE(TYPEDEF);
    record.writeUInt32LE(inner, 4);
    const outerAt = object.indexOf(record);
    expect(object.readUInt32LE(outerAt + 12)).toBe(TYPEDEF);
    object.writeUInt32LE(target(inner, typeIdOf('typedef', 'outer_type')), outerAt + 16);
    return withObject(sample, object);
  };
}

function typeIdOf(kind: 'struct' | 'typedef', name: string): number {
  const type = parseObject(objectOf(sample)).btf.find(kind, name);
  if (!type) throw new Error(`no ${kind} ${name}`);
  return type.id;
}

const badly: readonly [string, () => PackageJson, RegExp, RegExp][] = [
  ['an interval of 0', sampled('badmap_counts', { interval: 0 }), /badmap_counts.*0 ms/, /1000/],
  ['an interval below 0', sampled('badmap_counts', { interval: -5 }), /badmap_counts.*-5 ms/, /1000/],
  ['an interval of weeks', sampled('badmap_counts', { interval: 2e9 }), /2000000000 ms/, /1000/],
  ['an interval in words', sampled('badmap_counts', { interval: 'soon' }), /interval.*"soon"/, /build/],
  [
    'a kind of sample that is none',
    sampled('badmap_counts', { type: 'log_hist' }),
    /"log2_hist".*"log_hist"/,
    /build/,
  ],
  ['a histogram without slots', sampled('badmap_counts', { type: 'log2_hist' }), /no member slots/, /calls/],
  [
    'slots that are letters',
    sampled('badmap_letters', { type: 'log2_hist' }),
    /slots.*no array/,
    /__u32 slots\[N\]/,
  ],
  ['a map that refuses iteration', sampled('badmap_tasks', {}), /badmap_tasks.*can't be read/, /iter\/task/],
  ['a type that is not there', typed(99_999), /btf_type_id 99999/, /build/],
  ['the type void', typed(0), /btf_type_id 0/, /build/],
  ['an id below 0', typed(-1), /btf_type_id.*-1/, /build/],
  [
    'a member of no type',
    members({ name: 'far', offset: 0, btf_type_id: 99_999 }),
    /badmap_ring\.far.*99999/,
    /build/,
  ],
  ['a member before its sample', members({ name: 'far', offset: -4, btf_type_id: 1 }), /offset.*-4/, /build/],
  [
    'a member past the end of the values',
    () =>
      showing('badmap_counts', {
        sample: { interval: 100 },
        export_config: {
          custom_members: [{ name: 'far', offset: 4000, btf_type_id: typeIdOf('struct', 'event') }],
        },
      }),
    /badmap_counts\.far.*4000.*past the end/,
    /build/,
  ],
  ['typedefs in a circle', typedefTo((_, outer) => outer), /circle/, /compile it again/],
  ['a typedef of itself', typedefTo((inner) => inner), /circle/, /compile it again/],
  ['a typedef of nothing', typedefTo(() => 99_999), /99999/, /compile it again/],
  ['a stack of one number', stacks({ kstack: 'pid' }), /pid.*no.* array/, /build/],
  ['a stack with a name for its size', stacks({ kstack_sz: 'comm' }), /comm.*not an integer/, /build/],
  ['a stack in no member', stacks({ kstack: 'kstak' }), /no member kstak/, /kstack/],
];

describe('what a map is said to hold, and cannot, is refused', () => {
  for (const [name, spoil, message, hint] of badly) {
    kernelTest(name, async () => {
      const path = writePackage(folder, 'spoiled', spoil());
      expectRefusal(await runCli(['run', '--timeout', '5', path]), { message, hint });
      expect(bpfObjectsOf(PREFIX)).toEqual(before);
    });
  }
});

describe('a stack that says it has more bytes than there is room for', () => {
  kernelTest('is cut, and that is said once', async () => {
    const cli = startCli(['run', writePackage(folder, 'stacks', stacks({ ustack_sz: 'too_much' })())]);
    await cli.untilLine(/^ {2}7 /);
    cli.signal('SIGINT');
    const result = await cli.result;
    expect(result.code).toBe(130);
    expect(
      result.stderr.match(/a user stack says it has 1048576 bytes, 64 of ustack are shown/g),
    ).toHaveLength(1);
    expectPlainWords(result);
    await eventually('nothing left', () => bpfObjectsOf(PREFIX).length === before.length);
  });
});

describe('processes that end while their stacks are named', () => {
  kernelTest('are shown to the last, with addresses where names are gone', async () => {
    const cli = startCli(['run', '--filter', 'comm==true', writePackage(folder, 'ended', stacks({})())]);
    await cli.untilLine(/^COMM: true /, () => spawnSync('true'));
    for (let count = 0; count < 50; count++) spawnSync('true');
    cli.signal('SIGINT');
    const result = await cli.result;
    expect(result.code).toBe(130);
    expect(result.stderr).not.toMatch(/error/);
    expect(result.stdout.match(/^COMM: true /gm)?.length).toBeGreaterThan(50);
    expect(result.stdout).toMatch(/^ {2}0 \[<[0-9a-f]{16}>\]/m);
    expectPlainWords(result);
    await eventually('nothing left', () => bpfObjectsOf(PREFIX).length === before.length);
  });
});
