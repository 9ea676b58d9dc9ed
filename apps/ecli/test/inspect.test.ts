import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { kernelTest } from '@ecli/bpf/testing';
import type { Inspection, ObjectCheck } from '@ecli/inspect';
import { buildCommandLine, outcome, run, start } from './command-line.ts';

const EXAMPLE = exampleNamed('exec');
const TSC = createRequire(import.meta.url).resolve('typescript/bin/tsc');

const REFUSED = `
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 16);
  __type(key, int);
  __type(value, long);
} counts SEC(".maps");

SEC("tp/sched/sched_process_exec")
int count(void *ctx) {
  int key = 0;
  long *value = bpf_map_lookup_elem(&counts, &key);
  *value += 1;
  return 0;
}

SEC("tp/sched/sched_process_exit")
int fine(void *ctx) {
  return 0;
}
`;

function exampleNamed(name: string): string {
  return fileURLToPath(new URL(`../../../examples/${name}/${name}.bpf.c`, import.meta.url));
}

let folder: string;

beforeAll(() => {
  buildCommandLine();
  folder = mkdtempSync(join(tmpdir(), 'ecli-inspect-'));
}, 60_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Lines of JSON from a run of the example, while processes start and end. */
async function realLines(program: string): Promise<string[]> {
  const child = start(['run', '-j', '--max-events', '6', '--timeout', '20', program]);
  const ended = outcome(child);
  let isOver = false;
  void ended.then(() => (isOver = true));
  while (!isOver) {
    spawnSync('/bin/true');
    await new Promise((resolve) => setImmediate(resolve));
  }
  const { stdout } = await ended;
  return stdout.trimEnd().split('\n');
}

describe('ecli inspect', () => {
  // Events, stack traces, and the entries of a sampled map.
  for (const example of ['exec', 'offcpu', 'syscalls']) {
    kernelTest(
      `describes the lines that a run of ${example} prints, as a schema and in TypeScript`,
      async () => {
        const lines = await realLines(exampleNamed(example));
        expect(lines.length).toBeGreaterThanOrEqual(6);
        const [{ stdout: json }, { stdout: types }] = await Promise.all([
          run(['inspect', '--json', exampleNamed(example)]),
          run(['inspect', '--types', 'ts', exampleNamed(example)]),
        ]);
        const { exports } = JSON.parse(json) as Inspection;
        const schema = exports[0]?.jsonSchema ?? {};
        const validate = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(schema);
        for (const line of lines) {
          validate(JSON.parse(line));
          expect(validate.errors).toBeNull();
        }
        const values = lines.map((line, index) => `export const line${index}: Line = ${line};`);
        // A member that isn't declared must be refused, so that the others being taken says something.
        const wrong = `export const wrong: Line = ${lines[0]?.replace('{', '{"undeclared":1,')};`;
        writeFileSync(join(folder, 'lines.ts'), [types, ...values, wrong].join('\n'));
        expect(typeErrors('lines.ts').match(/error.*/g)).toEqual([
          expect.stringMatching(/undeclared.* does not exist in type/),
        ]);
      },
      90_000,
    );
  }

  kernelTest('prints text for a person', async () => {
    const { code, stdout, stderr } = await run(['inspect', EXAMPLE]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^exec 1\.0: Shows each process/);
    expect(stdout).toContain('Programs:\n  handle_exec  tracepoint/sched/sched_process_exec  ');
    expect(stdout).toMatch(/--min-duration-ns VALUE {2}__u64 {2}default: 0/);
    const widest = Math.max(...stdout.split('\n').map((line) => line.length));
    expect(widest).toBeLessThanOrEqual(100);
  });

  kernelTest('tells what it can of an object whose events are of no known type', async () => {
    const path = join(folder, 'untyped.bpf.c');
    const events =
      'struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 4096); } events SEC(".maps");';
    writeFileSync(path, `${REFUSED}\n${events}`);
    const { code, stdout } = await run(['inspect', path]);
    expect(code).toBe(0);
    expect(stdout).toContain('Events: untyped: nothing says of which type the events of map events are');
    expect((await run(['inspect', '--types', 'ts', path])).stderr).toContain(
      'hint: name the struct: --export STRUCT',
    );
  });

  kernelTest(
    '--check says of each program what the verifier says, and fails where one is refused',
    async () => {
      const path = join(folder, 'refused.bpf.c');
      writeFileSync(path, REFUSED);
      const { code, stdout } = await run(['inspect', '--check', path]);
      expect(code).toBe(1);
      expect(stdout).toMatch(
        new RegExp(
          [
            '^count  refused',
            "    R0 invalid mem access 'map_value_or_null'",
            '    at .*refused.bpf.c:16: \\*value \\+= 1;',
            '    instruction \\d+: r1 = \\*\\(u64 \\*\\)\\(r0 \\+0\\)',
            '    where R0=map_value_or_null\\(.*\\)',
            '    it may be NULL: .*',
            'fine   ok  2 instructions, 2 processed, 0 states .*',
            "Linux .* doesn't take 1 of 2 programs\n$",
          ].join('\n'),
        ),
      );
      const env = { BTF_FILE_PATH: join(folder, 'nowhere.btf') };
      const { stdout: elsewhere } = await run(['inspect', '--check', EXAMPLE], { env });
      expect(elsewhere).toContain("nowhere.btf: can't be read as BTF");
      const { stdout: json } = await run(['inspect', '--check', '-j', path]);
      const { programs } = JSON.parse(json) as ObjectCheck;
      expect(programs.map(({ verdict }) => verdict)).toEqual(['refused', 'ok']);
      expect(programs[0]?.failure?.log).toContain('invalid mem access');
    },
  );

  kernelTest('--check --btf tells for each kernel whether it has the types', async () => {
    const bytes = readFileSync('/sys/kernel/btf/vmlinux');
    writeFileSync(join(folder, 'own.btf'), bytes);
    bytes.write('xeal_parent', bytes.indexOf('\0real_parent\0') + 1);
    writeFileSync(join(folder, 'other.btf'), bytes);
    const { code, stdout } = await run(['inspect', '--check', '--btf', folder, EXAMPLE]);
    expect(code).toBe(1);
    expect(stdout).toContain(`ok          ${join(folder, 'own.btf')}\n`);
    expect(stdout).toContain(`unresolved  ${join(folder, 'other.btf')}\n`);
    expect(stdout).toContain(
      "handle_exec: task_struct.real_parent: the kernel's struct task_struct has no real_parent; it has xeal_parent",
    );
    expect(stdout).toContain('1 of 2 kernels has all');
  });

  test('says of a Wasm module what it asks of its host, and that it has no more to tell', async () => {
    const path = join(folder, 'module.wasm');
    // (module (import "wasm_bpf" "wasm_close_bpf_object" (func)) (export "run" (func 0)))
    const name = Buffer.from('wasm_close_bpf_object');
    const module = Buffer.from('wasm_bpf');
    const imports = [1, module.length, ...module, name.length, ...name, 0, 0];
    const sections = [
      1,
      4,
      1,
      0x60,
      0,
      0,
      2,
      imports.length,
      ...imports,
      7,
      7,
      1,
      3,
      ...Buffer.from('run'),
      0,
      0,
    ];
    writeFileSync(path, Buffer.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, ...sections]));
    const { code, stdout } = await run(['inspect', path]);
    expect(code).toBe(0);
    expect(stdout).toContain('Asks of wasm_bpf:\n  wasm_close_bpf_object\n\nGives:\n  run (function)\n');
    expect(await run(['inspect', '--check', path])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('a Wasm module'),
    });
    writeFileSync(path, Buffer.from([0, 0x61, 0x73, 0x6d, 9]));
    expect((await run(['inspect', path])).stderr).toContain('module.wasm: no sound Wasm module: ');
  });

  test('names of a module are safe for a terminal in JSON too', async () => {
    const path = join(folder, 'named.wasm');
    const name = Buffer.from('a\u009b2J\u202e');
    // A module of one import: a memory of this name, from the module of the empty name.
    const section = Buffer.from([1, 0, name.length, ...name, 2, 0, 1]);
    writeFileSync(path, Buffer.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 2, section.length, ...section]));
    const { stdout } = await run(['inspect', '--json', path]);
    expect(stdout).toContain(String.raw`"a\u009b2J\u202e"`);
    expect(JSON.parse(stdout)).toMatchObject({ imports: [{ name: name.toString() }] });
  });

  test.each([
    [['--types', 'rust', 'x'], 'error: --types rust: no such language\nhint: languages: ts\n'],
    [['--btf', '/x', 'x'], 'error: --btf: nothing is to be checked\nhint: add --check\n'],
    [
      ['--types', 'ts', '-j', 'x'],
      "error: --types: can't be written together with --json\nhint: call ecli inspect twice\n",
    ],
    [[], 'error: ecli inspect: REF must follow\nhint: see ecli inspect --help\n'],
  ])('%j is called wrongly', async (args, stderr) => {
    expect(await run(['inspect', ...args])).toMatchObject({ code: 2, stdout: '', stderr });
  });
});

/** What tsc says against a file in the folder; nothing when it is content. */
function typeErrors(file: string): string {
  const flags = ['--noEmit', '--strict', '--target', 'es2022', '--ignoreConfig', file];
  return spawnSync(process.execPath, [TSC, ...flags], { cwd: folder, encoding: 'utf8' }).stdout;
}
