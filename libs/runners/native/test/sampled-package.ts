import { type LoadSpec, MediaType } from '@ecli/core';
import { compileObject } from '@ecli/bpf/testing';
import { describeObject, type MapMeta, type SampleMeta, stringifyJsonPackage } from '@ecli/packages';
import { artifactOf } from './kills-package.ts';

/** A program that counts each signal 0 of `only_pid` in maps of many kinds. */
const SOURCE = `
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

#define MAP(NAME, TYPE, ENTRIES, KEY, VALUE) \\
  struct { __uint(type, BPF_MAP_TYPE_##TYPE); __uint(max_entries, ENTRIES); __type(key, KEY); __type(value, VALUE); } NAME SEC(".maps")

struct hist { __u32 slots[26]; char comm[16]; };
struct cpu_hist { __u64 slots[4]; };
struct whose { int pid; char name[8]; };
struct count { __u64 count; int last; };
struct letters { char slots[8]; };

MAP(hists, HASH, 16, __u32, struct hist);
MAP(cpu_hists, PERCPU_ARRAY, 1, __u32, struct cpu_hist);
MAP(counts, HASH, 16, struct whose, struct count);
MAP(cpu_counts, PERCPU_HASH, 16, __u32, __u32);
MAP(plain, ARRAY, 2, __u32, __u64);
MAP(letters, HASH, 16, __u32, struct letters);
struct { __uint(type, BPF_MAP_TYPE_QUEUE); __uint(max_entries, 16); __type(value, __u32); } numbers SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_TASK_STORAGE); __uint(map_flags, BPF_F_NO_PREALLOC); __type(key, int); __type(value, __u64); } tasks SEC(".maps");

const volatile pid_t only_pid = 0;
__u32 number;
static struct hist no_hist;

SEC("tp/syscalls/sys_enter_kill") int on_kill(struct trace_event_raw_sys_enter *ctx)
{
  __u32 zero = 0, all = -1, turn = number % 4;
  struct whose ours = { .pid = 7, .name = "ab\\"c" };
  struct count first = { .count = 1, .last = -5 };
  struct cpu_hist *cpu;
  struct count *count;
  struct hist *hist;
  __u64 *plain;

  if ((int)(bpf_get_current_pid_tgid() >> 32) != only_pid || ctx->args[1] != 0)
    return 0;
  number++;
  hist = bpf_map_lookup_elem(&hists, &all);
  if (!hist) {
    bpf_map_update_elem(&hists, &all, &no_hist, BPF_ANY);
    hist = bpf_map_lookup_elem(&hists, &all);
    if (!hist)
      return 0;
    __builtin_memcpy(hist->comm, "tester", 7);
  }
  if (turn < 3)
    hist->slots[turn]++;
  cpu = bpf_map_lookup_elem(&cpu_hists, &zero);
  if (cpu)
    cpu->slots[turn & 3]++;
  count = bpf_map_lookup_elem(&counts, &ours);
  if (count)
    count->count++;
  else
    bpf_map_update_elem(&counts, &ours, &first, BPF_ANY);
  bpf_map_update_elem(&cpu_counts, &all, &number, BPF_ANY);
  plain = bpf_map_lookup_elem(&plain_map, &zero);
  if (plain)
    (*plain)++;
  bpf_map_push_elem(&numbers, &number, BPF_EXIST);
  return 0;
}

char LICENSE[] SEC("license") = "GPL";
`
  .replace('MAP(plain,', 'MAP(plain_map,')
  .replace('MAP(letters,', 'MAP(letter_map,');

const PLAIN: SampleMeta = { interval: 60_000, type: 'default_kv', unit: '(unit)', clear_map: false };

/** Asks for a package that samples the maps named, as told of each; several are several exports. */
export function sampledSpec(
  samples: Readonly<Record<string, Partial<SampleMeta>>>,
  changes: Partial<LoadSpec> = {},
  change: (map: MapMeta) => MapMeta = (map) => map,
): LoadSpec {
  const object = compileObject(SOURCE);
  const { meta } = describeObject(object, { name: 'sampled.bpf.o' });
  const maps = meta.bpf_skel.maps.map(({ sample: _, ...map }): MapMeta => {
    const told = samples[map.name];
    const exported = { ...map, export_config: told ? ('default' as const) : ('no_export' as const) };
    return told ? change({ ...exported, sample: { ...PLAIN, ...told } }) : exported;
  });
  const package_ = stringifyJsonPackage({
    object,
    meta: {
      ...meta,
      export_types: [],
      enable_multiple_export_types: true,
      bpf_skel: { ...meta.bpf_skel, maps },
    },
  });
  return {
    name: 'sampled',
    artifact: artifactOf(Buffer.from(package_), MediaType.package),
    format: 'text',
    ...changes,
    args: ['--only_pid', String(process.pid)],
  };
}
