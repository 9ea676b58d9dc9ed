import { describe, expect, test } from '@jest/globals';
import { explainRefusal, explanationLines } from './explanation.ts';
import { verifierStatistics } from './statistics.ts';

/** As Linux 6.18 writes it. */
const LOG = `0: R1=ctx() R10=fp0
; int key = 0; @ counter.bpf.c:30
0: (b7) r1 = 0                        ; R1_w=0
1: (63) *(u32 *)(r10 -4) = r1         ; R1_w=0 R10=fp0 fp-8=0000????
; long *value = bpf_map_lookup_elem(&counts, &key); @ counter.bpf.c:31
6: (85) call bpf_map_lookup_elem#1    ; R0_w=map_value_or_null(id=1,map=counts,ks=4,vs=8)
; *value += 1; @ counter.bpf.c:32
7: (79) r1 = *(u64 *)(r0 +0)
R0 invalid mem access 'map_value_or_null'
verification time 74 usec
stack depth 4+8
processed 8 insns (limit 1000000) max_states_per_insn 0 total_states 1 peak_states 2 mark_read 3`.split('\n');

describe('explainRefusal', () => {
  test('finds the reason, the instruction, its registers and its line of source', () => {
    expect(explainRefusal(LOG)).toMatchObject({
      reason: "R0 invalid mem access 'map_value_or_null'",
      context: [],
      instruction: { index: 7, text: 'r1 = *(u64 *)(r0 +0)' },
      registers: ['R0=map_value_or_null(id=1,map=counts,ks=4,vs=8)'],
      source: { text: '*value += 1;', file: 'counter.bpf.c', line: 32 },
      hint: expect.stringContaining('NULL'),
    });
  });

  test('asks for the line of source where the kernel does not say it', () => {
    const find = (instruction: number) => ({ text: `line of ${instruction}`, file: 'a.c', line: 3 });
    const log = LOG.map((line) => line.replace(/ @ .*/, ''));
    const explanation = explainRefusal(log, find);
    expect(explanation?.source).toEqual({ text: 'line of 7', file: 'a.c', line: 3 });
    expect(explanation && explanationLines(explanation)[0]).toBe('at a.c:3: line of 7');
    expect(explainRefusal(log)?.source).toEqual({ text: '*value += 1;' });
  });

  test('takes what libbpf says of a relocation for the reason', () => {
    const log = [
      '0: <invalid CO-RE relocation>',
      'failed to resolve CO-RE relocation <byte_off> [24] struct task_struct.tgidx (0:105 @ offset 2464)',
      'processed 1 insns (limit 1000000) max_states_per_insn 0 total_states 0 peak_states 0 mark_read 0',
    ];
    expect(explainRefusal(log)).toMatchObject({
      reason: expect.stringContaining('task_struct.tgidx'),
      instruction: { index: 0 },
      hint: expect.stringContaining('another kernel'),
    });
  });

  test.each([
    ['BPF program is too large. Processed 1000001 insn', 'too many'],
    ['combined stack size of 2 calls is 544. Too large', '512 bytes'],
    ['Unreleased reference id=2 alloc_insn=4', 'released on every path'],
    ['back-edge from insn 9 to 3', 'no end of the loop'],
    ["ldimm64 failed to find the address for kernel symbol 'runqueues'.", 'CONFIG_KALLSYMS_ALL'],
  ])('has a hint on %s', (reason, hint) => {
    expect(explainRefusal([reason])?.hint).toContain(hint);
  });

  test('has nothing to say of nothing', () => {
    expect(explainRefusal([])).toBeUndefined();
  });
});

test('verifierStatistics reads what the verifier spent', () => {
  expect(verifierStatistics(LOG)).toEqual({
    processedInstructions: 8,
    instructionLimit: 1_000_000,
    maxStatesPerInstruction: 0,
    totalStates: 1,
    peakStates: 2,
    longestMarkRead: 3,
    verificationUs: 74,
    stackDepth: [4, 8],
  });
  expect(verifierStatistics([])).toBeUndefined();
});
