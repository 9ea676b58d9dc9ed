import { beforeAll, describe, expect } from '@jest/globals';
import { kernelTest, whyNoKernel } from '@ecli/bpf/testing';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { machine, release } from 'node:os';
import { dirname, join } from 'node:path';
import { type CliOptions, runCli, startCli, temporaryFolder, withoutKernelBtf } from './harness/index.ts';

/** Reads a member of task_struct that no kernel has: only BTF which says so can relocate it. */
const SOURCE = `#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

struct task_struct___other { int tgix; } __attribute__((preserve_access_index));
struct event { int pid; int tgix; };

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
	__type(value, struct event);
} events SEC(".maps");

const volatile int only_pid = 0;

SEC("tp/syscalls/sys_enter_kill")
int on_kill(void *ctx)
{
	struct task_struct___other *task = (void *)bpf_get_current_task();
	struct event event = { .pid = bpf_get_current_pid_tgid() >> 32 };
	if (event.pid != only_pid)
		return 0;
	bpf_probe_read_kernel(&event.tgix, sizeof(event.tgix), &task->tgix);
	bpf_ringbuf_output(&events, &event, sizeof(event), 0);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
`;

/**
 * The story: a person packs a program with BTF of the kernels it is for, and runs it where the kernel has none, and
 * against BTF of their own.
 */
describe('BTF from elsewhere', () => {
  const folder = temporaryFolder();
  const archive = join(folder, 'btfhub-archive');
  const tar = join(folder, 'dist/package.tar');
  const full = join(archive, ownPath());

  beforeAll(async () => {
    if (whyNoKernel()) return;
    writeFileSync(join(folder, 'others.bpf.c'), SOURCE);
    mkdirSync(dirname(full), { recursive: true });
    const kernel = readFileSync('/sys/kernel/btf/vmlinux', 'latin1');
    writeFileSync(full, kernel.replace('\0tgid\0', '\0tgix\0'), 'latin1');
    const args = ['build', '-b', '--btfhub-archive', 'btfhub-archive', 'others.bpf.c', '-o', 'dist'];
    expect(await runCli(args, { cwd: folder })).toMatchObject({ code: 0, stderr: '' });
    mkdirSync(join(folder, 'unpacked'));
    execFileSync('tar', ['-xf', tar, '-C', join(folder, 'unpacked')]);
    mkdirSync(join(folder, 'empty'));
  }, 60_000);

  const ownPid = ['--only_pid', String(process.pid)];

  async function expectEvents(args: readonly string[], options: CliOptions = {}): Promise<void> {
    const cli = startCli(['run', '-j', ...args, ...ownPid], options);
    const line = await cli.untilLine(/tgix/, () => process.kill(process.pid, 0));
    expect(JSON.parse(line)).toEqual({ pid: process.pid, tgix: process.pid });
    cli.signal('SIGINT');
    expect((await cli.result).code).toBe(130);
  }

  kernelTest('a tar runs where the kernel has no BTF of its own', async () => {
    await expectEvents([tar], { via: withoutKernelBtf(join(folder, 'empty')) });
  });

  kernelTest('the archive of a tar is not looked at where the kernel has BTF', async () => {
    const { code, stderr } = await runCli(['run', '-j', tar, ...ownPid]);
    expect(code).not.toBe(0);
    expect(stderr).toContain('on_kill');
  });

  kernelTest('--btf takes a file, a folder or a tar, BTF_FILE_PATH as well', async () => {
    const packageFile = join(folder, 'dist/package.json');
    const cutDown = join(folder, 'unpacked');
    await expectEvents(['--btf', full, packageFile]);
    await expectEvents(['--btf', archive, packageFile]);
    await expectEvents(['--btf', cutDown, packageFile]);
    await expectEvents(['--btf', tar, packageFile]);
    await expectEvents([packageFile], { env: { BTF_FILE_PATH: join(cutDown, ownPath()) } });
  });

  kernelTest('a miss names what was looked for and what is there', async () => {
    const other = join(folder, 'others');
    mkdirSync(join(other, 'plan9/4/x86_64'), { recursive: true });
    writeFileSync(join(other, 'plan9/4/x86_64/6.1.0.btf'), '');
    const { code, stderr } = await runCli(['run', '--btf', other, tar, ...ownPid]);
    expect(code).not.toBe(0);
    expect(stderr).toContain(`${other}: no BTF of this kernel, which would be ${ownPath()}`);
    expect(stderr).toContain('  plan9/4/x86_64/6.1.0.btf\n');
  });
});

/** Where BTFHub has this machine's kernel. */
function ownPath(): string {
  const script = '. /etc/os-release; echo "$ID/$VERSION_ID"';
  const system = execFileSync('sh', ['-c', script], { encoding: 'utf8' }).trim();
  return `${system}/${machine().replace('aarch64', 'arm64')}/${release()}.btf`;
}
