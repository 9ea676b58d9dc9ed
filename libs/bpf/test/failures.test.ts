import { describe, expect } from '@jest/globals';
import { EcliError, VerifierRejectedError } from '@ecli/core';
import { constants } from 'node:buffer';
import { readFileSync } from 'node:fs';
import { openObject, openPerfBuffer, openRingBuffer, probeFeature } from '../src/index.ts';
import { kernelTest } from '../src/testing/index.ts';
import { permissionDenied } from '../src/privileges.ts';
import { closing, compile, expectNothingLeftOpen, mapOf, open } from './harness.ts';

const GPL = 'char LICENSE[] SEC("license") = "GPL";';
const RETURN_0 = '(void *ctx) { return 0; }';

/** Loads and attaches a program of one section; returns the error that it ends in. */
function failure(section: string, program = `int p${RETURN_0}`): EcliError {
  return errorOf(`${GPL} SEC("${section}") ${program}`);
}

function errorOf(source: string, options: Parameters<typeof open>[1] = {}): EcliError {
  const object = open(source, options);
  try {
    object.load();
    for (const each of object.programs) each.attach();
  } catch (error) {
    if (error instanceof EcliError) return error;
    throw error;
  }
  throw new Error('it did not fail');
}

describe('a program that the verifier rejects', () => {
  expectNothingLeftOpen();

  const bad = 'int bad(void *ctx) { return *(int *)*(long *)ctx; }';

  kernelTest('is named with the reason, the last lines, and the whole log', () => {
    const error = failure('raw_tp/sched_switch', bad);
    expect(error).toBeInstanceOf(VerifierRejectedError);
    expect(error.message).toBe(
      "program bad: the kernel's verifier rejected it: R1 invalid mem access 'scalar'",
    );
    expect(error.hint).toContain('r0 = *(u32 *)(r1 +0)');
    expect(error).toHaveProperty(
      'verifierLog',
      expect.stringMatching(/^0: R1=ctx\(\)[^]*processed \d+ insns/m),
    );
  });

  kernelTest('has its log also where the way to the error is long', () => {
    const long =
      'int bad(void *ctx) { for (volatile int i = 0; i < 1000000; i++) ; return *(int *)*(long *)ctx; }';
    const error = failure('raw_tp/sched_switch', long);
    expect(error.code).toBe('VERIFIER_REJECTED');
    expect(error.details?.length).toBeGreaterThan(1000);
  });

  kernelTest('has no details where its log was told line by line', () => {
    const lines: string[] = [];
    const source = `${GPL} SEC("raw_tp/sched_switch") ${bad}`;
    const error = errorOf(source, { diagnose: (line) => void lines.push(line) });
    expect(lines).toContain("R1 invalid mem access 'scalar'");
    expect(error.details).toBe('');
  });

  kernelTest('is told apart from a program for another kernel', () => {
    const error = errorOf(`${GPL}
      struct nope { int member; } __attribute__((preserve_access_index));
      SEC("raw_tp/sched_switch") int p(struct bpf_raw_tracepoint_args *ctx)
      { return BPF_CORE_READ((struct nope *)ctx->args[0], member); }`);
    expect(error.message).toContain('failed to resolve CO-RE relocation');
    expect(error.message).toContain('struct nope.member');
    expect(error.hint).toContain('written for another kernel');
  });
});

describe('a feature that this kernel lacks', () => {
  expectNothingLeftOpen();

  for (const [section, feature, config] of [
    ['kprobe/do_unlinkat', 'kprobe', 'CONFIG_KPROBE_EVENTS'],
    ['ksyscall/openat', 'kprobe', 'CONFIG_KPROBE_EVENTS'],
    ['fentry/do_unlinkat', 'fentry', 'CONFIG_FUNCTION_TRACER'],
    ['lsm/file_open', 'lsm', 'CONFIG_BPF_LSM'],
  ] as const) {
    kernelTest(`is named with its option: ${section}`, () => {
      if (probeFeature(feature) === 'yes') return;
      const error = failure(section);
      expect(error.code).toBe('FEATURE_UNSUPPORTED');
      expect(error.message).toContain(`program p (${section}): this kernel has no `);
      expect(error.hint).toContain(config);
    });
  }

  kernelTest('is known by probes, which answer yes for what is there', () => {
    const here = ['bpf', 'btf', 'tracefs', 'perf_event', 'ring_buffer'] as const;
    expect(here.map(probeFeature)).toEqual(here.map(() => 'yes'));
  });
});

describe('a target that does not exist', () => {
  expectNothingLeftOpen();

  kernelTest('is offered near names for a tracepoint', () => {
    const error = failure('tp/syscalls/sys_enter_execvee');
    expect(error.code).toBe('ATTACH_FAILED');
    expect(error.message).toBe(
      'program p (tp/syscalls/sys_enter_execvee): this kernel has no tracepoint syscalls/sys_enter_execvee',
    );
    expect(error.hint).toMatch(/^did you mean syscalls\/sys_enter_execve or /);
  });

  kernelTest('is offered near names for a raw tracepoint and for one by its types', () => {
    expect(failure('raw_tp/sched_swich').hint).toBe('did you mean sched_switch?');
    expect(failure('tp_btf/sched_swich').hint).toBe('did you mean sched_switch?');
  });

  kernelTest('is named when it is a binary or a function of one', () => {
    expect(failure('uprobe//bin/no-such-binary:f').message).toBe("binary /bin/no-such-binary: isn't there");
    expect(failure('uprobe//bin/sh:no_such_function').message).toContain(
      '/bin/sh has no function no_such_function',
    );
  });
});

describe('a section that does not say enough', () => {
  expectNothingLeftOpen();

  for (const [section, needs] of [
    ['xdp', 'a network interface'],
    ['tc', 'a network interface and a direction'],
    ['perf_event', 'an event and how often to sample it'],
    ['sockops', 'a cgroup'],
    ['kprobe', 'the kernel function'],
    ['uprobe', 'the binary and the function'],
  ]) {
    kernelTest(`is refused with what it takes: ${section}`, () => {
      const error = failure(section ?? '', 'int p(void *ctx) { return 1; }');
      expect(error.code).toBe('FEATURE_UNSUPPORTED');
      expect(error.message).toBe(`program p (${section}): to attach it takes ${needs}`);
    });
  }

  kernelTest('is refused when it is of struct_ops and no map says what for', () => {
    if (probeFeature('struct_ops') === 'no') return;
    const error = failure('struct_ops/ssthresh');
    expect(error.code).toBe('LOAD_FAILED');
    expect(error.message).toBe('program p (struct_ops/ssthresh): no struct_ops map of its object names it');
    expect(error.hint).toContain(
      'SEC(".struct_ops") struct tcp_congestion_ops ops = { .ssthresh = (void *)p }',
    );
  });

  kernelTest('is refused when libbpf knows no such kind', () => {
    const error = failure('nonsense/x');
    expect(error.code).toBe('FEATURE_UNSUPPORTED');
    expect(error.message).toBe('program p (nonsense/x): libbpf knows no such kind of program');
  });
});

describe('an object that does not load', () => {
  expectNothingLeftOpen();

  kernelTest('names the map that the kernel refuses', () => {
    const error = errorOf(`${GPL}
      struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 1); __uint(key_size, 0); __uint(value_size, 4); } m SEC(".maps");
      SEC("raw_tp/sched_switch") int p(void *ctx) { long key = 0; bpf_map_lookup_elem(&m, &key); return 0; }`);
    expect(error.message).toBe("map m: the kernel can't create it: EINVAL");
    expect(error.hint).toContain('(BPF_MAP_TYPE_HASH, keys of 0 bytes, values of 4, max_entries 1)');
  });

  kernelTest('names the kernel option that it reads and that is unknown', () => {
    const error = errorOf(`${GPL}
      extern int CONFIG_NO_SUCH_OPTION __kconfig;
      SEC("raw_tp/sched_switch") int p(void *ctx) { return CONFIG_NO_SUCH_OPTION; }`);
    expect(error.message).toContain("extern 'CONFIG_NO_SUCH_OPTION'");
  });

  kernelTest('names the BTF file that is none', () => {
    const error = errorOf(
      `${GPL} SEC("raw_tp/sched_switch") int p(struct bpf_raw_tracepoint_args *ctx)
       { return BPF_CORE_READ((struct task_struct *)ctx->args[1], pid); }`,
      { btfPath: '/etc/hostname' },
    );
    expect(error.message).toBe("/etc/hostname: can't be read as BTF");
  });

  kernelTest('takes the BTF of a file where it is good', () => {
    const object = open(
      `${GPL} SEC("raw_tp/sched_switch") int p(struct bpf_raw_tracepoint_args *ctx)
       { return BPF_CORE_READ((struct task_struct *)ctx->args[1], pid); }`,
      { btfPath: '/sys/kernel/btf/vmlinux' },
    );
    expect(() => object.load()).not.toThrow();
  });

  kernelTest('is refused when it is no ELF at all', () => {
    expect(() => openObject(Buffer.from('not ELF'), { name: 'x' })).toThrow(
      expect.objectContaining({ code: 'OBJECT_INVALID' }),
    );
  });
});

describe('a user without rights', () => {
  expectNothingLeftOpen();

  /** Becomes nobody for the time of `call`; the kernel checks the effective user's capabilities. */
  function asNobody<T>(call: () => T): T {
    process.seteuid?.(65534);
    try {
      return call();
    } finally {
      process.seteuid?.(0);
    }
  }

  kernelTest('is told of sudo, and of setcap for this very node', () => {
    const object = open(`${GPL} SEC("raw_tp/sched_switch") int p${RETURN_0}`);
    const error = catchError(() => asNobody(() => object.load()));
    expect(error.code).toBe('PERMISSION_DENIED');
    expect(error.message).toMatch(/^Permission denied loading BPF program/);
    expect(error.hint).toContain('sudo ecli run …');
    expect(error.hint).toContain(`sudo setcap cap_bpf,cap_perfmon+ep ${process.execPath}`);
  });

  kernelTest('is told of every capability that the kinds of programs take', () => {
    const object = open(`${GPL}
      SEC("tp/syscalls/sys_enter_execve") int p${RETURN_0}
      SEC("uprobe//bin/sh:main") int q${RETURN_0}`);
    const { hint } = catchError(() => asNobody(() => object.load()));
    expect(hint).toContain('setcap cap_bpf,cap_perfmon,cap_dac_read_search,cap_sys_admin+ep');
    expect(hint).toContain('(cap_dac_read_search: tracepoints are looked up in tracefs');
  });

  kernelTest('is told so where only attaching is refused', () => {
    const object = open(`${GPL} SEC("tp/syscalls/sys_enter_execve") int p${RETURN_0}`);
    object.load();
    const error = catchError(() => asNobody(() => object.programs[0]?.attach()));
    expect(error.message).toBe('Permission denied attaching BPF program p');
    expect(error.hint).toContain('cap_dac_read_search');
  });
});

describe('a user with every right', () => {
  kernelTest('is told what else may have refused', () => {
    const { hint } = permissionDenied('loading', 'p', ['raw_tp/sched_switch'], '');
    expect(hint).toContain('something else refuses');
  });
});

describe('a reader of the wrong map', () => {
  expectNothingLeftOpen();

  kernelTest('is refused by the kind of the map', () => {
    const object = open(
      `${GPL} int counter; SEC("raw_tp/sched_switch") int p(void *ctx) { counter++; return 0; }`,
    );
    object.load();
    const variables = mapOf(object, '.bss');
    expect(() => closing(openRingBuffer(variables))).toThrow(
      'map test.bss: is a BPF_MAP_TYPE_ARRAY, not a BPF_MAP_TYPE_RINGBUF',
    );
    expect(() => closing(openPerfBuffer(variables, { pages: 8 }))).toThrow(
      'not a BPF_MAP_TYPE_PERF_EVENT_ARRAY',
    );
  });
});

describe('a ring buffer', () => {
  expectNothingLeftOpen();

  kernelTest('is refused when it is larger than node can read', () => {
    if (constants.MAX_LENGTH > 2 ** 32) return;
    const object = open(`${GPL}
      struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 1u << 31); } events SEC(".maps");`);
    // Not loaded: that would take as much memory.
    expect(() => closing(openRingBuffer(mapOf(object, 'events')))).toThrow(
      'ring buffer events: 2147483648 bytes are more than this version of node can read',
    );
  });
});

describe('a perf buffer', () => {
  expectNothingLeftOpen();

  kernelTest('is refused with the reason when its pages are no power of two', () => {
    const object = open(`${GPL}
      struct { __uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY); __uint(key_size, 4); __uint(value_size, 4); } events SEC(".maps");`);
    object.load();
    expect(() => closing(openPerfBuffer(mapOf(object, 'events'), { pages: 3 }))).toThrow(
      "perf buffer events: can't be opened: page count should be power of two, but is 3: EINVAL",
    );
  });
});

describe('libbpf under diagnosis', () => {
  expectNothingLeftOpen();

  kernelTest(
    'hands its words over, debug messages when verbose, and leaves the standard streams as they were',
    () => {
      const links = () =>
        [0, 1, 2].map((fd) => readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8').replace(/pos:.*\n/, ''));
      const before = links();
      const said = (verbose: boolean) => {
        const lines: string[] = [];
        const content = compile(`${GPL} SEC("raw_tp/sched_switch") int p${RETURN_0}`);
        closing(openObject(content, { name: 'test', verbose, diagnose: (line) => lines.push(line) })).load();
        return lines;
      };
      expect(said(false)).toEqual([]);
      expect(said(true)).toContain("loading object 'test' from buffer");
      expect(links()).toEqual(before);
    },
  );
});

function catchError(call: () => unknown): EcliError {
  try {
    call();
  } catch (error) {
    if (error instanceof EcliError) return error;
    throw error;
  }
  throw new Error('it did not fail');
}
