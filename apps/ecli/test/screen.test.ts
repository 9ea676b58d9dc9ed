import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect } from '@jest/globals';
import { compileObject, kernelTest, whyNoKernel } from '@ecli/bpf/testing';
import { buildCommandLine, run } from './command-line.ts';
import { PseudoTerminal, type PseudoTerminalOptions } from './pseudo-terminal.ts';

/** Numbers the kill(2) calls of one process. */
const KILLS = `
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";
const volatile int target_pid = 0;
struct event { unsigned number; int target; };
/* Keeps the struct in BTF. */
const struct event *unused __attribute__((unused));
unsigned number = 0;
struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 1 << 16); } events SEC(".maps");

SEC("tracepoint/syscalls/sys_enter_kill")
int handle_kill(struct trace_event_raw_sys_enter *context)
{
	struct event *event;

	if (bpf_get_current_pid_tgid() >> 32 != target_pid)
		return 0;
	event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	if (!event)
		return 0;
	event->number = number++;
	event->target = context->args[0];
	bpf_ringbuf_submit(event, 0);
	return 0;
}
`;

let folder: string;
let object: string;
const open = new Set<PseudoTerminal>();

beforeAll(() => {
  buildCommandLine();
  folder = mkdtempSync(join(tmpdir(), 'ecli-screen-'));
  object = join(folder, 'kills.bpf.o');
  if (whyNoKernel() === undefined) writeFileSync(object, compileObject(KILLS));
}, 60_000);

afterEach(() => {
  for (const window of open) window.close();
  open.clear();
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const own = ['--target_pid', String(process.pid)];
const kill = (): void => void process.kill(process.pid, 0);

function startOn(args: readonly string[], options?: PseudoTerminalOptions): PseudoTerminal {
  const window = new PseudoTerminal(args, options);
  open.add(window);
  return window;
}

/** Starts ecli on our own kill(2) calls and waits until the first is to be seen. */
async function startOnKills(
  flags: readonly string[] = [],
  options?: PseudoTerminalOptions,
): Promise<PseudoTerminal> {
  const window = startOn(['run', '--export', 'event', ...flags, object, ...own], options);
  await window.until((lines) => lines.some((line) => line.includes(String(process.pid))), kill);
  return window;
}

const STATUS = /^kills {2}[\d,]+ events\/s {2}[\d,]+ events? {2}\d\d:\d\d$/;
const hasStatus = (lines: readonly string[]): boolean => STATUS.test(lines.at(-1) ?? '');

describe('on a terminal', () => {
  kernelTest('rows scroll above a line that says how the program does', async () => {
    const window = await startOnKills();
    const lines = await window.until((lines) => hasStatus(lines) && lines.length === 24, kill);
    expect(lines.slice(0, -1).filter((line) => !/^(\d\d:\d\d:\d\d +\d+ +\d+|TIME .*)$/.test(line))).toEqual(
      [],
    );
    expect(window.screen.history[0]).toMatch(/^TIME +NUMBER +TARGET$/);
    expect(window.screen.cursor).toEqual({ x: lines.at(-1)?.length, y: 23 });
    const numbers = window.screen.history.flatMap(
      (line) => /^[\d:]+ +(\d+)/.exec(line)?.slice(1).map(Number) ?? [],
    );
    expect(numbers).toEqual(numbers.map((_, index) => index));
  });

  kernelTest('Ctrl-C leaves the last line, the cursor below it, and the terminal in order', async () => {
    const window = await startOnKills();
    await window.until(hasStatus);
    window.type('\x03');
    expect(await window.code).toBe(130);
    expect(window.screen.screen.at(-1)).toMatch(STATUS);
    expect(window.screen.cursor.x).toBe(0);
    expect(window.raw.lastIndexOf('\x1b[?25h')).toBeGreaterThan(window.raw.lastIndexOf('\x1b[?25l'));
    expect(window.raw.lastIndexOf('\x1b[?2026l')).toBeGreaterThan(window.raw.lastIndexOf('\x1b[?2026h'));
  });

  kernelTest('a window made smaller or wider shows the line once', async () => {
    const window = await startOnKills();
    await window.until(hasStatus);
    await window.resize({ columns: 24, rows: 10 });
    await window.until((lines) => /^kills/.test(lines.at(-1) ?? '') && lines.at(-1)?.length === 21);
    expect(window.screen.screen.filter((line) => line.startsWith('kills'))).toHaveLength(1);
    await window.resize({ columns: 100, rows: 30 });
    await window.until(hasStatus);
    expect(window.screen.screen.filter((line) => line.startsWith('kills'))).toHaveLength(1);
  });

  kernelTest('what is said to people stands among the rows', async () => {
    const window = await startOnKills(['-v']);
    const lines = await window.until(hasStatus, kill);
    expect(window.screen.history).toContainEqual(expect.stringMatching(/^info: .*: attached$/));
    expect(lines.filter((line) => line.startsWith('kills '))).toHaveLength(1);
  });

  kernelTest('an error comes last, in a terminal that is in order', async () => {
    const window = startOn(['run', '--export', 'event', object, '--nonsense']);
    expect(await window.code).toBe(2);
    expect(window.screen.screen[0]).toBe('error: --nonsense: unknown argument');
  });

  kernelTest('after Ctrl-Z and fg it goes on below', async () => {
    const window = await startOnKills([], {
      shell: 'set -m; "$@"; echo stopped; sleep 0.3; fg >/dev/null',
    });
    await window.until(hasStatus);
    window.type('\x1a');
    await window.until((lines) => lines.some((line) => line.endsWith('stopped')));
    await window.until(
      (lines) => lines.findIndex((line) => line.endsWith('stopped')) < lines.length - 2 && hasStatus(lines),
      kill,
    );
    const { history } = window.screen;
    expect(history.filter((line) => line.endsWith('stopped'))).toHaveLength(1);
    expect(history.filter((line) => line.startsWith('kills '))).toHaveLength(2);
  });

  kernelTest('in the background it shows rows, and draws over nothing', async () => {
    const window = startOn(['run', '--export', 'event', '--max-events', '3', object, ...own], {
      shell: 'set -m; "$@" & printf typed; wait',
    });
    await window.until((lines) => lines.filter((line) => line.endsWith(` ${process.pid}`)).length >= 3, kill);
    expect(await window.code).toBe(0);
    expect(window.screen.history[0]).toMatch(/^typed/);
    expect(window.raw).not.toContain('\x1b[?2026h');
  });
});

describe('colours', () => {
  const status = async (flags: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<boolean> => {
    const window = await startOnKills(flags, { env });
    await window.until(hasStatus);
    return window.screen.isStyled;
  };

  kernelTest('are there by default', async () => expect(await status([])).toBe(true));

  kernelTest('are not there where NO_COLOR says so', async () =>
    expect(await status([], { NO_COLOR: '1' })).toBe(false),
  );

  kernelTest('are as --color says, whatever the environment says', async () => {
    expect(await status(['--color', 'always'], { NO_COLOR: '1' })).toBe(true);
    expect(await status(['--color', 'never'])).toBe(false);
  });
});

describe('plain output', () => {
  for (const [what, flags, env] of [
    ['a terminal that can do nothing', [], { TERM: 'dumb' }],
    ['JSON', ['-j'], {}],
    ['CSV', ['-o', 'csv'], {}],
  ] as const) {
    kernelTest(`${what} has no sequence that moves the cursor`, async () => {
      const window = await startOnKills(flags, { env });
      window.type('\x03');
      expect(await window.code).toBe(130);
      expect(window.raw).not.toContain('\x1b');
    });
  }

  kernelTest('goes to a file though standard error is a terminal', async () => {
    const output = join(folder, 'output');
    const window = startOn(['run', '--export', 'event', '--max-events', '1', object, ...own], {
      shell: `exec "$@" > ${output}`,
    });
    await window.until(() => /\n.*\n/.test(textOf(output)), kill);
    expect(await window.code).toBe(0);
    expect(textOf(output)).not.toContain('\x1b');
    expect(window.raw).toBe('');
  });

  kernelTest('is coloured in a pipe only where it is asked for', async () => {
    const args = ['run', '--export', 'event', '--timeout', '0.2', object, ...own];
    expect((await run(args)).stdout).not.toContain('\x1b');
  });
});

kernelTest('raw bytes are not for a terminal', async () => {
  for (const args of [
    ['run', '--export', 'event', '-o', 'raw', object],
    ['run', '--export', 'event', object, '-o', 'raw'],
  ]) {
    const window = startOn(args);
    expect(await window.code).toBe(2);
    expect(window.screen.screen).toEqual([
      'error: --output raw: binary, and standard output is a terminal',
      'hint: write it to a file or a pipe: > events.bin',
    ]);
  }
});

function textOf(path: string): string {
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}
