import { describe, expect } from '@jest/globals';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { kernelTest } from '../src/testing/index.ts';
import { Child } from './child.ts';
import { compile } from './harness.ts';

const MUTATIONS = 10_000;
const MEGABYTE = 1 << 20;

/** A bit of everything that libbpf parses: CO-RE, maps by BTF, variables, calls, several sections. */
const SOURCE = `
char LICENSE[] SEC("license") = "GPL";
const volatile int wanted = 7;
struct { long hits; char name[16]; } state;
struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 4096); } events SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 8); __type(key, __u32); __type(value, __u64); } counts SEC(".maps");
static __noinline int count(__u32 key)
{
  __u64 one = 1;
  return bpf_map_update_elem(&counts, &key, &one, BPF_ANY);
}
SEC("tp/syscalls/sys_enter_execve") int p(void *ctx) { state.hits++; return count(wanted); }
SEC("raw_tp/sched_process_exit") int q(struct bpf_raw_tracepoint_args *ctx)
{ return count(BPF_CORE_READ((struct task_struct *)ctx->args[0], real_parent, tgid)); }`;

/**
 * Opens the mutations from one number to another, and loads some; each is made from its number alone. The number under way stands in
 * a file, so that a crash can be told.
 */
const BODY = `
const [, , objectPath, progressPath, from, to] = process.argv;
const original = fs.readFileSync(objectPath);
const progress = fs.openSync(progressPath, 'w');
const sections = Number(original.readBigUInt64LE(40));
const special = [0, 1, 0x7fffffff, 0x80000000, 0xffffffff, original.length];

function randoms(seed) {
  let state = (seed * 2654435761 + 1) >>> 0;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 4294967296) * below);
  };
}

function mutate(seed) {
  const random = randoms(seed);
  const bytes = Buffer.from(original);
  // Half of the mutations leave the ELF header and section table alone, to get further.
  const end = random(2) === 0 ? sections : bytes.length;
  for (let changes = 1 + random(6); changes > 0; changes--) {
    const at = end === sections ? 64 + random(end - 64 - 4) : random(end - 4);
    const kind = random(4);
    if (kind === 0) bytes[at] = random(256);
    else if (kind === 1) bytes[at] ^= 1 << random(8);
    else if (kind === 2) bytes.writeUInt32LE(special[random(special.length)], at & ~3);
    else bytes.writeUInt32LE(random(600), at & ~3);
  }
  return random(50) === 0 ? bytes.subarray(0, random(bytes.length)) : bytes;
}

const outcomes = {};
let peak = 0;
for (let seed = Number(from); seed < Number(to); seed++) {
  fs.writeSync(progress, String(seed).padEnd(12), 0);
  let outcome = 'opened';
  let object;
  try {
    object = bpf.openObject(mutate(seed), { name: 'mutation' });
    for (const map of object.maps) [map.type, map.dataSection, map.initialValue()];
    for (const program of object.programs) program.type;
    // What the kernel makes of it costs more, and is the kernel's to survive.
    if (seed % 10 === 0) object.load();
  } catch (error) {
    outcome = error.code ?? error.stack;
  } finally {
    object?.close();
  }
  outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
  if (seed % 500 === 0) peak = Math.max(peak, process.memoryUsage().rss);
}
console.log(JSON.stringify({ outcomes, peak }));`;

describe('openObject', () => {
  kernelTest(
    `survives ${MUTATIONS} mutations of an object, in bounded memory`,
    () => {
      const folder = mkdtempSync(join(tmpdir(), 'ecli-bpf-'));
      const child = new Child(BODY);
      try {
        const object = join(folder, 'object');
        const progress = join(folder, 'progress');
        writeFileSync(object, compile(SOURCE));
        const { status, signal, stdout, stderr } = child.run({
          args: [object, progress, '0', String(MUTATIONS)],
          timeoutMs: 170_000,
        });
        const at = readFileSync(progress, 'utf8').trim();
        expect({ status, signal, at, stderr }).toEqual({
          status: 0,
          signal: null,
          at: String(MUTATIONS - 1),
          stderr: '',
        });
        const { outcomes, peak } = JSON.parse(stdout) as { outcomes: Record<string, number>; peak: number };
        expect(Object.keys(outcomes).filter((outcome) => !/^[A-Z_]+$|^opened$/.test(outcome))).toEqual([]);
        expect(outcomes['OBJECT_INVALID']).toBeGreaterThan(MUTATIONS / 10);
        expect(peak).toBeLessThan(200 * MEGABYTE);
      } finally {
        child.close();
        rmSync(folder, { recursive: true });
      }
    },
    180_000,
  );
});
