import { compileBinary, compileObject } from '@ecli/bpf/testing';
import { type LoadSpec, MediaType } from '@ecli/core';
import { describeObject, type StackTraceMeta, stringifyJsonPackage } from '@ecli/packages';
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { artifactOf } from './kills-package.ts';

/** Sends both stacks of each signal 0 that `only_pid` sends. */
const SOURCE = `
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

struct stacktrace_event {
  __u32 pid;
  __u32 cpu_id;
  char comm[16];
  __s32 kstack_sz;
  __s32 ustack_sz;
  __u64 kstack[127];
  __u64 ustack[127];
};

struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 1 << 20); } events SEC(".maps");

const volatile pid_t only_pid = 0;
struct stacktrace_event *__eunomia_dummy_event_ptr __attribute__((unused));

SEC("tp/syscalls/sys_enter_kill") int on_kill(struct trace_event_raw_sys_enter *ctx)
{
  __u32 pid = bpf_get_current_pid_tgid() >> 32;
  if (pid != only_pid || ctx->args[1] != 0)
    return 0;
  struct stacktrace_event *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
  if (!event)
    return 0;
  event->pid = pid;
  event->cpu_id = bpf_get_smp_processor_id();
  bpf_get_current_comm(event->comm, sizeof(event->comm));
  event->kstack_sz = bpf_get_stack(ctx, event->kstack, sizeof(event->kstack), 0);
  event->ustack_sz = bpf_get_stack(ctx, event->ustack, sizeof(event->ustack), BPF_F_USER_STACK);
  bpf_ringbuf_submit(event, 0);
  return 0;
}

char LICENSE[] SEC("license") = "GPL";
`;

/**
 * For each byte of its input it sends itself signal 0 from `gamma_`, which `beta_` called, which `alpha_` called,
 * and writes the byte. The system call is made in place: libc's function has no frame of its own.
 */
const TARGET = `
#include <unistd.h>
#define LOUD __attribute__((noinline))
LOUD static long send_signal_0(int pid)
{
#ifdef __x86_64__
  long result;
  __asm__ volatile("syscall" : "=a"(result) : "a"(62), "D"(pid), "S"(0) : "rcx", "r11", "memory");
  return result;
#else
  register long number __asm__("x8") = 129, first __asm__("x0") = pid, second __asm__("x1") = 0;
  __asm__ volatile("svc 0" : "+r"(first) : "r"(number), "r"(second) : "memory");
  return first;
#endif
}
LOUD long gamma_(int pid) { return send_signal_0(pid) + 1; }
LOUD long beta_(int pid) { return gamma_(pid) + 1; }
LOUD long alpha_(int pid) { return beta_(pid) + 1; }
int main(void)
{
  char byte;
  while (read(0, &byte, 1) == 1) {
    alpha_(getpid());
    if (write(1, &byte, 1) != 1)
      return 1;
  }
  return 0;
}
`;

/** The calls that a stack of the target is of, the innermost first. */
export const CALLS = ['send_signal_0', 'gamma_', 'beta_', 'alpha_', 'main'];

/** Asks for the stacks of the process `pid`. */
export function stacksSpec(
  pid: number,
  changes: Partial<LoadSpec> = {},
  stackTrace: StackTraceMeta = { field_map: {}, with_symbols: true },
): LoadSpec {
  const object = compileObject(SOURCE);
  const { meta } = describeObject(object, { name: 'stacks.bpf.o', exportType: 'stacktrace_event' });
  const maps = meta.bpf_skel.maps.map((map) =>
    map.name === 'events' ? { ...map, intepreter: { stack_trace: stackTrace } } : map,
  );
  const content = stringifyJsonPackage({ object, meta: { ...meta, bpf_skel: { ...meta.bpf_skel, maps } } });
  return {
    name: 'stacks',
    artifact: artifactOf(Buffer.from(content), MediaType.package),
    format: 'text',
    args: ['--only_pid', String(pid)],
    ...changes,
  };
}

export function stackTargetBinary(): string {
  return compileBinary(TARGET, ['-O0', '-fno-omit-frame-pointer']);
}

/** The target while it runs. */
export class StackTarget {
  private constructor(private readonly child: ChildProcessWithoutNullStreams) {}

  static async start(): Promise<StackTarget> {
    const child = spawn(stackTargetBinary());
    await once(child, 'spawn');
    return new StackTarget(child);
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** Has it send so many signals, and waits for the last. */
  async send(count: number): Promise<void> {
    let answered = 0;
    const done = new Promise<void>((resolve) => {
      this.child.stdout.on('data', (data: Buffer) => {
        answered += data.length;
        if (answered === count) resolve();
      });
    });
    this.child.stdin.write('x'.repeat(count));
    await done;
    this.child.stdout.removeAllListeners('data');
  }

  async end(): Promise<void> {
    const exit = once(this.child, 'exit');
    this.child.stdin.end();
    await exit;
  }
}
