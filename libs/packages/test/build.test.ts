import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parse as parseYaml } from 'yaml';
import { build, compileSource, parseJsonPackage } from '../src/index.ts';
import { failure, HEADER, META, readJson, SOURCE, useClientProgram } from './client-program.ts';

const client = useClientProgram();

describe('build', () => {
  test('writes the object, the skeleton and the package', async () => {
    const out = join(client.folder, 'new', 'dist');
    const { files, warnings } = await build({
      source: client.source,
      header: client.header,
      outputDirectory: out,
    });
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
    await build({ source: client.source });
    expect(readdirSync(client.folder).sort()).toEqual([
      ...['client.bpf.c', 'client.bpf.o', 'client.h', 'client.skel.json', 'package.json'],
    ]);
    expect(readJson(join(client.folder, 'package.json'))['meta']).toEqual(META);
  });

  test('gives the same bytes wherever the source lies and however it is named', async () => {
    const first = await build({ source: client.source, outputDirectory: join(client.folder, 'a') });
    const elsewhere = join(client.folder, 'some', 'where');
    mkdirSync(elsewhere, { recursive: true });
    writeFileSync(join(elsewhere, 'client.bpf.c'), SOURCE);
    writeFileSync(join(elsewhere, 'client.h'), HEADER);
    const copy = join(elsewhere, 'client.bpf.c');
    for (const named of [copy, relative(process.cwd(), copy)]) {
      const second = await build({ source: named, outputDirectory: join(client.folder, 'b') });
      for (const [index, file] of first.files.entries()) {
        expect(readFileSync(second.files[index] ?? '')).toEqual(readFileSync(file));
      }
    }
    expect(readFileSync(first.files[0] ?? '').includes(client.folder)).toBe(false);
  });

  test('keeps the source lines that the verifier quotes', async () => {
    const { files } = await build({ source: client.source });
    expect(readFileSync(files[0] ?? '').includes('event->duration_ns = min_duration_ns;')).toBe(true);
  });

  test('prefers what the map says of its values to the order in the header', async () => {
    client.write('client.h', `struct open_key { int a; };\n${HEADER}`);
    client.write(
      'client.bpf.c',
      SOURCE.replace('256 * 1024);', '256 * 1024);\n\t__type(value, struct event);'),
    );
    const { package: built } = await build({ source: client.source });
    expect(built.meta.export_types.map(({ name }) => name)).toEqual(['event', 'open_key']);
  });

  test('says which of several structs events are taken for, and takes the one that is marked', async () => {
    const header = `struct open_key { int a; };\n${HEADER}`;
    client.write('client.h', header);
    const guessed = await build({ source: client.source });
    expect(guessed.package.meta.export_types.map(({ name }) => name)).toEqual(['open_key', 'event']);
    expect(guessed.warnings).toMatch(
      /client\.bpf\.c: events are taken for struct open_key, the first of its header; others: event\n/,
    );
    client.write('client.h', header.replace('struct event {', '/// @export\nstruct event {'));
    const marked = await build({ source: client.source });
    expect(marked.package.meta.export_types.map(({ name }) => name)).toEqual(['event', 'open_key']);
    expect(marked.warnings).toBe('');
  });

  test('takes @export and the type of the map where there is no header', async () => {
    rmSync(client.header);
    const struct = 'struct event { int pid; unsigned long long duration_ns; };';
    const inline = SOURCE.replace('#include "client.h"', struct);
    client.write('client.bpf.c', inline.replace(struct, `/// @export\n${struct}`));
    expect((await build({ source: client.source })).package.meta.export_types).toMatchObject([
      { name: 'event', size: 16 },
    ]);
    client.write(
      'client.bpf.c',
      inline.replace('256 * 1024);', '256 * 1024);\n\t__type(value, struct event);'),
    );
    expect((await build({ source: client.source })).package.meta.export_types).toMatchObject([
      { name: 'event', size: 16 },
    ]);
  });

  test('builds a program whose events have no known type, and says so', async () => {
    rmSync(client.header);
    client.write(
      'client.bpf.c',
      SOURCE.replace('#include "client.h"', 'struct event { unsigned long long duration_ns; };'),
    );
    const { package: built, warnings } = await build({ source: client.source });
    expect(built.meta.export_types).toEqual([]);
    expect(warnings).toMatch(/client\.bpf\.c: the type of the events in rb is not known\n/);
    await expect(compileSource(client.source)).rejects.toMatchObject({
      code: 'PACKAGE_INVALID',
      hint: expect.stringContaining('--export STRUCT, one of: event\n'),
    });
    const run = await compileSource(client.source, { exportType: 'event' });
    expect(run.meta.export_types).toMatchObject([{ name: 'event', size: 8 }]);
    await expect(compileSource(client.source, { exportType: 'evnt' })).rejects.toMatchObject({
      message: `${client.source}: no struct evnt in the object's BTF`,
      hint: 'say which struct it is: --export STRUCT, one of: event',
    });
  });

  test('writes YAML and the header for Wasm guests', async () => {
    const { files } = await build({ source: client.source, format: 'yaml', wasmHeader: true });
    expect(files.map((file) => file.slice(client.folder.length + 1))).toEqual([
      ...['client.bpf.o', 'client.skel.yaml', 'package.yaml', 'ewasm-skel.h'],
    ]);
    const yaml = parseYaml(readFileSync(files[2] ?? '', 'utf8')) as Record<string, unknown>;
    expect(yaml['meta']).toEqual(META);

    const main = '#include <stdio.h>\n#include "ewasm-skel.h"\nint main() { puts(program_data); }';
    const program = join(client.folder, 'print');
    execFileSync('clang', ['-x', 'c', '-std=c99', '-I', client.folder, '-', '-o', program], { input: main });
    const { package: built } = await build({ source: client.source });
    const printed = execFileSync(program, { maxBuffer: 1 << 24 });
    expect(parseJsonPackage(printed, 'printed')).toEqual({ ...built, object: expect.anything() });
    expect(JSON.parse(printed.toString())).toEqual(yaml);
  });

  test('passes more arguments to clang', async () => {
    client.write('client.bpf.c', SOURCE.replace('min_duration_ns = 0', 'min_duration_ns = SOME(1)'));
    const diagnosed: string[] = [];
    const additionalCflags = ['-DOTHER=1 "-DSOME(x)=x + 2"', '-Wall'];
    await build({ source: client.source, additionalCflags, diagnose: (line) => diagnosed.push(line) });
    expect(diagnosed.find((line) => line.includes('clang'))).toContain('-DOTHER=1 -DSOME(x)=x + 2 -Wall');
  });

  test('compiles a header by itself', async () => {
    const { package: built } = await build({
      source: client.header,
      headerOnly: true,
      outputDirectory: client.folder,
    });
    expect(built.meta.bpf_skel).toMatchObject({ obj_name: 'client_bpf', progs: [] });
    expect(built.meta.export_types).toMatchObject([{ name: 'event' }]);
  });

  test('shows what clang says, with the file and the lines of the user, and leaves nothing behind', async () => {
    const before = temporaryFolders();
    client.write('client.bpf.c', SOURCE.replace('return 0;\n\tevent->', 'return 0;\n\tevant->'));
    const error = await failure(
      build({ source: client.source, outputDirectory: join(client.folder, 'dist') }),
    );
    expect(error.code).toBe('BUILD_FAILED');
    expect(error.message).toBe(`${client.source}: does not compile`);
    const line = SOURCE.split('\n').findIndex((text) => text.includes('event->duration_ns')) + 1;
    expect(error.details).toContain(
      `${client.source}:${line}:2: error: use of undeclared identifier 'evant'`,
    );
    expect(readdirSync(client.folder).sort()).toEqual(['client.bpf.c', 'client.h']);
    expect(temporaryFolders()).toEqual(before);
  });

  test('shows what clang says of the source where its backend dies, and keeps its call stack to itself', async () => {
    const division = SOURCE.replace('return ++private_state > 3;', 'return (long)ts / ++private_state;');
    client.write('client.bpf.c', division);
    const before = readdirSync(tmpdir()).filter((name) => name.startsWith('client-'));
    const diagnosed: string[] = [];
    const error = await failure(build({ source: client.source, diagnose: (line) => diagnosed.push(line) }));
    const line = division.split('\n').findIndex((text) => text.includes('(long)ts')) + 1;
    expect(error.message).toBe(`${client.source}: does not compile`);
    expect(error.details).toMatch(/signed division/);
    expect(error.details).toContain(`:${line}:`);
    expect(error.details).not.toMatch(/Stack dump|PLEASE/);
    expect(diagnosed).toContain('Stack dump:');
    expect(readdirSync(tmpdir()).filter((name) => name.startsWith('client-'))).toEqual(before);
  });

  describe('of several exports', () => {
    const KEYED = '__uint(max_entries, 8192);';
    const exporting = (comment: string, more = '__type(value, struct event);'): string =>
      SOURCE.replace(
        'struct {\n\t__uint(type, BPF_MAP_TYPE_RINGBUF);',
        (map) => `${comment}\n${map}\n\t${more}`,
      );

    test('says which type the events of a buffer are of', async () => {
      const sampled = '/// @sample {"interval": 100}\n/// @export_config default\n';
      const source = exporting('/// @export_config default').replace(
        `struct {\n\t__uint(type, BPF_MAP_TYPE_HASH);\n\t${KEYED}`,
        (map) => `${sampled}${map}`,
      );
      client.write('client.bpf.c', source);
      const { files, warnings } = await build({ source: client.source });
      const { meta } = readJson(files[2] ?? '') as { meta: Record<string, unknown> };
      const [event] = meta['export_types'] as [{ type_id: number }];
      expect(warnings).toBe('');
      expect(meta).toMatchObject({
        enable_multiple_export_types: true,
        bpf_skel: {
          maps: [
            { name: 'exec_start', sample: { interval: 100 }, export_config: 'default' },
            { name: 'rb', export_config: { btf_type_id: event.type_id } },
            {},
            {},
          ],
        },
      });
    });

    test.each(['{"btf_type_id": 7}', '{"custom_members": [{"name": "pid", "offset": 0, "btf_type_id": 2}]}'])(
      'takes %s as it is written',
      async (config) => {
        client.write('client.bpf.c', exporting(`/// @export_config ${config}`, ''));
        const { package: built } = await build({ source: client.source });
        expect(built.meta.enable_multiple_export_types).toBe(true);
        expect(built.meta.bpf_skel.maps[1]).toMatchObject({ export_config: JSON.parse(config) });
      },
    );

    test('leaves a package alone whose maps say that they are not shown', async () => {
      client.write('client.bpf.c', exporting('/// @export_config no_export'));
      const { files } = await build({ source: client.source });
      expect(readJson(files[2] ?? '')['meta']).not.toHaveProperty('enable_multiple_export_types');
    });

    test('refuses a buffer that does not say of which type its events are', async () => {
      client.write('client.bpf.c', exporting('/// @export_config default', ''));
      expect(await failure(build({ source: client.source }))).toMatchObject({
        code: 'BUILD_FAILED',
        message: `${client.source}: map rb is to be exported, and nothing says of which type its events are`,
        hint: 'add to the map: __type(value, struct NAME);',
      });
    });
  });

  test('tells of warnings and goes on', async () => {
    client.write('client.bpf.c', SOURCE.replace('pid_t pid =', '#warning "mind this"\n\tpid_t pid ='));
    expect((await build({ source: client.source })).warnings).toContain(
      'client.bpf.c:29:3: warning: "mind this"',
    );
  });

  test('refuses a header that the source does not include', async () => {
    const other = client.write('other.h', 'struct other { int x; };');
    const error = await failure(build({ source: client.source, header: other }));
    expect(error.message).toBe(`${other}: its structs (other) are not in ${client.source}`);
    expect(error.hint).toBe('add to the source: #include "other.h"');
  });

  test.each([
    [
      'a source that is not there',
      () => build({ source: join(client.folder, 'no.bpf.c') }),
      'ARTIFACT_NOT_FOUND',
    ],
    ['a folder for a source', () => build({ source: client.folder }), 'ARTIFACT_UNREADABLE'],
    [
      'a header that is not there',
      () => build({ source: client.source, header: 'no.h' }),
      'ARTIFACT_NOT_FOUND',
    ],
    [
      'a file for a folder',
      () => build({ source: client.source, outputDirectory: client.header }),
      'OUTPUT_FAILED',
    ],
    [
      'a folder where none can be made',
      () => build({ source: client.source, outputDirectory: '/proc/none/x' }),
      'OUTPUT_FAILED',
    ],
    [
      'BTF of other kernels that nobody names',
      () => build({ source: client.source, btfgen: true }),
      'ARGUMENT_INVALID',
    ],
    ['a clang that is not there', () => build({ source: client.source, clang: 'clang-no' }), 'TOOL_MISSING'],
    [
      'an llvm-strip that is not there',
      () => build({ source: client.source, llvmStrip: './no' }),
      'TOOL_MISSING',
    ],
    ['an llvm-strip that fails', () => build({ source: client.source, llvmStrip: 'false' }), 'BUILD_FAILED'],
  ])('refuses %s', async (_what, action, code) => {
    expect((await failure(action())).code).toBe(code);
    expect(readdirSync(client.folder).sort()).toEqual(['client.bpf.c', 'client.h']);
  });

  test('names the source that has no types', async () => {
    const source = client.write('empty.bpf.c', '');
    const error = await failure(build({ source }));
    expect(error).toMatchObject({ code: 'OBJECT_INVALID', message: expect.stringContaining(source) });
  });

  test('says what a program that the user names is to be', async () => {
    client.write('text', 'x');
    for (const [clang, problem] of [
      ['clang-no', 'no such program'],
      [join(client.folder, 'text'), 'not a program'],
    ] as const) {
      const error = await failure(build({ source: client.source, clang }));
      expect(error.message).toBe(`${clang}: ${problem}`);
      expect(error.hint).toBe('it is to be taken for clang');
    }
  });

  test.each([
    ['true', 'wrote no object'],
    ['false', 'failed (1) without a word'],
  ])('says that a clang which is %s does nothing', async (clang, problem) => {
    const error = await failure(build({ source: client.source, clang: `/bin/${clang}` }));
    expect(error.message).toBe(`${client.source}: does not compile`);
    expect(error.details).toBe(`/bin/${clang} ${problem}`);
  });

  test('ends the compiler when it is told to, and leaves nothing behind', async () => {
    const slow = client.write('slow-clang', '#!/bin/sh\necho begun >&2\nexec sleep 60\n');
    chmodSync(slow, 0o755);
    const interruption = new AbortController();
    const running = build({
      source: client.source,
      clang: slow,
      signal: interruption.signal,
      diagnose: (line) => {
        if (line.startsWith(slow)) setImmediate(() => interruption.abort(new Error('enough')));
      },
    });
    await expect(running).rejects.toThrow('enough');
    expect(temporaryFolders()).toEqual([]);
  });

  test('removes what a killed build left behind long ago', async () => {
    const [stale, fresh] = ['stale', 'fresh'].map((name) =>
      mkdtempSync(join(tmpdir(), `ecli-build-${name}-`)),
    );
    try {
      utimesSync(stale ?? '', 1000, 1000);
      await build({ source: client.source });
      expect([existsSync(stale ?? ''), existsSync(fresh ?? '')]).toEqual([false, true]);
    } finally {
      rmSync(stale ?? '', { recursive: true, force: true });
      rmSync(fresh ?? '', { recursive: true, force: true });
    }
  });

  test('takes the vmlinux.h of a folder that the user points at before that of the kernel', async () => {
    mkdirSync(join(client.folder, 'own'));
    client.write('own/vmlinux.h', '#error "my own"');
    const error = await failure(
      build({ source: client.source, additionalCflags: [`-I${join(client.folder, 'own')}`] }),
    );
    expect(error.details).toContain('my own');
  });

  test('says how to install what is missing', async () => {
    process.env['PATH'] = '/nowhere';
    const error = await failure(build({ source: client.source }));
    expect(error.message).toBe('clang: no such program');
    expect(error.hint?.split('\n')).toEqual([
      'install it: apt install clang',
      '        or: dnf install clang',
      '        or: apk add clang',
      '        or: pacman -S clang',
    ]);
  });

  test('says which package has the headers of libbpf', async () => {
    client.write('client.bpf.c', SOURCE.replace('bpf_helpers.h', 'no_such.h'));
    const error = await failure(build({ source: client.source }));
    expect(error.code).toBe('TOOL_MISSING');
    expect(error.message).toBe(`${client.source}: bpf/no_such.h of libbpf is missing`);
    expect(error.hint).toContain('apt install libbpf-dev');
  });

  test('says that bpftool is missing when vmlinux.h is needed and was never made', async () => {
    const tools = join(client.folder, 'bin');
    mkdirSync(tools);
    // A bpftool that can't be found would need another root directory; one that fails is the next best.
    writeFileSync(join(tools, 'bpftool'), '#!/bin/sh\necho "no luck" >&2\nexit 1\n');
    chmodSync(join(tools, 'bpftool'), 0o755);
    process.env['PATH'] = `${tools}:${process.env['PATH']}`;
    process.env['XDG_CACHE_HOME'] = join(client.folder, 'cache');
    const error = await failure(build({ source: client.source }));
    expect(error.message).toBe('vmlinux.h: bpftool failed');
    expect(error.hint).toContain('no luck');
    const plain = client.write('plain.bpf.c', 'int x;');
    await expect(build({ source: plain })).resolves.toBeDefined();
  });

  test('leaves nothing behind where there is no room for all files', async () => {
    const out = join(client.folder, 'out');
    mkdirSync(out);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4k', 'none', out]);
    try {
      const error = await failure(build({ source: client.source, outputDirectory: out }));
      expect(error.message).toContain('(ENOSPC)');
      expect(readdirSync(out)).toEqual([]);
    } finally {
      execFileSync('umount', [out]);
    }
  });

  test('keeps parallel builds in one folder apart', async () => {
    const names = ['one', 'two', 'three'];
    await Promise.all(
      names.map((name) => {
        client.write(`${name}.h`, `struct ${name} { int x; };`);
        const path = client.write(`${name}.bpf.c`, `#include "${name}.h"\nstruct ${name} v_${name};`);
        return build({ source: path });
      }),
    );
    for (const name of names) {
      expect(readJson(join(client.folder, `${name}.skel.json`))).toMatchObject({ export_types: [{ name }] });
    }
    expect(readdirSync(client.folder).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });
});

/** Ours alone: others may build at the same time. */
function temporaryFolders(): string[] {
  return readdirSync(tmpdir()).filter((name) => name.startsWith(`ecli-build-${process.pid}-`));
}
