import { describe, expect } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { openObject } from '@ecli/bpf';
import { kernelTest } from '@ecli/bpf/testing';
import { inspectPackage } from '../src/index.ts';
import { openSource } from './opened.ts';

/** Bytes that small maps have beside their entries, and no estimate counts. */
const HEADERS = 4096;

const MAPS = ['HASH', 'LRU_HASH', 'PERCPU_HASH', 'LRU_PERCPU_HASH', 'ARRAY', 'PERCPU_ARRAY'];

const SOURCE = `
  struct value { long counts[5]; };
  ${MAPS.map(
    (type) => `struct { __uint(type, BPF_MAP_TYPE_${type}); __uint(max_entries, 3000); __type(key, int);
      __type(value, struct value); } ${type.toLowerCase()} SEC(".maps");`,
  ).join('\n')}
  struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 1 << 20); __type(value, struct value); } ring SEC(".maps");
  struct { __uint(type, BPF_MAP_TYPE_QUEUE); __uint(max_entries, 3000); __type(value, struct value); } queue SEC(".maps");
  struct { __uint(type, BPF_MAP_TYPE_BLOOM_FILTER); __uint(max_entries, 3000); __type(value, int); } bloom SEC(".maps");
  struct { __uint(type, BPF_MAP_TYPE_PROG_ARRAY); __uint(max_entries, 3000); __type(key, int); __type(value, int); } calls SEC(".maps");
  struct { __uint(type, BPF_MAP_TYPE_STACK_TRACE); __uint(max_entries, 3000); __type(key, int); __uint(value_size, 127 * 8); } stacks SEC(".maps");
  struct { __uint(type, BPF_MAP_TYPE_TASK_STORAGE); __uint(map_flags, BPF_F_NO_PREALLOC); __type(key, int); __type(value, long); } tasks SEC(".maps");
  SEC("raw_tp/sched_switch") int program(void *ctx) { return 0; }
  struct value *keep;
`;

describe('the memory of maps', () => {
  kernelTest('is estimated within a tenth of what the kernel says', async () => {
    const opened = await openSource(SOURCE);
    const { maps } = inspectPackage(opened);
    const object = openObject(opened.package.object, { name: 'memory' });
    try {
      object.load();
      for (const { name, memory } of maps) {
        if (name === 'tasks') {
          expect(memory).toBeUndefined();
          continue;
        }
        const info = readFileSync(`/proc/self/fdinfo/${object.map(name)?.fd}`, 'utf8');
        const kernel = Number(/^memlock:\s*(\d+)/m.exec(info)?.[1]);
        const isNear = Math.abs((memory ?? 0) - kernel) <= Math.max(kernel / 10, HEADERS);
        expect({ name, memory, kernel, isNear }).toEqual({ name, memory, kernel, isNear: true });
      }
    } finally {
      object.close();
    }
  });
});
