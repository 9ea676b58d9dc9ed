import { type Artifact, descriptorOf, type LoadSpec, MediaType } from '@ecli/core';
import { compileObject } from '@ecli/bpf/testing';
import { describeObject, type PackageMeta, stringifyJsonPackage } from '@ecli/packages';

/**
 * A program that sends `per_kill` samples for each signal 0 that `only_pid` sends (kill(pid, 0) does nothing
 * else), numbered from 0 on. What it can't send for want of room it counts in `dropped`.
 */
const SOURCE = `
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

enum mode { MODE_PLAIN, MODE_FANCY = 5 };

struct event {
  __u32 number;
  int target;
  long long wide;
  unsigned char small;
  bool flag;
  float ratio;
  enum mode mode;
  char label[16];
  short list[3];
};

BUFFER

const volatile pid_t only_pid = 0;
const volatile unsigned int per_kill = 1;
const volatile long long wide = -1;
const volatile __u8 small = 7;
const volatile bool flag = false;
const volatile float ratio = 0.5f;
const volatile enum mode mode = MODE_PLAIN;
const volatile char label[16] = "unset";
volatile short list[3] = { 1, 2, 3 };
struct event *__eunomia_dummy_event_ptr __attribute__((unused));
__u32 number;
__u32 dropped;

static __always_inline void fill(struct event *event, int target)
{
  event->number = number++;
  event->target = target;
  event->wide = wide;
  event->small = small;
  event->flag = flag;
  *(__u32 *)&event->ratio = *(const volatile __u32 *)&ratio;
  event->mode = mode;
  for (int i = 0; i < 16; i++)
    event->label[i] = label[i];
  for (int i = 0; i < 3; i++)
    event->list[i] = list[i];
}

static __always_inline int send_all(struct trace_event_raw_sys_enter *ctx)
{
  if ((int)(bpf_get_current_pid_tgid() >> 32) != only_pid || ctx->args[1] != 0)
    return 0;
  for (unsigned int i = 0; i < 1000 && i < per_kill; i++)
    SEND
  return 0;
}

SEC("tp/syscalls/sys_enter_kill") int on_kill(struct trace_event_raw_sys_enter *ctx) { return send_all(ctx); }

MORE

char LICENSE[] SEC("license") = "GPL";
`;

const RING = {
  buffer: `struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, RING_BYTES); } events SEC(".maps");`,
  send: `{
      struct event *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
      if (!event) { dropped++; continue; }
      fill(event, (int)ctx->args[0]);
      bpf_ringbuf_submit(event, 0);
    }`,
};

const PERF = {
  buffer: `struct { __uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY); __uint(key_size, 4); __uint(value_size, 4); } events SEC(".maps");`,
  send: `{
      struct event event = {};
      fill(&event, (int)ctx->args[0]);
      bpf_perf_event_output(ctx, &events, BPF_F_CURRENT_CPU, &event, sizeof(event));
    }`,
};

export interface KillsOptions {
  readonly buffer?: 'ring' | 'perf';
  readonly ringBytes?: number;
  /** The variable that counts what had no room. */
  readonly lossVariable?: string;
  /** More C text before the licence. */
  readonly more?: string;
}

/** Bytes of a sample. */
export const EVENT_BYTES = 56;

/** Compiles the program to an object. */
export function killsObject({
  buffer = 'ring',
  ringBytes = 1 << 20,
  lossVariable = 'dropped',
  more = '',
}: KillsOptions = {}): Uint8Array {
  const kind = buffer === 'ring' ? RING : PERF;
  return compileObject(
    SOURCE.replace('BUFFER', kind.buffer.replace('RING_BYTES', String(ringBytes)))
      .replace('SEND', kind.send)
      .replace('MORE', more)
      .replaceAll('dropped', lossVariable),
  );
}

/** Packs an object; `change` may rewrite what the package says of it. */
export function packageOf(
  object: Uint8Array,
  change: (meta: PackageMeta) => PackageMeta = (meta) => meta,
): Uint8Array {
  const described = describeObject(object, { name: 'kills.bpf.o', exportType: 'event' });
  return Buffer.from(stringifyJsonPackage({ object, meta: change(described.meta) }));
}

/** Asks for a package of the test's own process's signals. */
export function killsSpec(content: Uint8Array, changes: Partial<LoadSpec> = {}): LoadSpec {
  return {
    name: 'kills',
    artifact: artifactOf(content, MediaType.package),
    format: 'json',
    ...changes,
    args: ['--only_pid', String(process.pid), ...(changes.args ?? [])],
  };
}

export function artifactOf(content: Uint8Array, mediaType: string): Artifact {
  return { reference: 'kills', content, descriptor: descriptorOf(content, mediaType) };
}

/** Causes `count` calls of kill(2) with signal 0. */
export function kill(count: number): void {
  for (let call = 0; call < count; call++) process.kill(process.pid, 0);
}
