import { afterEach, describe, expect, test } from '@jest/globals';
import { kernelDescriptors, kernelTest } from '@ecli/bpf/testing';
import { ArgumentError, type Backpressure, type LoadSpec, MediaType } from '@ecli/core';
import { describeRunner } from '@ecli/core/testing';
import type { MapMeta, PackageMeta, ProgramMeta } from '@ecli/packages';
import {
  artifactOf,
  EVENT_BYTES,
  kill,
  killsObject,
  type KillsOptions,
  killsSpec,
  packageOf,
} from './kills-package.ts';
import { detachAll, detachLater, failureOf, Recording, runner } from './recording.ts';

afterEach(detachAll);

function counting(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

function kills(options: KillsOptions = {}, changes: Partial<LoadSpec> = {}): LoadSpec {
  return killsSpec(packageOf(killsObject(options)), changes);
}

/** A spec whose package says something else of its object. */
function changed(change: (meta: PackageMeta) => PackageMeta, options: KillsOptions = {}): LoadSpec {
  return killsSpec(packageOf(killsObject(options), change));
}

function withMap(change: (map: MapMeta) => MapMeta): (meta: PackageMeta) => PackageMeta {
  return (meta) => ({
    ...meta,
    bpf_skel: {
      ...meta.bpf_skel,
      maps: meta.bpf_skel.maps.map((map) => (map.name === 'events' ? change(map) : map)),
    },
  });
}

function withProgram(change: (program: ProgramMeta) => ProgramMeta): (meta: PackageMeta) => PackageMeta {
  return (meta) => ({ ...meta, bpf_skel: { ...meta.bpf_skel, progs: meta.bpf_skel.progs.map(change) } });
}

describeRunner(
  'NativeRunner',
  async () => {
    const spec = kills({ ringBytes: 1 << 16 });
    return {
      runner,
      spec,
      brokenSpec: { ...spec, artifact: artifactOf(Buffer.from('{"meta":{}}'), MediaType.package) },
      foreignSpec: { ...spec, artifact: artifactOf(Buffer.from('\0asm'), MediaType.wasm) },
      cause: async (count) => kill(count),
      held: async () => Object.entries(kernelDescriptors()).map(([kind, count]) => `${count} ${kind}`),
    };
  },
  kernelTest,
);

describe('output', () => {
  kernelTest('is a header and a row an event, as text', async () => {
    const recording = await Recording.attached(
      kills({}, { format: 'text', args: ['--flag', '--label', 'hi'] }),
    );
    kill(2);
    await recording.program.detach();
    const [header, first, second, ...rest] = recording.lines();
    expect(header).toBe('TIME     NUMBER TARGET WIDE   SMALL  FLAG   RATIO  MODE   LABEL  LIST   ');
    const row = (number: number): RegExp =>
      new RegExp(
        `^\\d\\d:\\d\\d:\\d\\d  ${number} +${process.pid} +-1 +7 +true +0\\.5 +MODE_PLAIN\\(0\\) hi \\[1,2,3\\]$`,
      );
    expect(first).toMatch(row(0));
    expect(second).toMatch(row(1));
    expect(rest).toEqual([]);
  });

  kernelTest('is one object an event, as JSON, with the values that the arguments set', async () => {
    const args = [
      '--wide=-9223372036854775808',
      '--small',
      '0xff',
      '--flag',
      '--ratio',
      '-1.5',
      '--mode',
      'MODE_FANCY',
    ];
    const recording = await Recording.attached(
      kills({}, { args: [...args, '--label', 'fifteen bytes !', '--list', '-5,7'] }),
    );
    kill(1);
    await recording.program.detach();
    const [line] = recording.lines();
    expect(line).toContain('-9223372036854775808');
    expect(recording.events()).toEqual([
      expect.objectContaining({
        number: 0,
        target: process.pid,
        small: 255,
        flag: true,
        ratio: -1.5,
        mode: 'MODE_FANCY(5)',
        label: 'fifteen bytes !',
        list: [-5, 7, 0],
      }),
    ]);
  });

  kernelTest('has the values that the package states where no argument says otherwise', async () => {
    const spec = changed((meta) => ({
      ...meta,
      bpf_skel: {
        ...meta.bpf_skel,
        data_sections: meta.bpf_skel.data_sections.map((section) => ({
          ...section,
          variables: section.variables.map((variable) => {
            if (variable.name === 'wide') return { ...variable, value: 5 };
            if (variable.name === 'small') return { ...variable, value: 5, cmdarg: { default: 6 } };
            return variable.name === 'flag' ? { ...variable, cmdarg: { default: true } } : variable;
          }),
        })),
      },
    }));
    const recording = await Recording.attached({ ...spec, args: [...spec.args, '--disable-flag'] });
    kill(1);
    await recording.program.detach();
    expect(recording.events()).toEqual([
      expect.objectContaining({ wide: 5, small: 6, flag: false, ratio: 0.5 }),
    ]);
  });

  kernelTest('comes from perf buffers too', async () => {
    const recording = await Recording.attached(kills({ buffer: 'perf' }, { args: ['--label', 'perf'] }));
    kill(50);
    await recording.until(() => recording.lines().length === 50);
    kill(50);
    await recording.program.detach();
    // The process may have moved between processors, and each has its own buffer.
    expect(recording.numbers().sort((a, b) => Number(a) - Number(b))).toEqual(counting(100));
    expect(recording.events()[0]).toMatchObject({ label: 'perf', list: [1, 2, 3] });
  });

  kernelTest('tells how many events a perf buffer lost', async () => {
    const recording = await Recording.attached(kills({ buffer: 'perf' }, { args: ['--per_kill', '1000'] }));
    kill(20);
    await recording.until(() => recording.lines().length > 0);
    // The kernel tells of a loss with the next sample that it has room for, on the same processor.
    await recording.until(() => {
      kill(1);
      return recording.lines('stderr').length > 0;
    });
    await recording.program.detach();
    expect(recording.lines('stderr')[0]).toMatch(/^\d+ events lost: the kernel's buffer was full$/);
  });

  kernelTest('of a bare object is of the type that is named', async () => {
    const spec = killsSpec(new Uint8Array(), { exportType: 'event' });
    const recording = await Recording.attached({
      ...spec,
      artifact: artifactOf(killsObject(), MediaType.object),
    });
    kill(3);
    await recording.program.detach();
    expect(recording.numbers()).toEqual(counting(3));
  });
});

describe('detach', () => {
  kernelTest('shows every event that was sent before it, and none is missing', async () => {
    const recording = await Recording.attached(kills({}, { args: ['--per_kill', '100'] }));
    kill(100);
    expect(recording.lines()).toEqual([]);
    await recording.program.detach();
    expect(recording.misplaced()).toEqual({ length: 10_000, first: -1 });
  });

  kernelTest('leaves nothing in the kernel, on every path', async () => {
    const before = kernelDescriptors();
    const spec = kills();
    const attached = await Recording.attached(spec);
    expect(kernelDescriptors()).not.toEqual(before);
    await attached.program.detach();
    const loaded = await Recording.load(spec);
    await loaded.program.detach();
    const racing = await Recording.load(spec);
    await Promise.all([racing.program.attach(), racing.program.detach()]);
    expect(kernelDescriptors()).toEqual(before);
    expect((await failureOf(loaded.program.attach())).code).toBe('ATTACH_FAILED');
  });
});

describe('a slow reader', () => {
  /** Takes one chunk and then asks for a pause of some milliseconds. */
  class SlowReader implements Backpressure {
    private pause: Promise<void> | undefined;

    took(): void {
      this.pause = new Promise((resolve) => {
        setTimeout(() => {
          this.pause = undefined;
          resolve();
        }, 5);
      });
    }

    wait(): Promise<void> | undefined {
      return this.pause;
    }
  }

  kernelTest('loses none of 200,000 events while the ring has room, and memory stays bounded', async () => {
    const backpressure = new SlowReader();
    const spec = kills({ ringBytes: 16 << 20 }, { args: ['--per_kill', '1000'], backpressure });
    const program = await runner.load(spec);
    detachLater(program);
    let inOrder = 0;
    let lines = 0;
    let largest = 0;
    program.logs.subscribe((chunk) => {
      backpressure.took();
      largest = Math.max(largest, chunk.bytes.byteLength);
      lines += chunk.lines;
      for (const [, number] of Buffer.from(chunk.bytes)
        .toString()
        .matchAll(/"number":(\d+)/g)) {
        if (Number(number) === inOrder) inOrder++;
      }
    });
    await program.attach();
    for (let round = 0; round < 20; round++) {
      kill(10);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await program.detach();
    expect([lines, inOrder]).toEqual([200_000, 200_000]);
    expect(largest).toBeLessThan(512 * 1024);
  });

  kernelTest('makes the kernel drop what a small ring has no room for, and nothing else', async () => {
    const ringBytes = 1 << 16;
    const recording = await Recording.attached(kills({ ringBytes }, { args: ['--per_kill', '1000'] }));
    await recording.program.pause();
    kill(10);
    const room = Math.floor((ringBytes - 1) / (EVENT_BYTES + 8));
    await recording.program.resume();
    await recording.until(() => recording.lines().length === room);
    kill(1);
    await recording.program.detach();
    // The program numbers what it could send.
    expect(recording.misplaced()).toEqual({ length: room + 1000, first: -1 });
  });
});

describe('attach', () => {
  kernelTest('takes all programs or none', async () => {
    const more = `
      SEC("tp/syscalls/sys_enter_getpid") int second(void *ctx) { return 0; }
      SEC("tp/syscalls/no_such_tracepoint") int third(void *ctx) { return 0; }`;
    const before = kernelDescriptors();
    const recording = await Recording.load(kills({ more }));
    const error = await failureOf(recording.program.attach());
    expect(error.message).toContain('third');
    expect(kernelDescriptors()).toEqual(before);
    await recording.completion;
    expect(await recording.program.detach()).toMatchObject({ code: 1 });
    expect(recording.chunks).toEqual([]);
  });

  kernelTest('tells with --verbose what was said until a failure', async () => {
    const more = 'SEC("tp/syscalls/no_such_tracepoint") int second(void *ctx) { return 0; }';
    const recording = await Recording.load(kills({ more }, { args: ['--verbose'] }));
    await failureOf(recording.program.attach());
    expect(recording.text('stderr')).toContain("loading object 'kills_bpf'");
    expect(recording.text('stderr')).toContain('attached on_kill');
  });

  kernelTest('debug_verbose says what --verbose does', async () => {
    const recording = await Recording.attached(changed((meta) => ({ ...meta, debug_verbose: true })));
    expect(recording.text('stderr')).toContain("loading object 'kills_bpf'");
    await recording.program.detach();
  });

  kernelTest('perf_buffer_pages are a power of two', async () => {
    const of = (perf_buffer_pages: number): LoadSpec =>
      changed((meta) => ({ ...meta, perf_buffer_pages }), { buffer: 'perf' });
    expect((await failureOf(runner.load(of(3)))).message).toContain('3');
    const recording = await Recording.attached(of(1));
    kill(2);
    await recording.program.detach();
    expect(recording.numbers()).toEqual(counting(2));
  });

  kernelTest('leaves programs alone that libbpf loads only on demand', async () => {
    const more = 'SEC("?tp/syscalls/no_such_tracepoint") int second(void *ctx) { return 0; }';
    const recording = await Recording.attached(kills({ more }));
    kill(3);
    await recording.program.detach();
    expect(recording.numbers()).toEqual(counting(3));
  });

  kernelTest('shows nothing of a package of several exports that names none', async () => {
    const recording = await Recording.attached(
      changed((meta) => ({ ...meta, enable_multiple_export_types: true })),
    );
    kill(3);
    expect(await recording.program.detach()).toEqual({ code: 0 });
    expect(recording.chunks).toEqual([]);
  });

  kernelTest('leaves programs alone that are only to be loaded', async () => {
    const recording = await Recording.attached(
      changed(withProgram((program) => ({ ...program, link: false }))),
    );
    kill(5);
    await recording.program.detach();
    expect(recording.chunks).toEqual([]);
  });

  kernelTest('runs a program that shows nothing until it is detached', async () => {
    const more = `
      struct { __uint(type, BPF_MAP_TYPE_HASH); __type(key, int); __type(value, int); __uint(max_entries, 8); }
        counts SEC(".maps");`;
    const spec = changed(
      (meta) => ({
        ...meta,
        bpf_skel: { ...meta.bpf_skel, maps: meta.bpf_skel.maps.filter(({ name }) => name === 'counts') },
      }),
      { more },
    );
    const recording = await Recording.attached({ ...spec, format: 'text' });
    kill(5);
    expect(await recording.program.detach()).toEqual({ code: 0 });
    expect(recording.chunks).toEqual([]);
  });
});

describe('arguments', () => {
  kernelTest('--help is the usage on stdout, an exit of 0, and nothing in the kernel', async () => {
    const before = kernelDescriptors();
    const recording = await Recording.load(kills({}, { args: ['--help'] }));
    expect(kernelDescriptors()).toEqual(before);
    await recording.program.attach();
    await recording.completion;
    expect(await recording.program.detach()).toEqual({ code: 0 });
    expect(recording.lines('stdout')).toEqual(
      expect.arrayContaining([
        'Usage: ecli run kills [options]',
        '      --only_pid VALUE  (pid_t; default: 0)',
        '      --flag            set flag to true (default: false)',
        '      --mode VALUE      (enum mode; one of MODE_PLAIN, MODE_FANCY; default: MODE_PLAIN)',
        '      --label VALUE     (char[16]; default: unset)',
        '      --list VALUE      (short[3]; default: 1,2,3)',
      ]),
    );
    expect(recording.text('stdout')).not.toContain('__eunomia_dummy');
  });

  kernelTest('--verbose shows what libbpf says, before the events', async () => {
    const recording = await Recording.load(kills({}, { args: ['--verbose'] }));
    expect(recording.chunks).toEqual([]);
    await recording.program.attach();
    await recording.program.detach();
    expect(recording.text('stderr')).toContain('attached on_kill to tp/syscalls/sys_enter_kill');
    expect(recording.lines('stderr').length).toBeGreaterThan(10);
  });

  kernelTest('that are wrong are refused before anything is loaded', async () => {
    const before = kernelDescriptors();
    for (const args of [
      ['--only_pid', '99999999999'],
      ['--label', 'sixteen bytes !!'],
      ['--mode', 'x'],
      ['y'],
    ]) {
      expect(await failureOf(runner.load(kills({}, { args })))).toBeInstanceOf(ArgumentError);
    }
    expect(kernelDescriptors()).toEqual(before);
  });
});

describe('a package that does not agree with its object is refused, and nothing stays in the kernel', () => {
  const skeleton = (change: Partial<PackageMeta['bpf_skel']>) => (meta: PackageMeta) => ({
    ...meta,
    bpf_skel: { ...meta.bpf_skel, ...change },
  });
  const exporting = (change: Partial<PackageMeta['export_types'][number]>) => (meta: PackageMeta) => ({
    ...meta,
    export_types: meta.export_types.map((type) => ({ ...type, ...change })),
  });
  const cases: readonly [string, (meta: PackageMeta) => PackageMeta, string][] = [
    [
      'a program it does not have',
      skeleton({ progs: [{ name: 'evil\x1b[31m', attach: 'tp/x/y', link: true }] }),
      'program evil\\x1b[31m: the package names it',
    ],
    [
      'a map it does not have',
      withMap((map) => ({ ...map, name: 'evnts' })),
      'map evnts: the package names it',
    ],
    [
      'a variable it does not have',
      skeleton({ data_sections: [{ name: '.rodata', variables: [{ name: 'only_pud', type: 'int' }] }] }),
      'variable only_pud: the package has it in .rodata',
    ],
    ['a type of another size', exporting({ size: 48 }), 'export type event: the package says 48 bytes'],
    ['a type that is not there', exporting({ type_id: 100_000 }), 'export type event: type_id 100000'],
    [
      'a type of other members',
      exporting({ members: [{ name: 'x', type: 'int' }] }),
      'export type event: member 1',
    ],
    [
      'no type at all',
      (meta) => ({ ...meta, export_types: [] }),
      'kills: nothing says of which type the events',
    ],
  ];
  for (const [name, change, message] of cases) {
    kernelTest(name, async () => {
      const before = kernelDescriptors();
      const error = await failureOf(runner.load({ ...changed(change), args: [] }));
      expect(error.code).toBe('PACKAGE_INVALID');
      expect(error.message).toContain(message);
      expect(kernelDescriptors()).toEqual(before);
    });
  }
});

describe('load', () => {
  kernelTest('leaves nothing behind when the verifier refuses a program', async () => {
    const more = `
      SEC("tp/syscalls/sys_enter_getpid") int wild(struct trace_event_raw_sys_enter *ctx)
      {
        return *(int *)ctx->args[0];
      }`;
    const before = kernelDescriptors();
    expect((await failureOf(runner.load(kills({ more })))).code).toBe('VERIFIER_REJECTED');
    expect(kernelDescriptors()).toEqual(before);
  });

  kernelTest('tells with --verbose what libbpf said of a program that the verifier refuses', async () => {
    const more = 'SEC("tp/syscalls/sys_enter_getpid") int second(void *ctx) { for (;;); }';
    const error = await failureOf(runner.load(kills({ more }, { args: ['--verbose'] })));
    expect(error.code).toBe('VERIFIER_REJECTED');
    expect(error.hint).toContain("prog 'second': -- BEGIN PROG LOAD LOG --");
  });

  kernelTest('fails for a BTF file that is not there', async () => {
    const more = `
      SEC("tp/syscalls/sys_enter_getpid") int relocated(void *ctx)
      {
        struct task_struct *task = (void *)bpf_get_current_task();
        int pid = 0;
        bpf_probe_read_kernel(&pid, sizeof(pid), __builtin_preserve_access_index(&task->pid));
        return pid;
      }`;
    const before = kernelDescriptors();
    await failureOf(runner.load({ ...kills({ more }), btfPath: '/nonexistent/kernel.btf' }));
    const fine = await runner.load({ ...kills({ more }), btfPath: '/sys/kernel/btf/vmlinux' });
    await fine.detach();
    expect(kernelDescriptors()).toEqual(before);
  });
});

test('supports leaves other machines and Wasm to other runners', () => {
  const spec = killsSpec(new Uint8Array());
  expect(runner.supports(spec)).toBe(true);
  expect(runner.supports({ ...spec, endpoint: new URL('http://localhost:8527') })).toBe(false);
  expect(runner.supports({ ...spec, artifact: artifactOf(new Uint8Array(), MediaType.wasm) })).toBe(false);
});
