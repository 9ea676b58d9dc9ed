import { mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, expect, jest } from '@jest/globals';
import { EcliError } from '@ecli/core';

/** Exec and exit events, as the existing tools' own first example has them. */
export const HEADER = `
#ifndef CLIENT_H
#define CLIENT_H
#define COMM_SIZE 16
enum event_type { EVENT_TYPE__ENTER, EVENT_TYPE__EXIT };
struct event {
	int pid;
	unsigned int exit_code;
	unsigned long long duration_ns;
	char comm[COMM_SIZE];
	_Bool exit_event;
	enum event_type et;
};
#endif
`;

export const SOURCE = `#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "client.h"

/// @brief Shows what starts and what ends
char LICENSE[] SEC("license") = "GPL";

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8192);
	__type(key, pid_t);
	__type(value, __u64);
} exec_start SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
} rb SEC(".maps");

/// @cmdarg {"default": 0, "short": "m"}
/// @description at least this long
const volatile unsigned long long min_duration_ns = 0;

static int private_state;

SEC("tp/sched/sched_process_exec")
int handle_exec(void *ctx)
{
	pid_t pid = bpf_get_current_pid_tgid() >> 32;
	__u64 ts = bpf_ktime_get_ns();

	bpf_map_update_elem(&exec_start, &pid, &ts, BPF_ANY);
	return ++private_state > 3;
}

SEC("tp/sched/sched_process_exit")
int handle_exit(void *ctx)
{
	struct event *event = bpf_ringbuf_reserve(&rb, sizeof(*event), 0);

	if (!event)
		return 0;
	event->duration_ns = min_duration_ns;
	bpf_ringbuf_submit(event, 0);
	return 0;
}
`;

/** As a compiler of such packages writes them, less `type_id`, which depends on the kernel's types. */
export const META = {
  bpf_skel: {
    obj_name: 'client_bpf',
    data_sections: [
      {
        name: '.rodata',
        variables: [
          {
            name: 'min_duration_ns',
            type: 'unsigned long long',
            cmdarg: { default: 0, short: 'm' },
            description: 'at least this long',
          },
        ],
      },
      { name: '.bss', variables: [{ name: '__eunomia_dummy_event_ptr', type: 'struct event *' }] },
    ],
    maps: [
      { name: 'exec_start', ident: 'exec_start' },
      { name: 'rb', ident: 'rb' },
      { name: 'client_b.rodata', ident: 'rodata', mmaped: true },
      { name: 'client_b.bss', ident: 'bss', mmaped: true },
    ],
    progs: [
      { name: 'handle_exec', attach: 'tp/sched/sched_process_exec', link: true },
      { name: 'handle_exit', attach: 'tp/sched/sched_process_exit', link: true },
    ],
    doc: { brief: 'Shows what starts and what ends' },
  },
  export_types: [
    {
      name: 'event',
      size: 40,
      type_id: expect.any(Number),
      members: [
        { name: 'pid', type: 'int' },
        { name: 'exit_code', type: 'unsigned int' },
        { name: 'duration_ns', type: 'unsigned long long' },
        { name: 'comm', type: 'char[16]' },
        { name: 'exit_event', type: '_Bool' },
        { name: 'et', type: 'enum event_type' },
      ],
    },
  ],
  eunomia_version: readVersion(),
};

/** A `client.bpf.c` and its header in a folder of their own, made anew for each test. */
export interface ClientProgram {
  readonly folder: string;
  readonly source: string;
  readonly header: string;
  /** Writes a file in the folder and returns its path. */
  write(name: string, content: string): string;
}

/** Sets up the files, and a cache for the tests of this file alone. What a test sets in the environment ends with it. */
export function useClientProgram(): ClientProgram {
  jest.setTimeout(60_000); // clang is slow where many things run
  const environment = { ...process.env };
  const cacheHome = mkdtempSync(join(tmpdir(), 'ecli-cache-'));
  const program = { folder: '', source: '', header: '', write };

  function write(name: string, content: string): string {
    const path = join(program.folder, name);
    writeFileSync(path, content);
    // Files that change while they are compiled are not cached; these were written before.
    const before = Date.now() / 1000 - 10;
    utimesSync(path, before, before);
    return path;
  }

  beforeEach(() => {
    process.env['XDG_CACHE_HOME'] = cacheHome;
    program.folder = mkdtempSync(join(tmpdir(), 'ecli-test-'));
    program.source = write('client.bpf.c', SOURCE);
    program.header = write('client.h', HEADER);
  });
  afterEach(() => {
    process.env = { ...environment };
    rmSync(program.folder, { recursive: true, force: true });
  });
  afterAll(() => rmSync(cacheHome, { recursive: true, force: true }));
  return program;
}

export function readJson(path: string): Record<string, unknown> {
  return JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
}

/** The EcliError that `action` fails with. */
export async function failure(action: Promise<unknown>): Promise<EcliError> {
  try {
    await action;
  } catch (error) {
    if (error instanceof EcliError) return error;
    throw error;
  }
  throw new Error('nothing failed');
}

function readVersion(): unknown {
  return readJson(new URL('../package.json', import.meta.url).pathname)['version'];
}
