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

/** Counts the kill(2) calls of one process, by signal and by the size of the target's id. */
const COUNTS = `
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";
const volatile int target_pid = 0;
struct sent { u32 signal; };
struct calls { u64 count; };
struct sizes { u32 slots[32]; };

/// @sample {"interval": 50}
struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 64);
	 __type(key, struct sent); __type(value, struct calls); } signals SEC(".maps");
/// @sample {"interval": 50, "type": "log2_hist", "unit": "id"}
struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 1);
	 __type(key, u32); __type(value, struct sizes); } targets SEC(".maps");

SEC("tracepoint/syscalls/sys_enter_kill")
int handle_kill(struct trace_event_raw_sys_enter *context)
{
	struct sent sent = { .signal = context->args[1] };
	struct calls none = {}, *calls;
	static struct sizes empty;
	struct sizes *sizes;
	u32 zero = 0;

	if (bpf_get_current_pid_tgid() >> 32 != target_pid)
		return 0;
	bpf_map_update_elem(&signals, &sent, &none, BPF_NOEXIST);
	bpf_map_update_elem(&targets, &zero, &empty, BPF_NOEXIST);
	calls = bpf_map_lookup_elem(&signals, &sent);
	sizes = bpf_map_lookup_elem(&targets, &zero);
	if (!calls || !sizes)
		return 0;
	calls->count++;
	sizes->slots[context->args[0] > 3 ? 2 : 0]++;
	return 0;
}
`;

let folder: string;
let object: string;
let counts: string;
const open = new Set<PseudoTerminal>();

beforeAll(() => {
  buildCommandLine();
  folder = mkdtempSync(join(tmpdir(), 'ecli-screen-'));
  object = join(folder, 'kills.bpf.o');
  if (whyNoKernel() === undefined) writeFileSync(object, compileObject(KILLS));
  counts = join(folder, 'counts.bpf.c');
  writeFileSync(counts, COUNTS);
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
    await window.until((lines) => (lines.at(-1) ?? '').startsWith('kills') && lines.at(-1)?.length === 21);
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
    expect(window.raw).not.toContain('\x1b');
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

describe('sampled maps', () => {
  /** Signals that end nobody: 0, and those that this process is made deaf to. */
  const deaf = (): void => undefined;
  beforeAll(() => void process.on('SIGWINCH', deaf));
  afterAll(() => void process.off('SIGWINCH', deaf));

  kernelTest('are tables, sorted and drawn in place', async () => {
    const window = startOn(['run', '--map', 'signals', '--sort', '-value.count', counts, ...own]);
    const rows = (lines: readonly string[]): string[] => lines.filter((line) => /^ +\d+ +\d+$/.test(line));
    const send = (): void => {
      kill();
      process.kill(process.pid, 'SIGWINCH');
      process.kill(process.pid, 'SIGWINCH');
    };
    await window.until(
      (lines) => rows(lines).length === 2 && /^counts {2}\d\d:\d\d$/.test(lines.at(-1) ?? ''),
      send,
    );
    const [first = '', second = ''] = rows(window.screen.screen);
    expect([first, second].map((row) => Number(row.trim().split(/ +/)[0]))).toEqual([28, 0]);
    await window.until((lines) => rows(lines)[0] !== first, send);
    expect(window.screen.history.length).toBe(window.screen.screen.length);
    expect(rows(window.screen.history)).toHaveLength(2);
  });

  kernelTest('are histograms, drawn in place', async () => {
    const window = startOn(['run', '--map', 'targets', counts, ...own]);
    const bar = (lines: readonly string[]): string | undefined =>
      lines.find((line) => /^ +4 -> 7 +: \d+ +\|\*+/.test(line));
    await window.until(
      (lines) => bar(lines) !== undefined && (lines.at(-1) ?? '').startsWith('counts'),
      kill,
    );
    const before = bar(window.screen.screen);
    await window.until((lines) => bar(lines) !== before, kill);
    expect(window.screen.history.filter((line) => line.includes('distribution'))).toHaveLength(1);
    window.type('\x03');
    expect(await window.code).toBe(130);
    expect(bar(window.screen.screen)).toBeDefined();
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
    const shown = async (...flags: readonly string[]): Promise<string> => {
      const events = setInterval(kill, 20);
      const { stdout } = await run([
        'run',
        '--export',
        'event',
        '--max-events',
        '1',
        ...flags,
        object,
        ...own,
      ]);
      clearInterval(events);
      return stdout;
    };
    expect(await shown()).not.toContain('\x1b');
    const colored = await shown('--color', 'always');
    expect(colored).toContain('\x1b[1mTIME');
    expect(colored).not.toContain('\x1b[?');
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
