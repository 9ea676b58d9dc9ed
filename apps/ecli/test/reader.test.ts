import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { compileObject, kernelTest, whyNoKernel } from '@ecli/bpf/testing';
import { buildCommandLine, outcome, run, start } from './command-line.ts';

/** Numbers the kill(2) calls of one process; 200 bytes a row fill a pipe soon. */
const KILLS = `
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";
const volatile int target_pid = 0;
struct event { unsigned number; char text[200]; };
/* Keeps the struct in BTF. */
const struct event *unused __attribute__((unused));
unsigned number = 0;
struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 1 << 24); } events SEC(".maps");

SEC("tracepoint/syscalls/sys_enter_kill")
int handle_kill(void *ctx)
{
	struct event *event;

	if (bpf_get_current_pid_tgid() >> 32 != target_pid)
		return 0;
	event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	if (!event)
		return 0;
	__builtin_memset(event, 0, sizeof(*event));
	__builtin_memset(event->text, 'x', sizeof(event->text) - 1);
	event->number = number++;
	bpf_ringbuf_submit(event, 0);
	return 0;
}
`;

let folder: string;
let object: string;
const open = new Set<Socket>();
const running = new Set<ReturnType<typeof start>>();

beforeAll(() => {
  buildCommandLine();
  folder = mkdtempSync(join(tmpdir(), 'ecli-reader-'));
  object = join(folder, 'kills.bpf.o');
  if (whyNoKernel() === undefined) writeFileSync(object, compileObject(KILLS));
}, 60_000);

afterEach(() => {
  for (const socket of open) socket.destroy();
  for (const child of running) child.kill('SIGKILL');
  open.clear();
  running.clear();
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A FIFO whose reader is ours, and whose end for writing is set to O_NONBLOCK where `blocking` is false. */
function makeFifo(name: string, blocking: boolean): { readonly reader: Socket; readonly fd: number } {
  const path = join(folder, name);
  expect(spawnSync('mkfifo', [path]).status).toBe(0);
  const readEnd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const fd = openSync(path, constants.O_WRONLY | (blocking ? 0 : constants.O_NONBLOCK));
  const reader = new Socket({ fd: readEnd, readable: true, writable: false });
  open.add(reader);
  return { reader, fd };
}

/** Starts ecli on our own kill(2) calls, its output leading to `fd`, and waits until it is attached. */
async function startOnKills(fd: number, via: readonly string[] = []): Promise<ReturnType<typeof start>> {
  const args = ['run', '-j', '--export', 'event', object, '--target_pid', String(process.pid)];
  const child = start(args, { stdio: ['ignore', fd, 'pipe'], env: { ECLI_LOG: 'info' }, via });
  closeSync(fd);
  running.add(child);
  for await (const text of child.stderr?.setEncoding('utf8').iterator({ destroyOnReturn: false }) ?? []) {
    if (String(text).includes('attached')) break;
  }
  return child;
}

function onlyChildOf(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8'));
}

function kill(times: number): void {
  for (let time = 0; time < times; time++) process.kill(process.pid, 0);
}

describe('a reader', () => {
  kernelTest('that takes nothing is given up two seconds after Ctrl-C', async () => {
    const { fd } = makeFifo('stuck', true);
    const child = await startOnKills(fd);
    kill(20_000);
    const startedMs = performance.now();
    child.kill('SIGINT');
    const { stderr, signal } = await outcome(child);
    // By the signal itself, which a shell reports as 130: node can't exit while a thread is held by write(2).
    expect(signal).toBe('SIGINT');
    expect(stderr).toContain('a second Ctrl-C ends ecli at once');
    expect(performance.now() - startedMs).toBeGreaterThan(1500);
  });

  kernelTest('that takes nothing is given up also in a container, whose first process ecli is', async () => {
    const { fd } = makeFifo('contained', true);
    const child = await startOnKills(fd, ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc']);
    kill(20_000);
    process.kill(onlyChildOf(child.pid ?? 0), 'SIGINT');
    expect((await outcome(child)).stderr).toContain('a second Ctrl-C ends ecli at once');
  });

  kernelTest('at the end of a non-blocking descriptor gets every row, however late it reads', async () => {
    const { reader, fd } = makeFifo('non-blocking', false);
    const child = await startOnKills(fd);
    kill(20_000);
    child.kill('SIGTERM');
    const ended = outcome(child);
    let text = '';
    reader.setEncoding('utf8').on('data', (part: string) => (text += part));
    await once(reader, 'end');
    expect((await ended).code).toBe(143);
    const numbers = text
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { number: number }).number);
    // The last kill(2) is the one that ends ecli.
    expect(numbers).toEqual(Array.from({ length: 20_001 }, (_, index) => index));
  });
});

describe('a flag of ecli behind the reference', () => {
  kernelTest('counts where the program has none of that name', async () => {
    const { code, stdout } = await run(['run', object, '-j', '--export', 'event', '--timeout=0.1']);
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
  });

  for (const flag of ['-v', '-jv']) {
    kernelTest(`shows diagnostics: ${flag}`, async () => {
      const { code, stderr } = await run(['run', '--export', 'event', object, flag, '--timeout=0.1']);
      expect(code).toBe(0);
      expect(stderr).toMatch(/^debug: attached /m);
    });
  }

  kernelTest('is told where to stand when it says how the reference is read', async () => {
    const { code, stderr } = await run(['run', '--export', 'event', object, '-p', 'object']);
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: `error: -p: must stand before ${object}, for it says how that is read\n`,
    });
  });

  kernelTest('is checked as it is before the reference', async () => {
    const { code, stderr } = await run(['run', '--export', 'event', object, '--timeout', 'soon']);
    expect(code).toBe(2);
    expect(stderr).toContain('--timeout soon: not a number of seconds');
  });

  kernelTest("that the program has too is the program's", async () => {
    const { code, stderr } = await run(['run', '--export', 'event', object, '--target_pid', '-j']);
    expect(code).toBe(2);
    expect(stderr).toContain('--target_pid: ');
  });
});

test('a reader that is gone before the first row is no failure', async () => {
  const child = start(['run', '--help']);
  child.stdout?.destroy();
  expect(await outcome(child)).toMatchObject({ code: 0, stderr: '' });
});
