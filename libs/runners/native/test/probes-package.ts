import { expect } from '@jest/globals';
import { compileObject } from '@ecli/bpf/testing';
import { type LoadSpec, MediaType } from '@ecli/core';
import { describeObject, type ProgramMeta, stringifyJsonPackage } from '@ecli/packages';
import { execFileSync } from 'node:child_process';
import { artifactOf } from './kills-package.ts';

/** Programs call `tell(number)`; what they make in the kernel is named so that kernelObjects finds it. */
const PRELUDE = `
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

struct event { __u32 pid; __s64 number; };
struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 65536); } at_events SEC(".maps");
struct event *__eunomia_dummy_event_ptr __attribute__((unused));

static __always_inline int tell(__s64 number)
{
  struct event *event = bpf_ringbuf_reserve(&at_events, sizeof(*event), 0);
  if (!event)
    return 0;
  event->pid = bpf_get_current_pid_tgid() >> 32;
  event->number = number;
  bpf_ringbuf_submit(event, 0);
  return 0;
}

/** Each turn of the test's own process: kill(pid, 0). */
static __always_inline bool ours(void)
{
  return bpf_get_current_pid_tgid() >> 32 == ${process.pid};
}

char LICENSE[] SEC("license") = "GPL";
`;

export interface ProbesOptions {
  /** Rewrites what the package says of each program. */
  readonly change?: (program: ProgramMeta) => ProgramMeta;
  /** Programs that show nothing but what iterators write. */
  readonly silent?: boolean;
}

/** Where Debian has the headers that bpf/usdt.bpf.h includes; elsewhere clang finds them by itself. */
const HEADERS = `/usr/include/${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-linux-gnu`;

/** A package of these programs. */
export function probesSpec(
  programs: string,
  changes: Partial<LoadSpec> = {},
  { change = (program) => program, silent = false }: ProbesOptions = {},
): LoadSpec {
  const object = compileObject(PRELUDE + programs, { include: [HEADERS] });
  const { meta } = describeObject(object, { name: 'at_probes.bpf.o', exportType: 'event' });
  const { bpf_skel: skeleton } = meta;
  const progs = skeleton.progs.map(change);
  const maps = silent ? [] : skeleton.maps;
  const content = stringifyJsonPackage({
    object,
    meta: { ...meta, bpf_skel: { ...skeleton, progs, maps } },
  });
  return {
    name: 'probes',
    artifact: artifactOf(Buffer.from(content), MediaType.package),
    args: [],
    format: 'json',
    ...changes,
  };
}

/**
 * Waits until the kernel has these objects of such packages and no others: it frees them a while after the last
 * descriptor is closed (call_rcu). Fails with what there is after ten seconds.
 */
export async function settledObjects(expected: readonly string[]): Promise<void> {
  const limit = Date.now() + 10_000;
  let found = kernelObjects();
  while (found.join() !== expected.join() && Date.now() < limit) {
    await new Promise((resolve) => setImmediate(resolve));
    found = kernelObjects();
  }
  expect(found).toEqual(expected);
}

interface KernelObject {
  readonly id: number;
  readonly name?: string;
  readonly prog_id?: number;
}

/** What the kernel has of such packages, as bpftool lists it: `prog at_uprobe`, `map at_events`, `link of at_uprobe`. */
export function kernelObjects(): string[] {
  const programs = list('prog');
  const linked = new Map(programs.map(({ id, name }) => [id, name]));
  const links = list('link').flatMap(({ prog_id: id }) => {
    const name = linked.get(id ?? 0);
    return name === undefined ? [] : [`link of ${name}`];
  });
  const objects = [
    ...programs.map(({ name }) => `prog ${name}`),
    ...list('map').map(({ name }) => `map ${name}`),
    ...links,
  ];
  return objects.filter((object) => object.includes(' at_')).sort();
}

function list(kind: 'prog' | 'map' | 'link'): KernelObject[] {
  const listed = JSON.parse(
    execFileSync('bpftool', ['--json', kind, 'show'], { encoding: 'utf8' }),
  ) as unknown;
  return Array.isArray(listed) ? (listed as KernelObject[]) : [];
}
