import { describe, expect, test } from '@jest/globals';
import { existsSync } from 'node:fs';
import { MediaType } from '@ecli/core';
import { kernelDescriptors, kernelTest } from '@ecli/bpf/testing';
import { stringifyJsonPackage } from '@ecli/packages';
import {
  checkPrograms,
  checkText,
  eventTypes,
  inspectionText,
  inspectPackage,
  openPackage,
} from '../src/index.ts';
import { artifactOf, openSource } from './opened.ts';
import { tarOf } from './tar.ts';

const SOURCE = `
  enum kind { KIND_A, KIND_B = 7 };
  struct event { int pid; u64 at; char comm[16]; enum kind kind; };
  struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 4096); __type(value, struct event); } events SEC(".maps");
  struct { __uint(type, BPF_MAP_TYPE_PERCPU_HASH); __uint(max_entries, 100); __uint(map_flags, BPF_F_NO_PREALLOC);
    __type(key, pid_t); __type(value, u64); } counts SEC(".maps");
  const volatile pid_t target = 42;
  const volatile bool quiet;
  u64 seen;
  SEC("tp/sched/sched_process_exec") int on_exec(void *ctx) { return BPF_CORE_READ((struct task_struct *)ctx, tgid) + target + quiet + seen; }
  SEC("xdp") int bad(struct xdp_md *ctx) { return *(char *)(long)ctx->data; }
`;

describe('inspectPackage', () => {
  kernelTest('says what is in an object', async () => {
    const opened = await openSource(SOURCE);
    const { digest: _digest, size: _size, exports, btfTypes, ...rest } = inspectPackage(opened);
    expect(btfTypes).toBeGreaterThan(20);
    expect(rest).toEqual({
      name: 'test',
      reference: 'test.bpf.o',
      mediaType: MediaType.object,
      objectSize: opened.package.object.byteLength,
      license: 'Dual MIT/GPL',
      coreRelocations: 2,
      programs: [
        {
          name: 'on_exec',
          section: 'tp/sched/sched_process_exec',
          kind: 'tracepoint',
          target: 'sched/sched_process_exec',
          link: true,
          instructions: expect.any(Number),
        },
        { name: 'bad', section: 'xdp', kind: 'xdp', link: true, instructions: 5 },
      ],
      maps: [
        expect.objectContaining({
          name: 'events',
          type: 'BPF_MAP_TYPE_RINGBUF',
          maxEntries: 4096,
          flags: [],
        }),
        {
          name: 'counts',
          type: 'BPF_MAP_TYPE_PERCPU_HASH',
          keyType: 'pid_t',
          valueType: 'u64',
          keySize: 4,
          valueSize: 8,
          maxEntries: 100,
          flags: ['BPF_F_NO_PREALLOC'],
          memory: expect.any(Number),
          cpus: expect.any(Number),
        },
      ],
      dataSections: expect.arrayContaining([
        {
          name: '.rodata',
          size: 5,
          variables: [
            { name: 'target', type: 'pid_t', size: 4, offset: 0, value: '42' },
            { name: 'quiet', type: 'bool', size: 1, offset: 4, value: 'false' },
          ],
        },
      ]),
      options: [
        { long: 'target', type: 'pid_t', default: '42', variable: 'target', flag: false },
        { long: 'quiet', type: 'bool', default: 'false', variable: 'quiet', flag: true },
        { long: 'seen', type: 'u64', default: '0', variable: 'seen', flag: false },
      ],
    });
    expect(exports).toEqual([
      {
        map: 'events',
        kind: 'ring',
        type: 'struct event',
        size: 40,
        c: expect.stringContaining('struct event {\n    int pid; '),
        jsonSchema: expect.objectContaining({ required: ['pid', 'at', 'comm', 'kind'] }),
      },
    ]);
  });

  kernelTest('lists the BTF in a tar', async () => {
    const { package: read } = await openSource(SOURCE);
    const tar = tarOf({
      'package.json': Buffer.from(stringifyJsonPackage(read)),
      'ubuntu/22.04/x86_64/5.15.0.btf': Buffer.alloc(700),
    });
    const opened = await openPackage(artifactOf(tar, MediaType.tar, 'test.tar'));
    expect(inspectPackage(opened).btfArchive).toEqual([
      { path: 'ubuntu/22.04/x86_64/5.15.0.btf', size: 700 },
    ]);
    expect(inspectionText(inspectPackage(opened))).toContain(
      'BTF archive:\n  ubuntu/22.04/x86_64/5.15.0.btf  700 bytes',
    );
  });

  kernelTest('of several exports gives each line the key of its map', async () => {
    const { package: read } = await openSource(SOURCE);
    const maps = read.meta.bpf_skel.maps.map((map) => ({
      ...map,
      export_config: map.name === 'events' || map.name === 'counts' ? 'default' : 'no_export',
      ...(map.name === 'counts' && {
        sample: { interval: 500, type: 'default_kv', unit: '(unit)', clear_map: true },
      }),
    }));
    const meta = {
      ...read.meta,
      enable_multiple_export_types: true,
      bpf_skel: { ...read.meta.bpf_skel, maps },
    };
    const json = Buffer.from(stringifyJsonPackage({ ...read, meta }));
    const opened = await openPackage(artifactOf(json, MediaType.package, 'test.json'));
    const { exports } = inspectPackage(opened);
    expect(exports.map(({ map, jsonSchema }) => [map, jsonSchema['required']])).toEqual([
      ['events', ['events']],
      ['counts', ['counts']],
    ]);
    expect(exports[1]?.sample).toEqual({
      intervalMs: 500,
      type: 'default_kv',
      unit: '(unit)',
      clearMap: true,
    });
    expect(eventTypes(opened)).toContain(
      'export type Line = { "events": Event } | { "counts": CountsEntry };',
    );
  });

  kernelTest('leaves the name of all lines to them, whatever a program calls its own', async () => {
    const opened = await openSource(`
      struct line { int pid; };
      struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 4096); __type(value, struct line); } lines SEC(".maps");
    `);
    expect(eventTypes(opened)).toContain('export interface Line2 {');
    expect(eventTypes(opened)).toContain('export type Line = Line2;');
  });

  kernelTest('lets no control character of a package through', async () => {
    const { package: read } = await openSource(SOURCE);
    const doc = { brief: 'a\x1b[31m', details: 'b\x07\nc' };
    const meta = { ...read.meta, bpf_skel: { ...read.meta.bpf_skel, doc, obj_name: 'x\x1b_bpf' } };
    const json = Buffer.from(stringifyJsonPackage({ ...read, meta }));
    const opened = await openPackage(artifactOf(json, MediaType.package, 'e\x1b.json'));
    // eslint-disable-next-line no-control-regex -- control characters are what must not be there
    expect(inspectionText(inspectPackage(opened))).not.toMatch(/[\x00-\x09\x0b-\x1f]/);
    // eslint-disable-next-line no-control-regex -- control characters are what must not be there
    expect(eventTypes(opened)).not.toMatch(/[\x00-\x09\x0b-\x1f]/);
  });

  test('refuses what is no program', async () => {
    await expect(openPackage(artifactOf(Buffer.from('x'), MediaType.unknown))).rejects.toMatchObject({
      code: 'MEDIA_TYPE_UNSUPPORTED',
    });
  });
});

describe('checkPrograms', () => {
  kernelTest('has each program verified by itself, and says why one is refused', async () => {
    const { programs } = await checkPrograms(await openSource(SOURCE));
    expect(programs).toMatchObject([
      {
        name: 'on_exec',
        type: 'BPF_PROG_TYPE_TRACEPOINT',
        verdict: 'ok',
        verifier: { processedInstructions: expect.any(Number), totalStates: expect.any(Number) },
      },
      {
        name: 'bad',
        type: 'BPF_PROG_TYPE_XDP',
        verdict: 'refused',
        failure: {
          code: 'VERIFIER_REJECTED',
          explanation: {
            reason: 'R1 offset is outside of the packet',
            hint: expect.stringContaining('data_end'),
          },
        },
      },
    ]);
    const text = checkText({ kernel: '6.1', programs });
    expect(text).toMatch(/^on_exec {2}ok {2}\d+ instructions, \d+ processed, \d+ states? /);
    expect(text).toContain("Linux 6.1 doesn't take 1 of 2 programs\n");
  });

  kernelTest('pins nothing, and leaves nothing open', async () => {
    const before = kernelDescriptors();
    const opened = await openSource(`
      struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 1); __type(key, int); __type(value, int);
        __uint(pinning, LIBBPF_PIN_BY_NAME); } ecli_inspect_pinned SEC(".maps");
      SEC("tp/sched/sched_process_exec") int prog(void *ctx) { int key = 0; bpf_map_delete_elem(&ecli_inspect_pinned, &key); return 0; }`);
    expect(inspectPackage(opened).maps[0]?.pinned).toBe(true);
    expect((await checkPrograms(opened)).programs[0]?.verdict).toBe('ok');
    expect(existsSync('/sys/fs/bpf/ecli_inspect_pinned')).toBe(false);
    expect(kernelDescriptors()).toEqual(before);
  });
});
