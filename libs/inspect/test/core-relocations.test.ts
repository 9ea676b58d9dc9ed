import { afterAll, beforeAll, describe, expect } from '@jest/globals';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { kernelTest } from '@ecli/bpf/testing';
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
      () => {
        const btfPath = doctored(name, other);
        const [kernel] = checkKernels(opened, findKernelBtf(btfPath)).kernels;
        const ours = new Set(kernel?.unresolved.map(({ program }) => program));
        const checked = checkPrograms(opened, { btfPath }).programs;
        const libbpfs = checked.filter(({ verdict }) => verdict !== 'ok');
        expect([...ours].sort()).toEqual(libbpfs.map((each) => each.name).sort());
        for (const { failure } of libbpfs) expect(failure?.message).toContain('CO-RE relocation');
        expect(kernel?.verdict).toBe(ours.size === 0 ? 'ok' : 'unresolved');
      },
      120_000,
    );
  }

  kernelTest('are told with the line of source, the reason and near names', () => {
    const [kernel] = checkKernels(opened, findKernelBtf(doctored('tgid', 'tgix'))).kernels;
    expect(kernel?.unresolved.find(({ program }) => program === 'member')).toMatchObject({
      access: 'task_struct.tgid',
      kind: 'field_byte_offset',
      reason: "the kernel's struct task_struct has no tgid",
      near: expect.arrayContaining(['tgix']),
      source: { line: expect.any(Number) },
    });
  });

  kernelTest('are found in folders, and each is told by its path', () => {
    const tree = join(folder, 'tree');
    mkdirSync(join(tree, 'ubuntu/22.04/x86_64'), { recursive: true });
    writeFileSync(join(tree, 'ubuntu/22.04/x86_64/5.15.btf'), readFileSync(KERNEL_BTF));
    writeFileSync(join(tree, 'broken.btf'), 'no BTF');
    writeFileSync(join(tree, 'README'), 'not looked at');
    const { kernels } = checkKernels(opened, findKernelBtf(tree));
    expect(kernels.map(({ btf, verdict }) => [btf.slice(tree.length + 1), verdict])).toEqual([
      ['broken.btf', 'unreadable'],
      ['ubuntu/22.04/x86_64/5.15.btf', 'unresolved'],
    ]);
  });

  kernelTest('that are not there are named', () => {
    expect(() => findKernelBtf(join(folder, 'nowhere'))).toThrow(/nowhere: can't be read/);
    const empty = join(folder, 'empty');
    mkdirSync(empty);
    expect(() => findKernelBtf(empty)).toThrow(/empty: no BTF of a kernel in it/);
  });
});
