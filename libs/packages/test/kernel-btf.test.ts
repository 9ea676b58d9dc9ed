import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { Btf } from '@ecli/btf';
import { descriptorOf, MediaType } from '@ecli/core';
import { build, type BuildOptions, chooseBtf, readPackage } from '../src/index.ts';
import { failure, SOURCE, useClientProgram } from './client-program.ts';

const KERNEL_BTF = readFileSync('/sys/kernel/btf/vmlinux');
const PLAN9 = 'plan9/4/x86_64/6.1.0-1.btf';

const client = useClientProgram();

describe('build with the BTF of kernels', () => {
  let archive = '';
  const options = (changes: Partial<BuildOptions> = {}): BuildOptions => ({
    source: client.source,
    outputDirectory: join(client.folder, 'dist'),
    btfgen: true,
    btfhubArchive: archive,
    ...changes,
  });

  beforeEach(() => {
    archive = join(client.folder, 'btfhub-archive');
    client.write(
      'client.bpf.c',
      SOURCE.replace(
        'return ++private_state > 3;',
        `struct task_struct *task = (void *)bpf_get_current_task();
	int tgid = 0;
	bpf_probe_read_kernel(&tgid, sizeof(tgid), __builtin_preserve_access_index(&task->tgid));
	return tgid + ++private_state;`,
      ),
    );
  });

  function write(path: string, content: Uint8Array): void {
    mkdirSync(join(archive, dirname(path)), { recursive: true });
    writeFileSync(join(archive, path), content);
  }

  test('packs of each kernel what the object needs there, the same each time', async () => {
    const paths = [PLAN9, 'plan9/4/x86_64/6.1.0-2.btf', 'plan9/5/arm64/6.2.0.btf'];
    for (const path of paths) write(path, KERNEL_BTF);
    const { files, warnings } = await build(options());
    expect(warnings).toBe('');
    const tar = readFileSync(join(client.folder, 'dist/package.tar'));
    expect(files).toContain(join(client.folder, 'dist/package.tar'));

    const read = await readPackage({
      reference: 'package.tar',
      content: tar,
      descriptor: descriptorOf(tar, MediaType.tar),
    });
    if (!read.btfArchive) throw new Error('the tar has no archive');
    expect(read.btfArchive.files().map(({ path }) => path)).toEqual(['package.json', ...paths]);
    const kernel = { id: 'plan9', versionId: '5', architecture: 'arm64', release: '6.2.0' };
    const { content } = chooseBtf(read.btfArchive, kernel);
    expect(content.length).toBeLessThan(2000);
    expect(
      Btf.parse(content)
        .find('struct', 'task_struct')
        ?.members.map(({ name }) => name),
    ).toEqual(['tgid']);

    await build(options({ btfgen: false }));
    expect(readFileSync(join(client.folder, 'dist/package.tar'))).toEqual(tar);
  });

  test('leaves out kernels where the object does not resolve, and says why', async () => {
    write(PLAN9, KERNEL_BTF);
    write('plan9/4/x86_64/6.1.0-2.btf', renamed('tgid', 'tgix'));
    write('plan9/4/x86_64/6.1.0-3.btf', Buffer.from('no BTF'));
    const { warnings } = await build(options());
    expect(warnings).toMatch(
      /^plan9\/4\/x86_64\/6\.1\.0-2\.btf: left out: handle_exec: task_struct\.tgid: .*$/m,
    );
    expect(warnings).toMatch(/^plan9\/4\/x86_64\/6\.1\.0-3\.btf: left out: BTF: .*$/m);
    expect(warnings.trimEnd().split('\n')).toHaveLength(2);
  });

  test('fails where no kernel is left, and writes nothing', async () => {
    write(PLAN9, renamed('tgid', 'tgix'));
    expect(await failure(build(options()))).toMatchObject({
      code: 'BUILD_FAILED',
      message: `${client.source}: no kernel of ${archive} has what it needs`,
      details: expect.stringContaining('task_struct.tgid'),
    });
    expect(readdirSync(client.folder)).not.toContain('dist');
  });

  test('packs none for an object that depends on no type of a kernel', async () => {
    client.write('client.bpf.c', SOURCE);
    write(PLAN9, KERNEL_BTF);
    const { warnings } = await build(options());
    expect(warnings).toBe(`${client.source}: depends on no kernel's types, and needs no BTF of one\n`);
  });

  test('says what the folder lacks', async () => {
    mkdirSync(archive);
    const message = `${archive}: no BTF of a kernel in it`;
    expect(await failure(build(options()))).toMatchObject({ code: 'ARTIFACT_NOT_FOUND', message });
    write(`${PLAN9}.tar.xz`, Buffer.from('xz'));
    expect(await failure(build(options()))).toMatchObject({
      message,
      hint: expect.stringContaining('unpack'),
    });
    expect(await failure(build(options({ btfhubArchive: '/nonexistent' })))).toMatchObject({
      code: 'ARTIFACT_UNREADABLE',
    });
  });

  test('shows what a bpftool says that fails, and leaves nothing behind', async () => {
    for (let release = 0; release < 8; release++) write(`plan9/4/x86_64/6.${release}.btf`, KERNEL_BTF);
    await build(options()); // vmlinux.h is made by the bpftool that works
    const bin = join(client.folder, 'bin');
    mkdirSync(bin);
    writeFileSync(join(bin, 'bpftool'), '#!/bin/sh\necho "no such command" >&2\nexit 3\n');
    chmodSync(join(bin, 'bpftool'), 0o755);
    process.env['PATH'] = `${bin}:${process.env['PATH']}`;
    const commands: string[] = [];
    const error = await failure(build(options({ diagnose: (line) => commands.push(line) })));
    expect(error).toMatchObject({ code: 'BUILD_FAILED', details: 'no such command' });
    expect(commands.filter((line) => line.includes('min_core_btf')).length).toBeLessThan(8);
    expect(readdirSync(tmpdir()).filter((name) => name.startsWith(`ecli-build-${process.pid}-`))).toEqual([]);
  });
});

/** The kernel's BTF in which a name is another of the same length. */
function renamed(name: string, other: string): Buffer {
  return Buffer.from(KERNEL_BTF.toString('latin1').replace(`\0${name}\0`, `\0${other}\0`), 'latin1');
}
