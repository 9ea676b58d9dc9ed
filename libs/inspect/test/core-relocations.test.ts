import { afterAll, beforeAll, describe, expect } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compileObject, kernelTest } from '@ecli/bpf/testing';
import { parseObject } from '@ecli/btf';
import { checkKernels, checkPrograms, findKernelBtf, type OpenedPackage } from '../src/index.ts';
import { openSource } from './opened.ts';

const KERNEL_BTF = '/sys/kernel/btf/vmlinux';

/** Each program depends on one thing, so that what libbpf says of a program is about that. */
const SOURCE = `
  #define PROGRAM(name) SEC("raw_tp/sched_switch") int name(u64 *ctx)
  #define CURRENT ((struct task_struct *)bpf_get_current_task())
  struct task_struct___before { long state; } __attribute__((preserve_access_index));
  struct nobody { int x; } __attribute__((preserve_access_index));
  struct task_struct___pointer { struct list_head *pid; } __attribute__((preserve_access_index));
  struct cred___anonymous { int non_rcu; } __attribute__((preserve_access_index));

  PROGRAM(member) { return BPF_CORE_READ(CURRENT, tgid); }
  PROGRAM(nested) { return BPF_CORE_READ(CURRENT, mm, pgd) != 0; }
  PROGRAM(array) { return BPF_CORE_READ(CURRENT, comm[3]); }
  PROGRAM(anonymous) { return BPF_CORE_READ((struct cred___anonymous *)ctx, non_rcu); }
  PROGRAM(old_member) { return BPF_CORE_READ((struct task_struct___before *)CURRENT, state); }
  PROGRAM(no_type) { return BPF_CORE_READ((struct nobody *)ctx, x); }
  PROGRAM(other_type) { return BPF_CORE_READ((struct task_struct___pointer *)CURRENT, pid) != 0; }
  PROGRAM(asks_first) {
    if (bpf_core_field_exists(CURRENT->__state)) return BPF_CORE_READ(CURRENT, __state);
    return BPF_CORE_READ((struct task_struct___before *)CURRENT, state);
  }
  PROGRAM(asks_for_type) { return bpf_core_type_exists(struct nobody) ? BPF_CORE_READ((struct nobody *)ctx, x) : 0; }
  PROGRAM(size) { return bpf_core_field_size(CURRENT->comm) + bpf_core_type_size(struct nobody); }
  PROGRAM(enumerator) { return bpf_core_enum_value(enum pid_type, PIDTYPE_TGID); }
  struct cred___fewer { int non_rcu; kuid_t uid; } __attribute__((preserve_access_index));
  PROGRAM(matches) { return bpf_core_type_exists(struct cred___fewer) ? 1 : BPF_CORE_READ((struct nobody *)ctx, x); }
  struct cred___other { char uid; } __attribute__((preserve_access_index));
  PROGRAM(differs) { return bpf_core_type_exists(struct cred___other) ? BPF_CORE_READ((struct nobody *)ctx, x) : 1; }
  PROGRAM(bits) { return BPF_CORE_READ_BITFIELD_PROBED(CURRENT, in_execve); }
`;

let folder: string;
let opened: OpenedPackage;

/** bpf_core_type_exists, and bpf_core_type_matches, which takes clang 15 to write (enum bpf_core_relo_kind). */
const TYPE_EXISTS = 8;
const TYPE_MATCHES = 12;

/** Makes what is asked of the structs `cred___…` a question for types that match. */
function asksForMatches(object: Uint8Array): void {
  const { elf, btf } = parseObject(object);
  const { data } = elf.section('.BTF.ext') ?? { data: new Uint8Array(0) };
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  for (let at = 8; at + 12 <= data.byteLength; at += 4) {
    const id = view.getUint32(at, true);
    const isKind = view.getUint32(at + 8, true) === TYPE_EXISTS;
    if (isKind && id < btf.length && btf.type(id).name.startsWith('cred___')) {
      view.setUint32(at + 8, TYPE_MATCHES, true);
    }
  }
}

/** The kernel's BTF with one name changed everywhere, to another of its length. */
function doctored(name: string, other: string): string {
  const bytes = readFileSync(KERNEL_BTF);
  const at = bytes.indexOf(`\0${name}\0`);
  if (name !== '') expect(at).toBeGreaterThan(0);
  if (name !== '') bytes.write(other, at + 1);
  const path = join(folder, `${name || 'own'}.btf`);
  writeFileSync(path, bytes);
  return path;
}

describe('kernels by their BTF', () => {
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'ecli-btf-'));
    opened = await openSource(SOURCE, asksForMatches);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  for (const [name, other] of [
    ['', ''],
    ['tgid', 'tgix'],
    ['pgd', 'pgx'],
    ['__state', '_xstate'],
    ['PIDTYPE_TGID', 'PIDTYPE_XXXX'],
    ['non_rcu', 'non_xxx'],
    ['task_struct', 'task_strucx'],
    ['in_execve', 'in_execxx'],
  ] as const) {
    kernelTest(
      `lack what libbpf finds lacking where ${name || 'nothing'} is renamed`,
      async () => {
        const btfPath = doctored(name, other);
        const [kernel] = (await checkKernels(opened, findKernelBtf(btfPath))).kernels;
        const ours = new Set(kernel?.unresolved.map(({ program }) => program));
        const checked = (await checkPrograms(opened, { btfPath })).programs;
        const libbpfs = checked.filter(({ verdict }) => verdict !== 'ok');
        expect([...ours].sort()).toEqual(libbpfs.map((each) => each.name).sort());
        for (const { failure } of libbpfs) expect(failure?.message).toContain('CO-RE relocation');
        expect(kernel?.verdict).toBe(ours.size === 0 ? 'ok' : 'unresolved');
      },
      120_000,
    );
  }

  kernelTest('are told with the line of source, the reason and near names', async () => {
    const [kernel] = (await checkKernels(opened, findKernelBtf(doctored('tgid', 'tgix')))).kernels;
    expect(kernel?.unresolved.find(({ program }) => program === 'member')).toMatchObject({
      access: 'task_struct.tgid',
      kind: 'field_byte_offset',
      reason: "the kernel's struct task_struct has no tgid",
      near: expect.arrayContaining(['tgix']),
      source: { line: expect.any(Number) },
    });
  });

  kernelTest('are found in folders, and each is told by its path', async () => {
    const tree = join(folder, 'tree');
    mkdirSync(join(tree, 'ubuntu/22.04/x86_64'), { recursive: true });
    writeFileSync(join(tree, 'ubuntu/22.04/x86_64/5.15.btf'), readFileSync(KERNEL_BTF));
    writeFileSync(join(tree, 'broken.btf'), 'no BTF');
    writeFileSync(join(tree, 'README'), 'not looked at');
    const { kernels } = await checkKernels(opened, findKernelBtf(tree));
    expect(kernels.map(({ btf, verdict }) => [btf.slice(tree.length + 1), verdict])).toEqual([
      ['broken.btf', 'unreadable'],
      ['ubuntu/22.04/x86_64/5.15.btf', 'unresolved'],
    ]);
  });

  kernelTest('are left alone once a signal came', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    const kernels = findKernelBtf(KERNEL_BTF);
    await expect(checkKernels(opened, kernels, { signal })).rejects.toThrow('enough');
    await expect(checkPrograms(opened, { signal })).rejects.toThrow('enough');
  });

  kernelTest('that are not regular files are not waited for', async () => {
    const pipe = join(folder, 'pipe.btf');
    execFileSync('mkfifo', [pipe]);
    const { kernels } = await checkKernels(opened, findKernelBtf(pipe));
    expect(kernels).toMatchObject([{ verdict: 'unreadable', problem: 'it is no file' }]);
  });

  kernelTest('that are not there are named', () => {
    expect(() => findKernelBtf(join(folder, 'nowhere'))).toThrow(/nowhere: can't be read/);
    const empty = join(folder, 'empty');
    mkdirSync(empty);
    expect(() => findKernelBtf(empty)).toThrow(/empty: no BTF of a kernel in it/);
  });
});

/** What a kernel might have. */
const TARGET = `
  enum wide { WIDE_A, WIDE_B = 1ULL << 40 };
  struct thing { int number; unsigned int flags; void *pointer; int bits : 4; long wide; };
  struct flexible { int count; int items[0]; };
  struct one_item { int count; int items[1]; };
  struct twice { int same; int moved; int other; };
  struct twice___2 { int same; long moved; unsigned int other; };
  struct cred { enum wide wide; union { int a; char b; }; };
  struct thing thing; struct flexible flexible; struct one_item one_item;
  struct twice twice; struct twice___2 twice___2; struct cred cred;
`;

/** Loads go by a pointer into a map's value, where the verifier takes them of any size. */
const ASKING = `
  #define __core __attribute__((preserve_access_index))
  #define PROGRAM(name, type) SEC("raw_tp/sched_switch") int name(u64 *ctx) { \
    int zero = 0; struct type *it = bpf_map_lookup_elem(&values, &zero); if (!it) return 0;
  struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 1); __uint(key_size, 4); __uint(value_size, 256); } values SEC(".maps");
  enum wide___local { WIDE_A, WIDE_B };
  struct thing { int number; unsigned int flags; void *pointer; int bits : 4; long wide; } __core;
  struct thing___smaller { short number; unsigned short flags; char *pointer; int wide; } __core;
  struct thing___plain { int bits; } __core;
  struct flexible { int count; int items[0]; } __core;
  struct one_item___more { int count; int items[4]; } __core;
  struct twice { int same; int moved; int other; } __core;
  struct cred___enum { enum wide___local wide; } __core;
  struct cred___more { union { int a; }; union { char b; }; union { int a_; }; enum wide___local w; } __core;

  PROGRAM(same, thing) return it->number + it->flags + (it->pointer != 0); }
  PROGRAM(fewer_signed, thing___smaller) return it->number; }
  PROGRAM(fewer_unsigned, thing___smaller) return it->flags; }
  PROGRAM(other_pointer, thing___smaller) return it->pointer != 0; }
  PROGRAM(wide, thing___smaller) return it->wide; }
  PROGRAM(wide_by_helper, thing___smaller) { return BPF_CORE_READ(it, wide); } }
  PROGRAM(bits, thing___plain) return it->bits; }
  PROGRAM(bits_by_helper, thing) return BPF_CORE_READ_BITFIELD_PROBED(it, bits); }
  PROGRAM(past_flexible, flexible) return BPF_CORE_READ(it, items[3]); }
  PROGRAM(within_one, one_item___more) return BPF_CORE_READ(it, items[0]); }
  PROGRAM(past_one, one_item___more) return BPF_CORE_READ(it, items[3]); }
  PROGRAM(twice_same, twice) return BPF_CORE_READ(it, same); }
  PROGRAM(twice_moved, twice) return BPF_CORE_READ(it, moved); }
  PROGRAM(twice_moved_exists, twice) return bpf_core_field_exists(it->moved); }
  PROGRAM(matches_enum, thing) return bpf_core_type_exists(struct cred___enum) ? BPF_CORE_READ((struct one_item___more *)it, items[3]) : 1; }
  PROGRAM(matches_more, thing) return bpf_core_type_exists(struct cred___more) ? BPF_CORE_READ((struct one_item___more *)it, items[3]) : 1; }
`;

describe("types of a kernel that differ from the program's", () => {
  kernelTest(
    'are taken where libbpf takes them, and refused where it refuses them',
    async () => {
      const folder = mkdtempSync(join(tmpdir(), 'ecli-btf-'));
      try {
        const btfPath = join(folder, 'target.btf');
        writeFileSync(btfPath, compileObject(TARGET));
        const asking = await openSource(ASKING, asksForMatches);
        const [kernel] = (await checkKernels(asking, findKernelBtf(btfPath))).kernels;
        const checked = (await checkPrograms(asking, { btfPath })).programs;
        const libbpfs = checked.filter(({ verdict }) => verdict !== 'ok');
        const ours = new Set(kernel?.unresolved.map(({ program }) => program));
        expect([...ours].sort()).toEqual(libbpfs.map(({ name }) => name).sort());
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    },
    120_000,
  );
});
