import { describe, expect } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { openRingBuffer } from '../src/index.ts';
import { compileBinary, kernelTest } from '../src/testing/index.ts';
import { closing, expectNothingLeftOpen, mapOf, open, setFirstInt } from './harness.ts';

const PREFIX = `
char LICENSE[] SEC("license") = "GPL";
const volatile int wanted = 7;
struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 65536); } events SEC(".maps");
static __always_inline int send(int value)
{
  int *e = bpf_ringbuf_reserve(&events, sizeof(*e), 0);
  if (!e) return 0;
  *e = value;
  bpf_ringbuf_submit(e, 0);
  return 0;
}`;

const EXEC_AND_EXIT = `${PREFIX}
SEC("tracepoint/syscalls/sys_enter_execve") int on_execve(void *ctx) { return send(wanted); }
SEC("raw_tp/sched_process_exit") int on_exit(struct bpf_raw_tracepoint_args *ctx)
{
  struct task_struct *task = (void *)ctx->args[0];
  return BPF_CORE_READ(task, pid) == BPF_CORE_READ(task, tgid) ? send(-1) : 0;
}`;

const BINARY = compileBinarySafely(`
#include <stdlib.h>
__attribute__((noinline)) int twice(int x) { __asm__ volatile(""); return 2 * x; }
int main(int argc, char **argv) { return twice(atoi(argv[1])) != 42; }`);

describe('BpfObject', () => {
  expectNothingLeftOpen();

  kernelTest('knows its programs and maps before load', () => {
    const object = open(EXEC_AND_EXIT, { name: 'exec-and.exit' });
    expect(object.programs.map(({ name, section, type }) => [name, section, type])).toEqual([
      ['on_execve', 'tracepoint/syscalls/sys_enter_execve', 'BPF_PROG_TYPE_TRACEPOINT'],
      ['on_exit', 'raw_tp/sched_process_exit', 'BPF_PROG_TYPE_RAW_TRACEPOINT'],
    ]);
    expect(object.program('on_exit')?.section).toBe('raw_tp/sched_process_exit');
    const events = mapOf(object, 'events');
    expect([events.type, events.maxEntries, events.dataSection]).toEqual([
      'BPF_MAP_TYPE_RINGBUF',
      65536,
      undefined,
    ]);
    const rodata = mapOf(object, '.rodata');
    expect([rodata.name, rodata.dataSection, rodata.keySize, rodata.valueSize]).toEqual([
      'exec_and.rodata',
      '.rodata',
      4,
      4,
    ]);
    expect([...rodata.initialValue()]).toEqual([7, 0, 0, 0]);
    expect(object.map('nothing')).toBeUndefined();
  });

  kernelTest(
    'runs its programs on tracepoints and raw tracepoints, with variables set before load',
    async () => {
      const object = open(EXEC_AND_EXIT);
      setFirstInt(object, '.rodata', 41);
      object.load();
      const ring = closing(openRingBuffer(mapOf(object, 'events')));
      for (const program of object.programs) program.attach();
      execFileSync('true');
      await ring.wait(5000);
      const values = valuesOf(ring);
      expect(values).toContain(41);
      expect(values).toContain(-1);
    },
  );

  kernelTest('runs a program on a function of a binary', () => {
    const object = open(`${PREFIX}
      SEC("uprobe/${BINARY}:twice") int BPF_KPROBE(on_twice, int x) { return send(x); }`);
    object.load();
    const ring = closing(openRingBuffer(mapOf(object, 'events')));
    for (const program of object.programs) program.attach();
    execFileSync(BINARY, ['21']);
    expect(valuesOf(ring)).toEqual([21]);
  });

  kernelTest('detaches a link on its own, and once', () => {
    const object = open(`${PREFIX}
      SEC("raw_tp/sched_process_exit") int on_exit(void *ctx) { return send(1); }`);
    object.load();
    const ring = closing(openRingBuffer(mapOf(object, 'events')));
    const link = object.program('on_exit')?.attach();
    link?.destroy();
    link?.destroy();
    execFileSync('true');
    expect(valuesOf(ring)).toEqual([]);
  });

  kernelTest('loads buffers that say by a value type what their events are', () => {
    const object = open(`struct event { long a, b; };
      struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 4096); __type(value, struct event); } ring SEC(".maps");
      struct { __uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY); __type(key, int); __type(value, struct event); } perf SEC(".maps");`);
    object.load();
    expect(object.maps.map(({ name, valueSize }) => [name, valueSize])).toEqual([
      ['ring', 0],
      ['perf', 4],
    ]);
  });

  kernelTest('lets nothing touch its programs and maps once it is closed', () => {
    const object = open(EXEC_AND_EXIT);
    object.load();
    object.close();
    expect(() => object.programs[0]?.attach()).toThrow('program on_execve: its object is closed');
    expect(() => mapOf(object, 'events').maxEntries).toThrow('map events: its object is closed');
    expect(() => object.load()).toThrow();
  });

  kernelTest('loads no program that is switched off', () => {
    const object = open(`${PREFIX}
      SEC("raw_tp/sched_process_exit") int good(void *ctx) { return send(1); }
      SEC("raw_tp/sched_process_exit") int bad(void *ctx) { return *(int *)*(long *)ctx; }`);
    object.program('bad')?.setAutoload(false);
    object.load();
    expect(object.program('good')?.fd).toBeGreaterThan(2);
    expect(object.program('bad')?.fd).toBeLessThan(0);
  });

  kernelTest('can be closed again, and reading goes on after it', async () => {
    const object = open(EXEC_AND_EXIT);
    object.load();
    const ring = closing(openRingBuffer(mapOf(object, 'events')));
    for (const program of object.programs) program.attach();
    execFileSync('true');
    await ring.wait(5000);
    object.close();
    object.close();
    expect(valuesOf(ring).length).toBeGreaterThan(0);
    execFileSync('true');
    expect(valuesOf(ring)).toEqual([]);
  });

  kernelTest('takes the size of a data section, no other, and only before load', () => {
    const object = open(EXEC_AND_EXIT);
    const rodata = mapOf(object, '.rodata');
    expect(() => rodata.setInitialValue(new Uint8Array(5))).toThrow(
      "5 bytes can't be its initial value: EINVAL",
    );
    object.load();
    expect(() => rodata.setInitialValue(new Uint8Array(4))).toThrow('initial value');
  });
});

function valuesOf(ring: ReturnType<typeof openRingBuffer>): number[] {
  const values: number[] = [];
  ring.drain((offset) => {
    values.push(ring.memory.view.getInt32(offset, true));
    return true;
  });
  return values;
}

/** Where there's no clang, the tests that need the binary are left out. */
function compileBinarySafely(source: string): string {
  try {
    return compileBinary(source, ['-rdynamic']);
  } catch {
    return '/nonexistent';
  }
}
