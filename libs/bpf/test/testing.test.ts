import { describe, expect, test } from '@jest/globals';
import { compileObject, kernelDescriptors, kernelTest } from '../src/testing/index.ts';

const SOURCE = `
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";
SEC("tracepoint/syscalls/sys_enter_getpid") int on_getpid(void *ctx) { return 0; }
`;

describe('compileObject', () => {
  kernelTest('makes an ELF object for BPF, and the same bytes again', () => {
    const object = compileObject(SOURCE);
    expect([...object.subarray(0, 4)]).toEqual([0x7f, 0x45, 0x4c, 0x46]);
    expect(object[18]).toBe(247); // e_machine: EM_BPF
    expect(compileObject(SOURCE)).toEqual(object);
  });

  kernelTest("throws with clang's words for a source that doesn't compile", () => {
    expect(() => compileObject('int f( {')).toThrow(/expected/);
  });
});

describe('kernelDescriptors', () => {
  test('counts the same when nothing was opened', () => {
    expect(kernelDescriptors()).toEqual(kernelDescriptors());
  });
});
