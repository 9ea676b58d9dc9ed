import { describe, expect } from '@jest/globals';
import type { EcliError, VerifierRejectedError } from '@ecli/core';
import { explainRefusal, type VerifierExplanation } from '../src/index.ts';
import { kernelTest } from '../src/testing/index.ts';
import { expectNothingLeftOpen, open } from './harness.ts';

const PRELUDE = `
char LICENSE[] SEC("license") = "MIT";
struct event { int pid; };
struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 16); __type(key, int); __type(value, long); } counts SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 4096); } events SEC(".maps");
volatile int size;
struct task_struct___other { int no_such; } __attribute__((preserve_access_index));
`;

const TRACEPOINT = 'SEC("tp/sched/sched_process_exec") int prog(void *ctx)';
const XDP = 'SEC("xdp") int prog(struct xdp_md *ctx)';
const RAW = 'SEC("raw_tp/sched_switch") int prog(u64 *ctx)';

/** What the kernel says against a program, and what we say to it. */
function explain(program: string): VerifierExplanation & { readonly error: EcliError } {
  const object = open(PRELUDE + program);
  try {
    object.load();
  } catch (thrown) {
    const error = thrown as VerifierRejectedError;
    const explanation = explainRefusal(error.verifierLog.split('\n'));
    if (explanation) return { ...explanation, error };
    throw thrown;
  }
  throw new Error('it should be refused');
}

describe('a refusal of the verifier', () => {
  expectNothingLeftOpen();

  kernelTest('is told with its instruction and what registers held', () => {
    const { reason, instruction, registers, error } = explain(`
      ${TRACEPOINT} {
        int key = 0;
        long *value = bpf_map_lookup_elem(&counts, &key);
        *value += 1;
        return 0;
      }`);
    expect(reason).toBe("R0 invalid mem access 'map_value_or_null'");
    expect(instruction?.text).toBe('r1 = *(u64 *)(r0 +0)');
    expect(registers).toEqual([expect.stringMatching(/^R0=map_value_or_null\(.*ks=4,vs=8.*\)$/)]);
    expect(error.hint).toMatch(/instruction \d+: r1 = .*\nwhere R0=.*\nit may be NULL/);
  });

  for (const [what, program, expected] of [
    [
      'a value that may be NULL',
      `${TRACEPOINT} { int k = 0; return *(long *)bpf_map_lookup_elem(&counts, &k); }`,
      /NULL/,
    ],
    [
      'a packet',
      `${XDP} { unsigned char *data = (void *)(long)ctx->data; return data[14]; }`,
      /packet is that long|data_end/,
    ],
    ['a number', `${RAW} { return ((struct task_struct *)ctx[1])->pid; }`, /bpf_probe_read_kernel/],
    ['the context', `${TRACEPOINT} { return ((u64 *)ctx)[4000]; }`, /the context has nothing there/],
    [
      'an acquired reference',
      `${TRACEPOINT} { struct event *e = bpf_ringbuf_reserve(&events, 4, 0); if (e && size) bpf_ringbuf_submit(e, 0); return 0; }`,
      /released on every path/,
    ],
    [
      'a length without a bound',
      `${TRACEPOINT} { char to[64] = {}; bpf_get_current_comm(to, size); return to[3]; }`,
      /length may be 0|no upper bound/,
    ],
    [
      'an index without a bound',
      `${TRACEPOINT} { char at[64] = {}; bpf_get_current_comm(at, 16); return at[size]; }`,
      /no upper bound/,
    ],
    [
      'an index past a map value',
      `${TRACEPOINT} { int k = 0; char *v = bpf_map_lookup_elem(&counts, &k); return v ? v[9] : 0; }`,
      /past the end of the map's value/,
    ],
    [
      'a register that was never written',
      `SEC("tp/sched/sched_process_exec") __attribute__((naked)) int prog(void *ctx) { asm volatile("r0 = r7; exit"); }`,
      /read where nothing was ever written/,
    ],
    [
      'a loop without an end',
      `SEC("tp/sched/sched_process_exec") __attribute__((naked)) int prog(void *ctx) { asm volatile("r0 = 0; if r0 == 0 goto -2; exit"); }`,
      /no end of the loop/,
    ],
    ['a function for the GPL', `${TRACEPOINT} { return bpf_trace_printk("x", 2); }`, /under the GPL/],
    [
      'a helper of other programs',
      `${TRACEPOINT} { return bpf_xdp_adjust_head(ctx, 0); }`,
      /may not call that helper/,
    ],
    [
      'types of another kernel',
      `${TRACEPOINT} { struct task_struct___other *t = ctx; return t->no_such; }`,
      /written for another kernel/,
    ],
    [
      'a write to constants',
      `const volatile int c; ${TRACEPOINT} { *(volatile int *)&c = 1; return 0; }`,
      /read-only/,
    ],
    [
      'a stack that was not written',
      `${TRACEPOINT} { long k[2]; k[0] = 0; return bpf_map_update_elem(&counts, (char *)k + 8, (char *)k + 9, 0); }`,
      /512 bytes of stack/,
    ],
    [
      'what a program returns',
      `SEC("cgroup_skb/ingress") int prog(struct __sk_buff *s) { return 77; }`,
      /must return one of/,
    ],
  ] as const) {
    kernelTest(`has a hint on ${what}`, () => {
      const { hint, reason } = explain(program);
      expect(`${reason}: ${hint}`).toMatch(expected);
    });
  }
});
