import { describe, expect, test } from '@jest/globals';
import { traceLine } from './trace-line.ts';

describe('traceLine', () => {
  test.each([
    [
      '            bash-1234    [001] ...21  8577.123456: bpf_trace_printk: killed 7',
      'bash-1234 [001] 8577.123456: killed 7',
    ],
    [
      '     Web Content-77 [000] d..1 1.000001: bpf_trace_printk: a: b',
      'Web Content-77 [000] 1.000001: a: b',
    ],
    ['kworker/0:1-ev-9 ( 12) [003] .... 5.5: bpf_trace_printk: x', 'kworker/0:1-ev-9 [003] 5.5: x'],
    [
      '<idle>-0 (-----) [000] d.s. 5.500000: 0x00000001: of Linux 5.8',
      '<idle>-0 [000] 5.500000: of Linux 5.8',
    ],
    ['cat-3 [012] 6.25: bpf_trace_printk: without flags', 'cat-3 [012] 6.25: without flags'],
    ['cat-3 [012] .... 6.25: bpf_trace_printk: ', 'cat-3 [012] 6.25: '],
    ['the second line of a text', 'the second line of a text'],
    ['CPU:1 [LOST 27 EVENTS]', '27 lines lost on CPU 1: they came faster than they were read'],
    ['', ''],
  ])('%j', (line, shown) => {
    expect(traceLine(line)).toBe(shown);
  });
});
