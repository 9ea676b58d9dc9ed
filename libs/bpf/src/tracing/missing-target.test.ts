import { describe, expect } from '@jest/globals';
import { kernelTest } from '../testing/index.ts';
import { targetMissing } from './missing-target.ts';
import { nearTargets } from './near-targets.ts';

function missing(section: string): [message: string | undefined, hint: string | undefined] {
  const error = targetMissing({ name: 'p', section }, '');
  return [error?.message, error?.hint];
}

describe('a target that is not there', () => {
  kernelTest('is told by kallsyms and offered near names, for functions of the kernel', () => {
    expect(missing('kprobe/do_sys_openat2')).toEqual([undefined, undefined]);
    expect(missing('kprobe/do_sys_openat2+0x4')).toEqual([undefined, undefined]);
    const [message, hint] = missing('kretprobe/do_sys_openat22');
    expect(message).toBe(
      'program p (kretprobe/do_sys_openat22): this kernel has no function do_sys_openat22',
    );
    expect(hint).toContain('do_sys_openat2');
  });

  kernelTest('is told for patterns and system calls', () => {
    expect(missing('kprobe.multi/do_sys_*')).toEqual([undefined, undefined]);
    expect(missing('kprobe.multi/no_such_*')[0]).toContain('this kernel has no function like no_such_*');
    expect(missing('ksyscall/openat')).toEqual([undefined, undefined]);
    expect(missing('ksyscall/openatt')).toEqual([
      'program p (ksyscall/openatt): this kernel has no system call openatt',
      expect.stringContaining('openat'),
    ]);
  });

  kernelTest('is told for tracepoints, and not where it is there', () => {
    expect(missing('tp/sched/sched_switch')).toEqual([undefined, undefined]);
    expect(missing('tp/sched/sched_swich')[1]).toContain('sched/sched_switch');
    expect(missing('perf_event')).toEqual([undefined, undefined]);
  });

  kernelTest('is offered near names where the kernel goes by its types', () => {
    expect(nearTargets('fentry/do_sys_openat22')).toContain('do_sys_openat2');
    expect(nearTargets('lsm/file_opn')).toContain('file_open');
    expect(nearTargets('iter/bpf_mapp')).toContain('bpf_map');
    expect(nearTargets('tp_btf/sched_swich')).toEqual(['sched_switch']);
  });
});
