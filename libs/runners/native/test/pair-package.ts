import { type LoadSpec, MediaType } from '@ecli/core';
import { compileObject } from '@ecli/bpf/testing';
import { Btf, ElfFile } from '@ecli/btf';
import { describeObject, type ExportConfig, type PackageMeta, stringifyJsonPackage } from '@ecli/packages';
import { artifactOf } from './kills-package.ts';

/**
 * A program that sends two events of different types for each signal 0 of `only_pid`: a call through a ring buffer,
 * a note through a perf buffer.
 */
const SOURCE = `
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>

struct call { int target; int number; };
struct note { char text[8]; unsigned short flags : 3; unsigned short rest : 13; };

struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 65536); } calls SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY); __uint(key_size, 4); __uint(value_size, 4); } notes SEC(".maps");

const volatile pid_t only_pid = 0;
struct call *__eunomia_dummy_call_ptr __attribute__((unused));
struct note *__eunomia_dummy_note_ptr __attribute__((unused));
int number;

SEC("tp/syscalls/sys_enter_kill") int on_kill(struct trace_event_raw_sys_enter *ctx)
{
  struct note note = { .text = "a,\\"b\\"", .flags = 5, .rest = 4097 };
  struct call *call;
  if ((int)(bpf_get_current_pid_tgid() >> 32) != only_pid || ctx->args[1] != 0)
    return 0;
  call = bpf_ringbuf_reserve(&calls, sizeof(*call), 0);
  if (!call)
    return 0;
  call->target = (int)ctx->args[0];
  call->number = ++number;
  bpf_ringbuf_submit(call, 0);
  bpf_perf_event_output(ctx, &notes, BPF_F_CURRENT_CPU, &note, sizeof(note));
  return 0;
}

char LICENSE[] SEC("license") = "GPL";
`;

let compiled: Uint8Array | undefined;

function pairObject(): Uint8Array {
  compiled ??= compileObject(SOURCE);
  return compiled;
}

/** The id of a type in the object's BTF. */
export function pairType(name: string, kind: 'struct' | 'int' = 'struct'): number {
  const section = ElfFile.parse(pairObject()).section('.BTF');
  const id = section && Btf.parse(section.data).find(kind, name)?.id;
  if (id === undefined) throw new Error(`no ${kind} ${name}`);
  return id;
}

/** Asks for a package whose maps are exported as `configs` say. */
export function pairSpec(
  configs: Readonly<Record<string, ExportConfig>>,
  changes: Partial<LoadSpec> = {},
): LoadSpec {
  const object = pairObject();
  const { meta } = describeObject(object, { name: 'pair.bpf.o', exportType: 'call' });
  const package_ = stringifyJsonPackage({ object, meta: exporting(meta, configs) });
  return {
    name: 'pair',
    artifact: artifactOf(Buffer.from(package_), MediaType.package),
    format: 'json',
    ...changes,
    args: ['--only_pid', String(process.pid)],
  };
}

function exporting(meta: PackageMeta, configs: Readonly<Record<string, ExportConfig>>): PackageMeta {
  const maps = meta.bpf_skel.maps.map((map) => ({ ...map, export_config: configs[map.name] ?? 'no_export' }));
  return { ...meta, enable_multiple_export_types: true, bpf_skel: { ...meta.bpf_skel, maps } };
}
