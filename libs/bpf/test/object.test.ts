import { afterEach, beforeEach, describe, expect } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { openObject, openRingBuffer } from '../src/index.ts';
import { compileObject, kernelDescriptors, kernelTest } from '../src/testing/index.ts';

const SOURCE = `
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
char LICENSE[] SEC("license") = "GPL";
const volatile int wanted = 7;
struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 65536); } events SEC(".maps");
struct event { int pid; int wanted; };
static int emit(void)
{
  struct event *e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);
  if (!e) return 0;
  e->pid = bpf_get_current_pid_tgid() >> 32;
  e->wanted = wanted;
  bpf_ringbuf_submit(e, 0);
  return 0;
}
SEC("tracepoint/syscalls/sys_enter_execve") int on_execve(void *ctx) { return emit(); }
SEC("raw_tp/sched_process_exit") int on_exit(struct bpf_raw_tracepoint_args *ctx) {
  struct task_struct *t = (void *)ctx->args[0];
  if (BPF_CORE_READ(t, pid) != BPF_CORE_READ(t, tgid)) return 0;
  return emit(); }
`;

let before: Record<string, number>;
beforeEach(() => {
  before = kernelDescriptors();
});
afterEach(() => {
  expect(kernelDescriptors()).toEqual(before);
});

describe('BpfObject', () => {
  kernelTest('loads, attaches and hands events over', async () => {
    const object = openObject(compileObject(SOURCE), { name: 'sample', diagnose: (l) => console.log(l) });
    try {
      const rodata = object.map('.rodata');
      const value = rodata?.initialValue() ?? new Uint8Array();
      value[0] = 9;
      rodata?.setInitialValue(value);
      object.load();
      for (const program of object.programs) program.attach();
      console.log(
        object.programs.map((p) => [p.name, p.section, p.type, p.fd]),
        object.maps.map((m) => [m.name, m.type, m.keySize, m.valueSize, m.maxEntries, m.fd, m.dataSection]),
      );
      const map = object.map('events');
      if (!map) throw new Error('no map');
      const ring = openRingBuffer(map);
      execFileSync('/bin/true');
      await ring.wait(1000);
      const got: number[] = [];
      ring.drain((offset, length) => {
        got.push(ring.memory.i32[offset / 4] ?? 0, ring.memory.i32[offset / 4 + 1] ?? 0, length);
        return true;
      });
      console.log(got);
      ring.close();
    } finally {
      object.close();
    }
  });
});
