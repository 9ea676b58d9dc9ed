import { describe, expect, test } from '@jest/globals';
import { compileObject } from '@ecli/bpf/testing';
import { mapDefinitions, type ObjectFile, parseObject } from '@ecli/btf';
import { ArgumentError, EcliError } from '@ecli/core';
import {
  describeObject,
  type ExportConfig,
  type MapMeta,
  type PackageMeta,
  planExports,
} from '../src/index.ts';

const OBJECT = compileObject(`
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
struct event { int pid; char comm[16]; };
struct who { int pid; };
struct total { __u64 count; };
struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 8); __type(key, struct who); __type(value, struct total); } totals SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 8); __uint(key_size, 4); __uint(value_size, 8); } bare SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 4096); __type(value, struct total); } sums SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 4096); } calls SEC(".maps");
struct event *__eunomia_dummy_event_ptr __attribute__((unused));
struct who *__eunomia_dummy_who_ptr __attribute__((unused));
char LICENSE[] SEC("license") = "GPL";
`);
const file: ObjectFile = parseObject(OBJECT);
const object = { map: (name: string) => mapDefinitions(file).find((map) => map.name === name) };

function metaOf(
  maps: readonly string[],
  change: (map: MapMeta) => Partial<MapMeta>,
  exportType = 'event',
): PackageMeta {
  const { meta } = describeObject(OBJECT, { name: 'plan.bpf.o', exportType });
  const kept = meta.bpf_skel.maps.filter(({ name }) => maps.includes(name));
  const changed = kept.map((map) => ({ ...map, ...change(map) }));
  return { ...meta, bpf_skel: { ...meta.bpf_skel, maps: changed } };
}

const unchanged = () => ({});
const sampled = () => ({
  sample: { interval: 1000, type: 'log2_hist', unit: 'us', clear_map: false } as const,
});

function planned(meta: PackageMeta, named?: readonly string[]): unknown[] {
  const plans = planExports({ program: 'plan', meta, object, file }, named);
  return plans.map(({ kind, map, type }) => [kind, map.name, type.name]);
}

describe('what a program shows', () => {
  test('is the last map that is a buffer or is sampled', () => {
    expect(planned(metaOf(['totals', 'calls'], unchanged))).toEqual([['ring', 'calls', 'struct event']]);
    expect(planned(metaOf(['totals'], unchanged))).toEqual([]);
  });

  test('of a sampled map is the export type, or its own where that does not fit', () => {
    expect(planned(metaOf(['totals'], sampled, 'total'))).toEqual([['sampled', 'totals', 'struct total']]);
    expect(planned(metaOf(['totals'], sampled, 'who'))).toEqual([['sampled', 'totals', 'struct total']]);
  });

  test('is any map that the user names, of its own type', () => {
    const meta = metaOf(['totals', 'sums', 'calls'], unchanged);
    expect(planned(meta, ['totals', 'sums', 'totals'])).toEqual([
      ['sampled', 'totals', 'struct total'],
      ['ring', 'sums', 'struct total'],
    ]);
  });

  test('named by the user need not be typed by the package', () => {
    const meta = { ...metaOf(['totals', 'calls'], unchanged), export_types: [] };
    expect(planned(meta, ['totals'])).toEqual([['sampled', 'totals', 'struct total']]);
    expect(() => planned(meta)).toThrow(/nothing says of which type the events of map calls are/);
  });

  test('can not be a map that nobody knows', () => {
    expect(() => planned(metaOf(['totals'], unchanged), ['total'])).toThrow(ArgumentError);
    expect(() => planned(metaOf(['bare'], unchanged), ['bare'])).toThrow(EcliError);
  });

  test('are all that are exported, where there are several', () => {
    const id = file.btf.find('struct', 'total')?.id ?? 0;
    const meta = metaOf(['totals', 'sums', 'calls'], ({ name }) =>
      name === 'calls' ? {} : { ...sampled(), export_config: { btf_type_id: id } },
    );
    expect(planned({ ...meta, enable_multiple_export_types: true })).toEqual([
      ['sampled', 'totals', 'struct total'],
      ['ring', 'sums', 'struct total'],
    ]);
  });

  test('by default is what the map itself says of its values, and nothing of no_export', () => {
    const configs: Readonly<Record<string, ExportConfig>> = { totals: 'default', sums: 'no_export' };
    const meta = metaOf(['totals', 'sums', 'calls'], ({ name }) => ({
      ...sampled(),
      export_config: configs[name] ?? 'no_export',
    }));
    const several = { ...meta, enable_multiple_export_types: true };
    expect(planned(several)).toEqual([['sampled', 'totals', 'struct total']]);
  });
});
