import { describe, expect, test } from '@jest/globals';
import { sectionKind, sectionTarget } from './section-kind.ts';

describe('sectionKind', () => {
  test.each([
    ['tp/sched/sched_switch', 'tracefs'],
    ['?kprobe/do_exit', 'kprobe'],
    ['fentry.s/do_exit', 'fentry'],
    ['uretprobe.s//bin/sh:main', 'uprobe'],
    ['kprobe.multi/do_*', 'kprobe_multi'],
    ['lsm.s/file_open', 'lsm'],
    ['uprobe.multi.s//bin/sh:*', 'uprobe_multi'],
    ['iter.s/task', 'iterator'],
    ['raw_tp.w/sched_switch', 'raw_tracepoint'],
  ])('knows what %s needs of the kernel', (section, feature) => {
    expect(sectionKind(section).feature).toBe(feature);
  });

  test.each(['xdp', 'xdp.frags', 'xdp/cpumap'])('knows what %s leaves open', (section) => {
    expect(sectionKind(section).needs).toBe('a network interface');
  });

  test.each(['', 'constructor', '__proto__/x', 'nonsense'])('asks nothing more for %p', (section) => {
    expect(sectionKind(section)).toEqual({});
  });
});

describe('sectionTarget', () => {
  test('is what stands behind the kind', () => {
    expect(sectionTarget('tp/sched/sched_switch')).toBe('sched/sched_switch');
    expect(sectionTarget('uprobe//bin/sh:main')).toBe('/bin/sh:main');
    expect(sectionTarget('xdp')).toBe('');
  });
});
