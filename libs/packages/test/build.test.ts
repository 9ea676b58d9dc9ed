import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { descriptorOf, EcliError, MediaType } from '@ecli/core';
import { parse as parseYaml } from 'yaml';
import { build, type CompileOptions, compileSource, parseJsonPackage, readPackage } from '../src/index.ts';

/** Exec and exit events, as the existing tools' own first example has them. */
const HEADER = `
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

const SOURCE = `#include "vmlinux.h"
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
const META = {
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

jest.setTimeout(60_000); // clang is slow where many things run

const cacheHome = mkdtempSync(join(tmpdir(), 'ecli-cache-'));
const environment = { ...process.env };
let folder = '';
let source = '';
let header = '';

beforeAll(() => {
  process.env['XDG_CACHE_HOME'] = cacheHome;
});

afterAll(() => {
  process.env = environment;
  rmSync(cacheHome, { recursive: true, force: true });
});

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ecli-test-'));
  source = write('client.bpf.c', SOURCE);
  header = write('client.h', HEADER);
});

afterEach(() => {
  process.env = { ...environment, XDG_CACHE_HOME: cacheHome };
  rmSync(folder, { recursive: true, force: true });
});

describe('build', () => {
  test('writes the object, the skeleton and the package', async () => {
    const out = join(folder, 'new', 'dist');
    const { files, warnings } = await build({ source, header, outputDirectory: out });
    expect(files).toEqual(
      ['client.bpf.o', 'client.skel.json', 'package.json'].map((name) => join(out, name)),
    );
    expect(readdirSync(out).sort()).toEqual(['client.bpf.o', 'client.skel.json', 'package.json']);
    expect(warnings).toBe('');

    const json = readJson(join(out, 'package.json'));
    expect(json['meta']).toEqual(META);
    expect(readJson(join(out, 'client.skel.json'))).toEqual(META);
    const object = readFileSync(join(out, 'client.bpf.o'));
    expect(json['bpf_object_size']).toBe(object.length);
    const { object: packed } = parseJsonPackage(readFileSync(join(out, 'package.json')), 'package.json');
    expect(Buffer.from(packed)).toEqual(object);
  });

  test('writes beside the source without an output folder, and takes the header there', async () => {
    await build({ source });
    expect(readdirSync(folder).sort()).toEqual([
      ...['client.bpf.c', 'client.bpf.o', 'client.h', 'client.skel.json', 'package.json'],
    ]);
    expect(readJson(join(folder, 'package.json'))['meta']).toEqual(META);
  });

  test('gives the same bytes wherever the source lies and however it is named', async () => {
    const first = await build({ source, outputDirectory: join(folder, 'a') });
    const elsewhere = join(folder, 'some', 'where');
    mkdirSync(elsewhere, { recursive: true });
    writeFileSync(join(elsewhere, 'client.bpf.c'), SOURCE);
    writeFileSync(join(elsewhere, 'client.h'), HEADER);
    const second = await build({
      source: join(elsewhere, 'client.bpf.c'),
      outputDirectory: join(folder, 'b'),
    });
    for (const [index, file] of first.files.entries()) {
      expect(readFileSync(second.files[index] ?? '')).toEqual(readFileSync(file));
    }
    expect(readFileSync(first.files[0] ?? '').includes(folder)).toBe(false);
  });

  test('keeps the source lines that the verifier quotes', async () => {
    const { files } = await build({ source });
    expect(readFileSync(files[0] ?? '').includes('event->duration_ns = min_duration_ns;')).toBe(true);
  });

  test('prefers what the map says of its values to the order in the header', async () => {
    write('client.h', `struct open_key { int a; };\n${HEADER}`);
    write('client.bpf.c', SOURCE.replace('256 * 1024);', '256 * 1024);\n\t__type(value, struct event);'));
    const { package: built } = await build({ source });
    expect(built.meta.export_types.map(({ name }) => name)).toEqual(['event', 'open_key']);
  });

  test('takes @export and the type of the map where there is no header', async () => {
    rmSync(header);
    const struct = 'struct event { int pid; unsigned long long duration_ns; };';
    const inline = SOURCE.replace('#include "client.h"', struct);
    write('client.bpf.c', inline.replace(struct, `/// @export\n${struct}`));
    expect((await build({ source })).package.meta.export_types).toMatchObject([{ name: 'event', size: 16 }]);
    write('client.bpf.c', inline.replace('256 * 1024);', '256 * 1024);\n\t__type(value, struct event);'));
    expect((await build({ source })).package.meta.export_types).toMatchObject([{ name: 'event', size: 16 }]);
  });

  test('builds a program whose events have no known type, and says so', async () => {
    rmSync(header);
    write(
      'client.bpf.c',
      SOURCE.replace('#include "client.h"', 'struct event { unsigned long long duration_ns; };'),
    );
    const { package: built, warnings } = await build({ source });
    expect(built.meta.export_types).toEqual([]);
    expect(warnings).toMatch(/client\.bpf\.c: the type of the events in rb is not known\n/);
    await expect(compileSource(source)).rejects.toMatchObject({
      code: 'PACKAGE_INVALID',
      hint: expect.stringContaining('--export STRUCT, one of: event\n'),
    });
    const run = await compileSource(source, { exportType: 'event' });
    expect(run.meta.export_types).toMatchObject([{ name: 'event', size: 8 }]);
    await expect(compileSource(source, { exportType: 'evnt' })).rejects.toMatchObject({
      message: `${source}: no struct evnt in the object's BTF`,
      hint: 'say which one it is: --export STRUCT, one of: event',
    });
  });

  test('writes YAML and the header for Wasm guests', async () => {
    const { files } = await build({ source, format: 'yaml', wasmHeader: true });
    expect(files.map((file) => file.slice(folder.length + 1))).toEqual([
      ...['client.bpf.o', 'client.skel.yaml', 'package.yaml', 'ewasm-skel.h'],
    ]);
    const yaml = parseYaml(readFileSync(files[2] ?? '', 'utf8')) as Record<string, unknown>;
    expect(yaml['meta']).toEqual(META);

    const main = '#include <stdio.h>\n#include "ewasm-skel.h"\nint main() { puts(program_data); }';
    const program = join(folder, 'print');
    execFileSync('clang', ['-x', 'c', '-std=c99', '-I', folder, '-', '-o', program], { input: main });
    const { package: built } = await build({ source });
    const printed = execFileSync(program, { maxBuffer: 1 << 24 });
    expect(parseJsonPackage(printed, 'printed')).toEqual({ ...built, object: expect.anything() });
    expect(JSON.parse(printed.toString())).toEqual(yaml);
  });

  test('passes more arguments to clang', async () => {
    write('client.bpf.c', SOURCE.replace('min_duration_ns = 0', 'min_duration_ns = SOME(1)'));
    const diagnosed: string[] = [];
    const additionalCflags = ['-DOTHER=1 "-DSOME(x)=x + 2"', '-Wall'];
    await build({ source, additionalCflags, diagnose: (line) => diagnosed.push(line) });
    expect(diagnosed.find((line) => line.includes('clang'))).toContain('-DOTHER=1 -DSOME(x)=x + 2 -Wall');
  });

  test('compiles a header by itself', async () => {
    const { package: built } = await build({ source: header, headerOnly: true, outputDirectory: folder });
    expect(built.meta.bpf_skel).toMatchObject({ obj_name: 'client_bpf', progs: [] });
    expect(built.meta.export_types).toMatchObject([{ name: 'event' }]);
  });

  test('shows what clang says, with the file and the lines of the user, and leaves nothing behind', async () => {
    const before = temporaryFolders();
    write('client.bpf.c', SOURCE.replace('return 0;\n\tevent->', 'return 0;\n\tevant->'));
    const error = await failure(build({ source, outputDirectory: join(folder, 'dist') }));
    expect(error.code).toBe('BUILD_FAILED');
    expect(error.message).toBe(`${source}: does not compile`);
    const line = SOURCE.split('\n').findIndex((text) => text.includes('event->duration_ns')) + 1;
    expect(error.hint).toContain(`${source}:${line}:2: error: use of undeclared identifier 'evant'`);
    expect(readdirSync(folder).sort()).toEqual(['client.bpf.c', 'client.h']);
    expect(temporaryFolders()).toEqual(before);
  });

  test('tells of warnings and goes on', async () => {
    write('client.bpf.c', SOURCE.replace('pid_t pid =', '#warning "mind this"\n\tpid_t pid ='));
    expect((await build({ source })).warnings).toContain('client.bpf.c:29:3: warning: "mind this"');
  });

  test('refuses a header that the source does not include', async () => {
    const other = write('other.h', 'struct other { int x; };');
    const error = await failure(build({ source, header: other }));
    expect(error.message).toBe(`${other}: its structs (other) are not in ${source}`);
    expect(error.hint).toBe('add to the source: #include "other.h"');
  });

  test.each([
    ['a source that is not there', () => build({ source: join(folder, 'no.bpf.c') }), 'ARTIFACT_NOT_FOUND'],
    ['a folder for a source', () => build({ source: folder }), 'ARTIFACT_UNREADABLE'],
    ['a header that is not there', () => build({ source, header: 'no.h' }), 'ARTIFACT_NOT_FOUND'],
    ['a file for a folder', () => build({ source, outputDirectory: header }), 'OUTPUT_FAILED'],
    ['BTF of other kernels', () => build({ source, btfgen: true }), 'FEATURE_UNSUPPORTED'],
    ['a clang that is not there', () => build({ source, clang: 'clang-no' }), 'TOOL_MISSING'],
    ['an llvm-strip that is not there', () => build({ source, llvmStrip: './no' }), 'TOOL_MISSING'],
    ['an llvm-strip that fails', () => build({ source, llvmStrip: 'false' }), 'BUILD_FAILED'],
  ])('refuses %s', async (_what, action, code) => {
    expect((await failure(action())).code).toBe(code);
    expect(readdirSync(folder).sort()).toEqual(['client.bpf.c', 'client.h']);
  });

  test('says how to install what is missing', async () => {
    const error = await failure(build({ source, clang: 'clang-no' }));
    expect(error.message).toBe('clang-no: no such program');
    expect(error.hint?.split('\n')).toEqual([
      'install it: apt install clang',
      '        or: dnf install clang',
      '        or: apk add clang',
      '        or: pacman -S clang',
    ]);
  });

  test('says which package has the headers of libbpf', async () => {
    write('client.bpf.c', SOURCE.replace('bpf_helpers.h', 'no_such.h'));
    const error = await failure(build({ source }));
    expect(error.code).toBe('TOOL_MISSING');
    expect(error.message).toBe(`${source}: bpf/no_such.h of libbpf is missing`);
    expect(error.hint).toContain('apt install libbpf-dev');
  });

  test('says that bpftool is missing when vmlinux.h is needed and was never made', async () => {
    const tools = join(folder, 'bin');
    mkdirSync(tools);
    // A bpftool that can't be found would need another root directory; one that fails is the next best.
    writeFileSync(join(tools, 'bpftool'), '#!/bin/sh\necho "no luck" >&2\nexit 1\n');
    chmodSync(join(tools, 'bpftool'), 0o755);
    process.env['PATH'] = `${tools}:${environment['PATH']}`;
    process.env['XDG_CACHE_HOME'] = join(folder, 'cache');
    const error = await failure(build({ source }));
    expect(error.message).toBe('vmlinux.h: bpftool failed');
    expect(error.hint).toContain('no luck');
    const plain = write('plain.bpf.c', 'int x;');
    await expect(build({ source: plain })).resolves.toBeDefined();
  });

  test('keeps parallel builds in one folder apart', async () => {
    const names = ['one', 'two', 'three'];
    await Promise.all(
      names.map((name) => {
        write(`${name}.h`, `struct ${name} { int x; };`);
        const path = write(`${name}.bpf.c`, `#include "${name}.h"\nstruct ${name} v_${name};`);
        return build({ source: path });
      }),
    );
    for (const name of names) {
      expect(readJson(join(folder, `${name}.skel.json`))).toMatchObject({ export_types: [{ name }] });
    }
    expect(readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });
});

describe('compileSource', () => {
  test('compiles once, and again when the source, a header or an option is another', async () => {
    expect(await compiles()).toBe(true);
    expect(await compiles()).toBe(false);
    expect(await compiles({ exportType: 'event' })).toBe(true);
    write('client.h', HEADER.replace('COMM_SIZE 16', 'COMM_SIZE 32'));
    expect(await compiles()).toBe(true);
    write('client.bpf.c', `${SOURCE}\n`);
    expect(await compiles()).toBe(true);
    expect(await compiles()).toBe(false);
  });

  test('gives the same from the cache as from the compiler', async () => {
    const compiled = await compileSource(source);
    expect(await compileSource(source)).toEqual(compiled);
    expect(compiled.meta).toMatchObject(META);
  });

  test('takes a header that only its time has changed for the same', async () => {
    await compileSource(source);
    utimesSync(header, 1000, 1000);
    expect(await compiles()).toBe(false);
  });

  test('makes a corrupt entry again', async () => {
    process.env['XDG_CACHE_HOME'] = join(folder, 'cache');
    await compileSource(source);
    const cache = join(folder, 'cache', 'ecli', 'build');
    const entries = readdirSync(cache);
    expect(entries).toHaveLength(1);
    for (const corrupt of ['', '{"inputs": [', 'null', '{"inputs": [], "value": {"meta": 1}}']) {
      writeFileSync(join(cache, entries[0] ?? ''), corrupt);
      expect(await compiles()).toBe(true);
      expect(await compiles()).toBe(false);
    }
  });

  test('keeps its cache for its user alone, and does without one that others may write to', async () => {
    process.env['XDG_CACHE_HOME'] = join(folder, 'cache');
    await compileSource(source);
    const cache = join(folder, 'cache', 'ecli', 'build');
    expect(statSync(cache).mode & 0o777).toBe(0o700);
    chmodSync(cache, 0o777);
    expect(await compiles()).toBe(true);
    expect(await compiles()).toBe(true);
  });

  test.each(['/proc/none', '/dev/null', '/dev/null/x'])('does without a cache in %s', async (place) => {
    process.env['XDG_CACHE_HOME'] = place;
    await expect(compileSource(source)).resolves.toMatchObject({ meta: META });
  });
});

describe('readPackage', () => {
  test('compiles a source by its path', async () => {
    const content = readFileSync(source);
    const artifact = {
      reference: source,
      path: source,
      content,
      descriptor: descriptorOf(content, MediaType.source),
    };
    expect(await readPackage(artifact)).toMatchObject({ meta: META });
  });

  test('compiles a source without a file', async () => {
    const content = Buffer.from(SOURCE.replace('#include "client.h"', HEADER));
    const artifact = { reference: '-', content, descriptor: descriptorOf(content, MediaType.source) };
    const { meta } = await readPackage(artifact, { exportType: 'event' });
    expect(meta.bpf_skel.obj_name).toBe('stdin_bpf');
    expect(meta.export_types).toMatchObject(META.export_types);
  });

  test('names the place of an error in a source without a file', async () => {
    const content = Buffer.from('int x\n');
    const artifact = { reference: '-', content, descriptor: descriptorOf(content, MediaType.source) };
    const { message, hint } = await failure(readPackage(artifact));
    expect(message).toBe('<stdin>: does not compile');
    expect(hint).toMatch(/^<stdin>:1:6: error: expected ';'/);
  });
});

function write(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  // Files that change while they are compiled are not cached; these were written before.
  const before = Date.now() / 1000 - 10;
  utimesSync(path, before, before);
  return path;
}

function readJson(path: string): Record<string, unknown> {
  return JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
}

function readVersion(): unknown {
  return readJson(new URL('../package.json', import.meta.url).pathname)['version'];
}

function temporaryFolders(): string[] {
  return readdirSync(tmpdir()).filter((name) => name.startsWith('ecli-build-'));
}

async function failure(action: Promise<unknown>): Promise<EcliError> {
  try {
    await action;
  } catch (error) {
    if (error instanceof EcliError) return error;
    throw error;
  }
  throw new Error('nothing failed');
}

/** Whether compiling `source` for a run starts clang. */
async function compiles(options: CompileOptions = {}): Promise<boolean> {
  const commands: string[] = [];
  await compileSource(source, { ...options, diagnose: (line) => commands.push(line) });
  return commands.some((command) => command.includes('clang'));
}
