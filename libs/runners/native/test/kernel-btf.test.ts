import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { compileObject, kernelDescriptors, kernelTest } from '@ecli/bpf/testing';
import { parseObject } from '@ecli/btf';
import { MediaType } from '@ecli/core';
import { archiveInTar, type KernelIdentity, writeTar } from '@ecli/packages';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { findKernelBtf, type KernelMachine, THIS_MACHINE } from '../src/kernel-btf.ts';
import { loadProgram } from '../src/load-program.ts';
import { artifactOf, killsObject, killsSpec, packageOf } from './kills-package.ts';
import { detachAll, failureOf } from './recording.ts';

const KERNEL_BTF = '/sys/kernel/btf/vmlinux';
const KERNEL: KernelIdentity = { id: 'plan9', versionId: '4', architecture: 'x86_64', release: '6.1.0' };
const PATH = 'btfhub-archive/plan9/4/x86_64/6.1.0.btf';

/** Depends on the layout of a kernel's type. */
const RELOCATED = `
  SEC("tp/syscalls/sys_enter_getpid") int relocated(void *ctx)
  {
    struct task_struct *task = (void *)bpf_get_current_task();
    int pid = 0;
    bpf_probe_read_kernel(&pid, sizeof(pid), __builtin_preserve_access_index(&task->pid));
    return pid;
  }`;

const machine = (changes: Partial<KernelMachine> = {}): KernelMachine => ({
  hasBtf: () => false,
  kernel: () => KERNEL,
  btfFilePath: () => undefined,
  ...changes,
});

const GARBAGE = Buffer.from('no BTF at all, and longer than the header of one');

describe('loading against BTF from elsewhere', () => {
  let folder = '';
  let packed: Uint8Array = Buffer.alloc(0);
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'ecli-test-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  afterEach(detachAll);

  const tarWith = (btf: Uint8Array, path = PATH) => {
    packed = packageOf(killsObject({ more: RELOCATED }));
    return writeTar([
      { path: 'package.json', content: packed },
      { path, content: btf },
    ]);
  };
  const specOf = (tar: Uint8Array) => ({ ...killsSpec(packed), artifact: artifactOf(tar, MediaType.tar) });

  kernelTest('takes the archive of a tar where the kernel has no BTF, and leaves nothing of it', async () => {
    const before = [kernelDescriptors(), openFiles()];
    const said: string[] = [];
    const program = await loadProgram(
      { ...specOf(tarWith(readFileSync(KERNEL_BTF))), diagnose: (line) => said.push(line) },
      machine(),
    );
    expect(said).toContain(`relocates against kills: ${PATH}`);
    await program.detach();
    expect([kernelDescriptors(), openFiles()]).toEqual(before);
  });

  kernelTest('does not look at the archive where the kernel has BTF', async () => {
    const program = await loadProgram(specOf(tarWith(GARBAGE)), machine({ hasBtf: () => true }));
    await program.detach();
  });

  test('does not look at it for an object that depends on no type of the kernel', () => {
    const archive = archiveInTar(writeTar([]), 'empty.tar');
    const plain = parseObject(
      compileObject('__attribute__((section("socket"), used)) int p(void *c) { return 0; }'),
    );
    expect(findKernelBtf({ file: plain, archive }, machine())).toBeUndefined();
    const relocated = parseObject(killsObject());
    expect(() => findKernelBtf({ file: relocated, archive }, machine())).toThrow(
      'empty.tar: no BTF of this kernel',
    );
  });

  kernelTest('says what a tar lacks, and what in it is no BTF', async () => {
    const before = [kernelDescriptors(), openFiles()];
    const other = 'ubuntu/20.04/x86_64/5.4.0-42.btf';
    expect(await failureOf(loadProgram(specOf(tarWith(GARBAGE, other)), machine()))).toMatchObject({
      code: 'ARTIFACT_NOT_FOUND',
      message: 'kills: no BTF of this kernel, which would be plan9/4/x86_64/6.1.0.btf',
      hint: expect.stringContaining(`  ${other}\n`),
    });
    expect(await failureOf(loadProgram(specOf(tarWith(GARBAGE)), machine()))).toMatchObject({
      code: 'OBJECT_INVALID',
      message: `kills: ${PATH}: not BTF: it does not begin with 0xeb9f`,
    });
    const broken = Buffer.from(readFileSync(KERNEL_BTF)).fill(0xff, 24, 4096);
    expect(await failureOf(loadProgram(specOf(tarWith(broken)), machine()))).toMatchObject({
      code: 'LOAD_FAILED',
      message: `kills: ${PATH}: can't be read as BTF`,
    });
    expect([kernelDescriptors(), openFiles()]).toEqual(before);
  });

  kernelTest('prefers --btf, then BTF_FILE_PATH, to all else; each a file, a folder or a tar', async () => {
    const archive = join(folder, 'archive');
    mkdirSync(join(archive, 'plan9/4/x86_64'), { recursive: true });
    symlinkSync(KERNEL_BTF, join(archive, 'plan9/4/x86_64/6.1.0.btf'));
    const file = join(folder, 'file.btf');
    writeFileSync(file, GARBAGE);
    const tar = join(folder, 'archive.tar');
    writeFileSync(tar, tarWith(readFileSync(KERNEL_BTF)));
    const spec = specOf(tarWith(GARBAGE));
    const loads = async (btfPath: string | undefined, more: Partial<KernelMachine>) => {
      const asked = { ...spec, ...(btfPath !== undefined && { btfPath }) };
      await (await loadProgram(asked, machine(more))).detach();
    };
    await loads(archive, { btfFilePath: () => file });
    await loads(tar, { hasBtf: () => true });
    await loads(undefined, { btfFilePath: () => KERNEL_BTF });
    await expect(loads(undefined, { btfFilePath: () => file, hasBtf: () => true })).rejects.toMatchObject({
      message: `${file}: isn't BTF of this machine`,
    });
    await expect(loads(join(folder, 'no.btf'), {})).rejects.toMatchObject({
      code: 'ARTIFACT_NOT_FOUND',
      message: `${folder}/no.btf: no such file or folder`,
    });
  });
});

test('a file that is named and is no BTF is refused, also where nothing depends on it', () => {
  const object = compileObject('__attribute__((section("socket"), used)) int p(void *c) { return 0; }');
  const file = parseObject(object);
  const find = (btfPath: string) => findKernelBtf({ file, btfPath }, machine({ hasBtf: () => true }));
  for (const path of ['/etc/passwd', process.execPath]) {
    expect(() => find(path)).toThrow(
      expect.objectContaining({
        code: 'ARTIFACT_UNREADABLE',
        message: `${path}: isn't BTF of this machine`,
        hint: expect.stringContaining('--btf'),
      }),
    );
  }
  const elf = join(mkdtempSync(join(tmpdir(), 'ecli-test-')), 'with.btf');
  try {
    writeFileSync(elf, object);
    expect(find(elf)?.path).toBe(elf);
  } finally {
    rmSync(dirname(elf), { recursive: true });
  }
});

test('an empty BTF_FILE_PATH is none', () => {
  process.env['BTF_FILE_PATH'] = '';
  expect(THIS_MACHINE.btfFilePath()).toBeUndefined();
  process.env['BTF_FILE_PATH'] = '/some.btf';
  expect(THIS_MACHINE.btfFilePath()).toBe('/some.btf');
  delete process.env['BTF_FILE_PATH'];
});

/** Files that BTF was put into: those with a name, and those open without one. */
function openFiles(): string[] {
  const named = readdirSync(tmpdir()).filter((name) => name.startsWith(`ecli-${process.pid}-`));
  const open = readdirSync('/proc/self/fd').map((name) => linkOf(`/proc/self/fd/${name}`));
  return [...named, ...open.filter((path) => path.endsWith('.btf (deleted)'))];
}

/** The descriptor that lists them is gone once they are looked at. */
function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
