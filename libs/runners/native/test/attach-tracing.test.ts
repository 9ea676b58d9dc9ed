import { afterEach, beforeEach, describe, expect } from '@jest/globals';
import { type FeatureName, probeFeature } from '@ecli/bpf';
import { kernelDescriptors, kernelTest } from '@ecli/bpf/testing';
import { ArgumentError, type AttachTarget, type EcliError, type LoadSpec } from '@ecli/core';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';
import { kill } from './kills-package.ts';
import { kernelObjects, type ProbesOptions, probesSpec, settledObjects } from './probes-package.ts';
import { detachAll, failureOf, Recording, runner } from './recording.ts';
import { runTarget, targetBinary, TargetProcess } from './target-process.ts';

let before: unknown;
beforeEach(() => {
  before = kernelDescriptors();
});
afterEach(async () => {
  await detachAll();
  expect(kernelDescriptors()).toEqual(before);
  await settledObjects([]);
});

/** What programs told, by the sections and targets given, of what `cause` causes. */
async function numbersOf(
  programs: string,
  cause: () => void | Promise<void>,
  attach?: readonly AttachTarget[],
): Promise<unknown[]> {
  const recording = await Recording.attached(probesSpec(programs, attach ? { attach } : {}));
  await cause();
  await recording.program.detach();
  return recording.numbers();
}

/** The error in which loading or attaching ends. */
async function errorOf(
  programs: string,
  changes: Partial<LoadSpec> = {},
  options: ProbesOptions = {},
): Promise<EcliError> {
  return failureOf(Recording.attached(probesSpec(programs, changes, options)));
}

function to(program: string, target: string): { attach: AttachTarget[] } {
  return { attach: [{ program, target }] };
}

const SYS_ENTER = 'struct trace_event_raw_sys_enter *ctx';
const TELL_KILL = `(${SYS_ENTER}) { return ours() ? tell(ctx->args[1]) : 0; }`;
const RETURN_0 = '(void *ctx) { return 0; }';

describe('a tracepoint', () => {
  kernelTest('fires where its section says', async () => {
    const program = `SEC("tracepoint/syscalls/sys_enter_kill") int at_tp${TELL_KILL}`;
    expect(await numbersOf(program, () => kill(2))).toEqual([0, 0]);
  });

  for (const target of ['syscalls/sys_enter_kill', 'syscalls:sys_enter_kill']) {
    kernelTest(`fires where --attach says: ${target}`, async () => {
      const program = `SEC("tp") int at_tp${TELL_KILL}`;
      expect(await numbersOf(program, () => kill(1), to('at_tp', target).attach)).toEqual([0]);
    });
  }

  kernelTest('is offered near names', async () => {
    const error = await errorOf(`SEC("tp") int at_tp${RETURN_0}`, to('at_tp', 'syscalls:sys_enter_kil'));
    expect(error.message).toBe(
      'program at_tp (tp/syscalls/sys_enter_kil): this kernel has no tracepoint syscalls/sys_enter_kil',
    );
    expect(error.hint).toContain('syscalls/sys_enter_kill');
  });
});

describe('a raw tracepoint', () => {
  const body = `(struct bpf_raw_tracepoint_args *ctx)
    { return ours() && ctx->args[1] == 62 ? tell(ctx->args[1]) : 0; }`;

  for (const section of ['raw_tp/sys_enter', 'raw_tracepoint/sys_enter', 'raw_tp.w/sys_enter']) {
    kernelTest(`fires where its section says: ${section}`, async () => {
      expect(await numbersOf(`SEC("${section}") int at_raw${body}`, () => kill(1))).toEqual([62]);
    });
  }

  kernelTest('fires where --attach says, and is offered near names', async () => {
    const program = `SEC("raw_tp") int at_raw${body}`;
    expect(await numbersOf(program, () => kill(1), to('at_raw', 'sys_enter').attach)).toEqual([62]);
    expect((await errorOf(program, to('at_raw', 'sched_swich'))).hint).toBe('did you mean sched_switch?');
  });
});

describe('a tracepoint by its types', () => {
  const body = `(u64 *ctx) { return ours() && ctx[1] == 62 ? tell(7) : 0; }`;

  kernelTest('fires where its section says', async () => {
    expect(await numbersOf(`SEC("tp_btf/sys_enter") int at_btf${body}`, () => kill(1))).toEqual([7]);
  });

  kernelTest('fires where --attach says, and is offered near names', async () => {
    const program = `SEC("tp_btf/sys_exit") int at_btf${body}`;
    expect(await numbersOf(program, () => kill(1), to('at_btf', 'sys_enter').attach)).toEqual([7]);
    const error = await errorOf(program, to('at_btf', 'sys_entre'));
    expect(error.message).toBe(
      'program at_btf (tp_btf/sys_entre): this kernel has no sys_entre to attach to',
    );
    expect(error.hint).toContain('sys_enter');
  });
});

describe('a kind that a kernel may lack', () => {
  const cases: readonly [section: string, feature: FeatureName, config: string][] = [
    ['kprobe/do_unlinkat', 'kprobe', 'CONFIG_KPROBE_EVENTS'],
    ['kprobe/do_unlinkat+0x4', 'kprobe', 'CONFIG_KPROBE_EVENTS'],
    ['kretprobe/do_unlinkat', 'kprobe', 'CONFIG_KPROBE_EVENTS'],
    ['ksyscall/kill', 'kprobe', 'CONFIG_KPROBE_EVENTS'],
    ['kretsyscall/kill', 'kprobe', 'CONFIG_KPROBE_EVENTS'],
    ['kprobe.multi/do_unlink*', 'kprobe_multi', 'CONFIG_FPROBE'],
    ['kretprobe.multi/do_unlink*', 'kprobe_multi', 'CONFIG_FPROBE'],
    ['kprobe.session/do_unlink*', 'kprobe_session', 'CONFIG_FPROBE'],
    ['fentry/do_unlinkat', 'fentry', 'CONFIG_FUNCTION_TRACER'],
    ['fexit/do_unlinkat', 'fentry', 'CONFIG_FUNCTION_TRACER'],
    ['fmod_ret/security_file_open', 'fentry', 'CONFIG_FUNCTION_TRACER'],
    ['fentry.s/do_unlinkat', 'fentry', 'CONFIG_FUNCTION_TRACER'],
    ['lsm/file_open', 'lsm', 'CONFIG_BPF_LSM'],
    ['lsm.s/file_open', 'lsm', 'CONFIG_BPF_LSM'],
  ];
  for (const [section, feature, config] of cases) {
    kernelTest(`is attached, or refused with what brings it: ${section}`, async () => {
      const spec = probesSpec(`SEC("${section}") int at_kind${RETURN_0}`);
      if (probeFeature(feature) !== 'no') {
        await Recording.attached(spec);
        return;
      }
      const error = await failureOf(Recording.attached(spec));
      expect(error.code).toBe('FEATURE_UNSUPPORTED');
      expect(error.message).toContain(`program at_kind (${section}): this kernel has no `);
      expect(error.hint).toContain(config);
    });
  }

  kernelTest('is refused by the same words where --attach names the place', async () => {
    if (probeFeature('kprobe') !== 'no') return;
    const error = await errorOf(`SEC("kprobe") int at_kind${RETURN_0}`, to('at_kind', 'do_unlinkat'));
    expect(error.message).toBe('program at_kind (kprobe/do_unlinkat): this kernel has no kprobes');
  });
});

describe('a uprobe', () => {
  const binary = targetBinary();
  const ARGUMENT = '(struct pt_regs *ctx) { return tell(PT_REGS_PARM1(ctx)); }';
  const RESULT = '(struct pt_regs *ctx) { return tell(PT_REGS_RC(ctx)); }';

  kernelTest('fires at a function that its section names', async () => {
    const program = `SEC("uprobe/${binary}:ecli_add") int at_uprobe${ARGUMENT}`;
    expect(await numbersOf(program, () => runTarget(3))).toEqual([0, 2, 4]);
  });

  kernelTest('fires at its return', async () => {
    const program = `SEC("uretprobe/${binary}:ecli_add") int at_uretprobe${RESULT}`;
    expect(await numbersOf(program, () => runTarget(3))).toEqual([2, 4, 6]);
  });

  kernelTest('may sleep', async () => {
    const program = `SEC("uprobe.s/${binary}:ecli_add") int at_uprobe${ARGUMENT}`;
    expect(await numbersOf(program, () => runTarget(1))).toEqual([0]);
  });

  kernelTest('fires at an offset behind a function, and at one in the file', async () => {
    const program = `SEC("uprobe") int at_uprobe${ARGUMENT}`;
    const at = (place: string): AttachTarget[] => to('at_uprobe', `${binary}:${place}`).attach;
    expect(await numbersOf(program, () => runTarget(2), at('ecli_add+0x0'))).toEqual([0, 2]);
    const offset = offsetOf('ecli_add');
    expect(await numbersOf(program, () => runTarget(2), at(`0x${offset.toString(16)}`))).toEqual([0, 2]);
  });

  kernelTest('finds a program in PATH and a library where the loader looks', async () => {
    const path = process.env['PATH'];
    process.env['PATH'] = `${path}:${dirname(binary)}`;
    try {
      const program = `SEC("uprobe") int at_uprobe${ARGUMENT}`;
      const attach = to('at_uprobe', `${basename(binary)}:ecli_add`).attach;
      expect(await numbersOf(program, () => runTarget(1), attach)).toEqual([0]);
    } finally {
      process.env['PATH'] = path;
    }
    const library = `SEC("uprobe/libc.so.6:kill") int at_library(void *ctx) { return ours() ? tell(1) : 0; }`;
    expect(await numbersOf(library, () => kill(1))).toEqual([1]);
  });

  kernelTest('takes a path from here', async () => {
    const program = `SEC("uprobe") int at_uprobe${ARGUMENT}`;
    const path = relative(process.cwd(), binary);
    expect(await numbersOf(program, () => runTarget(1), to('at_uprobe', `${path}:ecli_add`).attach)).toEqual([
      0,
    ]);
  });

  for (const target of [
    'PID',
    'PID:ecli_add',
    `PID:${binary}:ecli_add`,
    `PID:${basename(binary)}:ecli_add`,
  ]) {
    const shown = target.replace(dirname(binary), '…').replace(basename(binary), 'BINARY');
    kernelTest(`is restricted to one process by ${shown}`, async () => {
      const [first, second] = [await TargetProcess.start(), await TargetProcess.start()];
      try {
        const program = `SEC("uprobe/${binary}:ecli_add") int at_uprobe${ARGUMENT}`;
        const attach = to('at_uprobe', target.replace('PID', String(first.pid))).attach;
        const recording = await Recording.attached(probesSpec(program, { attach }));
        await second.turn();
        await first.turn();
        await first.turn();
        await recording.program.detach();
        expect(recording.events()).toEqual([
          { pid: first.pid, number: 0 },
          { pid: first.pid, number: 2 },
        ]);
      } finally {
        await first.end();
        await second.end();
      }
    });
  }

  kernelTest('takes paths as the process sees them', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ecli-attach-'));
    const path = join(folder, 'inside');
    writeFileSync(path, '');
    const target = await TargetProcess.startAt(path);
    try {
      const program = `SEC("uprobe") int at_uprobe${ARGUMENT}`;
      const attach = to('at_uprobe', `${target.pid}:${path}:ecli_add`).attach;
      expect(await numbersOf(program, () => target.turn(), attach)).toEqual([2]);
    } finally {
      await target.end();
      rmSync(folder, { recursive: true });
    }
  });

  kernelTest('is offered near names of functions, files, programs and processes', async () => {
    const hint = async (target: string): Promise<[string, string | undefined]> => {
      const error = await errorOf(`SEC("uprobe") int at_uprobe${RETURN_0}`, to('at_uprobe', target));
      return [error.message, error.hint];
    };
    expect(await hint(`${binary}:ecli_ad`)).toEqual([
      `program at_uprobe (uprobe/${binary}:ecli_ad): ${binary} has no function ecli_ad`,
      'did you mean ecli_add?',
    ]);
    expect(await hint(`${binary}x:ecli_add`)).toEqual([
      `binary ${binary}x: isn't there`,
      `did you mean ${binary}?`,
    ]);
    expect((await hint('bpftol:main'))[1]).toContain('bpftool');
    expect((await hint('libc.so.7:malloc'))[1]).toContain('libc.so.6');
    expect(await hint('4194999:main')).toEqual([
      "process 4194999: isn't running",
      'pgrep(1) finds the number of a process by its name',
    ]);
    expect((await hint(`/${'long/'.repeat(1000)}:main`))[0]).toMatch(
      /^binary .*: can't be looked at: ENAMETOOLONG$/,
    );
    expect(await hint('/etc:main')).toEqual(["binary /etc: isn't a file", undefined]);
    expect((await hint('/etc/hostname:main'))[0]).toContain("/etc/hostname can't be read: ELF");
  });

  kernelTest('needs a binary and a function, and at a return no offset', async () => {
    const bare = await errorOf(`SEC("uprobe") int at_uprobe${RETURN_0}`);
    expect(bare).toBeInstanceOf(ArgumentError);
    expect(bare.message).toBe(
      "program at_uprobe (section uprobe): its section doesn't say where to attach it",
    );
    expect(bare.hint).toBe('name the place: --attach at_uprobe=[PID:]BINARY:FUNCTION[+OFFSET]');
    expect(await errorOf(`SEC("uprobe/ecli_add") int at_uprobe${RETURN_0}`)).toBeInstanceOf(ArgumentError);
    const offset = await errorOf(
      `SEC("uretprobe") int at_uprobe${RETURN_0}`,
      to('at_uprobe', `${binary}:ecli_add+4`),
    );
    expect(offset.message).toContain('a function returns to no offset');
  });

  /** By nm(1), whose addresses are offsets in the first pages of the file. */
  function offsetOf(name: string): number {
    const symbols = execFileSync('nm', [binary], { encoding: 'utf8' });
    return Number.parseInt(new RegExp(`^([0-9a-f]+) T ${name}$`, 'm').exec(symbols)?.[1] ?? '', 16);
  }
});

describe('many uprobes at once', () => {
  const binary = targetBinary();
  const body = '(struct pt_regs *ctx) { return tell(PT_REGS_PARM1(ctx)); }';

  for (const section of ['uprobe.multi', 'uprobe.multi.s']) {
    kernelTest(`fire at every function that a pattern matches: ${section}`, async () => {
      if (probeFeature('uprobe_multi') === 'no') return;
      const program = `SEC("${section}/${binary}:ecli_*") int at_multi${body}`;
      expect(await numbersOf(program, () => runTarget(2))).toEqual([0, 2, 2, 4]);
    });
  }

  kernelTest('fire at returns, and both ways in a session', async () => {
    if (probeFeature('uprobe_session') === 'no') return;
    const result = '(struct pt_regs *ctx) { return tell(PT_REGS_RC(ctx)); }';
    const returns = `SEC("uretprobe.multi/${binary}:ecli_*") int at_multi${result}`;
    expect(await numbersOf(returns, () => runTarget(1))).toEqual([2, 4]);
    const session = `SEC("uprobe.session/${binary}:ecli_add") int at_session(void *ctx) { tell(9); return 0; }`;
    expect(await numbersOf(session, () => runTarget(1))).toEqual([9, 9]);
  });

  kernelTest('are refused where no function matches, or the kernel has none', async () => {
    const error = await errorOf(`SEC("uprobe.multi/${binary}:nothing_*") int at_multi${RETURN_0}`);
    expect(error.message).toContain(`${binary} has no function like nothing_*`);
  });
});

describe('a static tracepoint (USDT)', () => {
  const binary = targetBinary();
  const INCLUDE = '#include <bpf/usdt.bpf.h>\n';
  const body = '(struct pt_regs *ctx) { long sum = 0; bpf_usdt_arg(ctx, 0, &sum); return tell(sum); }';

  kernelTest('fires where its section says, with its arguments', async () => {
    const program = `${INCLUDE}SEC("usdt/${binary}:ecli:turn") int at_usdt${body}`;
    expect(await numbersOf(program, () => runTarget(3))).toEqual([2, 4, 6]);
  });

  kernelTest('fires in one process where --attach says', async () => {
    const [first, second] = [await TargetProcess.start(), await TargetProcess.start()];
    try {
      const program = `${INCLUDE}SEC("usdt") int at_usdt${body}`;
      const attach = to('at_usdt', `${first.pid}:${binary}:ecli:turn`).attach;
      const cause = async (): Promise<void> => {
        await second.turn();
        await first.turn();
      };
      expect(await numbersOf(program, cause, attach)).toEqual([2]);
    } finally {
      await first.end();
      await second.end();
    }
  });

  kernelTest('is offered near names', async () => {
    const error = await errorOf(`${INCLUDE}SEC("usdt/${binary}:ecli:tur") int at_usdt${body}`);
    expect(error.message).toContain(`${binary} has no static tracepoint ecli:tur`);
    expect(error.hint).toBe('did you mean ecli:turn?');
    expect((await errorOf(`${INCLUDE}SEC("usdt//bin/sh:a:b") int at_usdt${body}`)).message).toContain(
      '/bin/sh has no static tracepoint a:b, nor any other',
    );
  });
});

describe('a perf event', () => {
  const program = 'SEC("perf_event") int at_perf(void *ctx) { return tell(1); }';

  kernelTest('samples all CPUs by default, by the clock where cycles are not counted', async () => {
    const recording = await Recording.attached(probesSpec(program, { frequency: 999, args: ['--verbose'] }));
    await recording.until(() => recording.lines().length >= 5);
    await recording.program.detach();
    expect(recording.text('stderr')).toMatch(
      /attached at_perf to (?:cycles|cpu-clock), 999 times a second, on each CPU/,
    );
  });

  kernelTest('samples an event that --attach names, each so many-th', async () => {
    const target = await TargetProcess.start();
    try {
      const attach = to('at_perf', `${target.pid}:context-switches:1`).attach;
      const recording = await Recording.attached(probesSpec(program, { attach }));
      await target.turn();
      await target.turn();
      await recording.until(() => recording.lines().length >= 2);
      await recording.program.detach();
      expect(new Set(recording.events().map(({ pid }) => pid))).toEqual(new Set([target.pid]));
    } finally {
      await target.end();
    }
  });

  kernelTest('is refused with near names, limits and what there is instead', async () => {
    const error = await errorOf(program, to('at_perf', 'cpu-clok'));
    expect(error).toBeInstanceOf(ArgumentError);
    expect(error.hint).toContain('cpu-clock');
    expect((await errorOf(program, { frequency: 0 })).message).toContain('--frequency 0');
    expect((await errorOf(program, { frequency: 10_000_000 })).hint).toContain('perf_event_max_sample_rate');
    expect(await errorOf(program, to('at_perf', 'cycles:0'))).toBeInstanceOf(ArgumentError);
    expect((await errorOf(program, to('at_perf', '4194999:cpu-clock'))).message).toBe(
      "process 4194999: isn't running",
    );
  });
});

describe('struct_ops', () => {
  const congestion = `
    SEC("struct_ops/at_ssthresh") __u32 BPF_PROG(at_ssthresh, struct sock *sk) { return 2; }
    SEC("struct_ops/at_undo") __u32 BPF_PROG(at_undo, struct sock *sk) { return 2; }
    SEC("struct_ops/at_avoid") int BPF_PROG(at_avoid, struct sock *sk, __u32 ack, __u32 acked) { return 0; }
    SEC(".struct_ops") struct tcp_congestion_ops at_congestion = {
      .ssthresh = (void *)at_ssthresh, .undo_cwnd = (void *)at_undo, .cong_avoid = (void *)at_avoid,
      .name = "at_ecli",
    };`;
  const registered = (): string => execFileSync('bpftool', ['struct_ops', 'show'], { encoding: 'utf8' });

  kernelTest('is registered as a whole and undone', async () => {
    if (probeFeature('struct_ops') === 'no') return;
    const recording = await Recording.attached(probesSpec(congestion));
    expect(available()).toContain('at_ecli');
    await recording.program.detach();
    expect(available()).not.toContain('at_ecli');
    expect(registered()).not.toContain('at_congestion');
  });

  kernelTest('that is there already is refused', async () => {
    if (probeFeature('struct_ops') === 'no') return;
    await Recording.attached(probesSpec(congestion));
    const error = await errorOf(congestion);
    expect(error.code).toBe('ATTACH_FAILED');
    expect(error.message).toBe(
      'struct_ops map at_congestion: the kernel has something of its name registered already',
    );
  });

  function available(): string {
    return execFileSync('sysctl', ['-n', 'net.ipv4.tcp_available_congestion_control'], { encoding: 'utf8' });
  }
});

describe('a program that replaces a function', () => {
  const original = `
    __attribute__((noinline)) int at_choice(struct xdp_md *ctx) { volatile int choice = 2; return choice; }
    SEC("xdp") int at_original(struct xdp_md *ctx) { return at_choice(ctx); }`;
  const replacement = 'SEC("freplace/at_choice") int at_replacement(struct xdp_md *ctx) { return 1; }';
  const only = { change: (program: object) => ({ ...program, link: false }) } as ProbesOptions;

  kernelTest('is attached to a program by its id, or refused with the reason', async () => {
    await Recording.load(probesSpec(original, {}, only));
    const programs = JSON.parse(
      execFileSync('bpftool', ['--json', 'prog', 'show'], { encoding: 'utf8' }),
    ) as {
      id: number;
      name?: string;
    }[];
    const id = String(programs.find(({ name }) => name === 'at_original')?.id);
    const spec = probesSpec(replacement, to('at_replacement', id));
    if (probeFeature('freplace') === 'no') {
      const refusal = await failureOf(Recording.attached(spec));
      expect(refusal.code).toBe('FEATURE_UNSUPPORTED');
      expect(refusal.hint).toContain('it takes Linux 5.6 or newer');
    } else {
      const recording = await Recording.attached(spec);
      expect(kernelObjects()).toContain('link of at_replacement');
      await recording.program.detach();
    }
    const error = await errorOf(replacement, to('at_replacement', `${id}:at_choise`));
    expect(error.message).toContain(`BPF program ${id} has no function at_choise`);
  });

  kernelTest('needs a program', async () => {
    expect((await errorOf(replacement)).hint).toBe(
      'name the place: --attach at_replacement=PROGRAM_ID:FUNCTION',
    );
    expect((await errorOf(replacement, to('at_replacement', '99999999'))).message).toContain(
      'there is no BPF program 99999999',
    );
  });
});

describe('attaching', () => {
  const KILL = 'tp/syscalls/sys_enter_kill';

  kernelTest('undoes nine programs when the tenth fails', async () => {
    const nine = Array.from({ length: 9 }, (_, index) => `SEC("${KILL}") int at_good${index}${RETURN_0}`);
    const tenth = `SEC("uprobe/${targetBinary()}:no_such_function") int at_bad${RETURN_0}`;
    const recording = await Recording.load(probesSpec([...nine, tenth].join('\n')));
    const error = await failureOf(recording.program.attach());
    expect(error.message).toContain('program at_bad');
    expect(kernelDescriptors()).toEqual(before);
    await settledObjects([]);
  });

  kernelTest('refuses two places for one program, before anything is loaded', async () => {
    const attach = ['a/b', 'c/d'].map((target) => ({ program: 'at_tp', target }));
    const error = await failureOf(runner.load(probesSpec(`SEC("${KILL}") int at_tp${RETURN_0}`, { attach })));
    expect(error).toBeInstanceOf(ArgumentError);
    expect(error.message).toBe('--attach at_tp: it is given two places');
  });

  kernelTest('refuses a frequency where nothing is sampled', async () => {
    const error = await failureOf(
      runner.load(probesSpec(`SEC("${KILL}") int at_tp${RETURN_0}`, { frequency: 9 })),
    );
    expect(error).toBeInstanceOf(ArgumentError);
    expect(error.message).toBe('--frequency: the package has no program that samples an event');
  });

  kernelTest('refuses a network namespace where nothing is attached in one', async () => {
    const program = `SEC("${KILL}") int at_tp${RETURN_0}`;
    const error = await failureOf(runner.load(probesSpec(program, { netns: '/proc/self/ns/net' })));
    expect(error).toBeInstanceOf(ArgumentError);
    expect(error.message).toBe('--netns: the package has no program that is attached in a network namespace');
    expect(error.hint).toContain('those of xdp, tc,');
  });

  kernelTest('leaves a program alone that is only to be loaded, unless --attach names it', async () => {
    const program = `SEC("${KILL}") int at_tp${TELL_KILL}`;
    const loadOnly = { change: (meta: object) => ({ ...meta, link: false }) } as ProbesOptions;
    const silent = await Recording.attached(probesSpec(program, {}, loadOnly));
    expect(kernelObjects()).toContain('prog at_tp');
    expect(kernelObjects()).not.toContain('link of at_tp');
    await silent.program.detach();
    await settledObjects([]);
    const asked = await Recording.attached(
      probesSpec(program, to('at_tp', 'syscalls:sys_enter_kill'), loadOnly),
    );
    kill(1);
    await asked.program.detach();
    expect(asked.numbers()).toEqual([0]);
  });

  kernelTest('loads a program of a section with ? only where --attach names it', async () => {
    const program = `SEC("?${KILL}") int at_tp${TELL_KILL}`;
    const silent = await Recording.attached(probesSpec(program));
    expect(kernelObjects()).not.toContain('prog at_tp');
    await silent.program.detach();
    expect(await numbersOf(program, () => kill(1), to('at_tp', 'syscalls/sys_enter_kill').attach)).toEqual([
      0,
    ]);
  });

  kernelTest('loads a syscall program and attaches it to nothing', async () => {
    await Recording.attached(probesSpec(`SEC("syscall") int at_syscall${RETURN_0}`));
    expect(kernelObjects()).toContain('prog at_syscall');
  });

  kernelTest('refuses a program that the package does not have, before anything is loaded', async () => {
    const spec = probesSpec(`SEC("${KILL}") int at_tp${RETURN_0}`, to('at_tpp', 'x/y'));
    const error = await failureOf(runner.load(spec));
    expect(error).toBeInstanceOf(ArgumentError);
    expect(error.message).toBe('--attach at_tpp: the package has no such program');
    expect(error.hint).toBe('did you mean at_tp?');
  });

  kernelTest('tells what --attach takes where it makes no sense', async () => {
    const cases: readonly [section: string, target: string, grammar: string][] = [
      ['tp', 'nonsense', 'CATEGORY/NAME'],
      ['raw_tp', 'a/b', 'NAME'],
      ['kprobe', 'a b', 'FUNCTION[+OFFSET]'],
      ['kretprobe', '0x40', 'FUNCTION'],
      ['kprobe.multi', 'a/b', 'PATTERN'],
      ['ksyscall', '', 'SYSTEM_CALL'],
      ['lsm', 'a.b', 'HOOK'],
      ['usdt', 'provider:name', '[PID:]BINARY:PROVIDER:NAME'],
      ['perf_event', ':', '[PID:]EVENT[:PERIOD]'],
    ];
    for (const [section, target, grammar] of cases) {
      const error = await errorOf(`SEC("${section}") int at_kind${RETURN_0}`, to('at_kind', target));
      expect(error).toBeInstanceOf(ArgumentError);
      expect(error.message).toBe(`--attach at_kind=${target}: is no ${grammar}`);
    }
  });
});
