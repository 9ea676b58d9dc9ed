import { describe, expect, test } from '@jest/globals';
import { ArgumentError } from '@ecli/core';
import type { AttachRequest, PlanContext, Planner } from './attachment.ts';
import { TRACING_PLANNERS } from './tracing.ts';

/** Plans a program of `section` at the place that a user names. */
function plan(section: string, asked: string): unknown {
  const [kind = '', target = ''] = section.split('/');
  const program = { name: 'p', section } as AttachRequest['program'];
  const request = { program, kind, target, asked, meta: { name: 'p', attach: section, link: true } };
  const planner: Planner | undefined = TRACING_PLANNERS[kind];
  const context = { object: { maps: [] }, spec: {} } as unknown as PlanContext;
  return planner?.(request, context);
}

describe('--attach', () => {
  test.each([
    ['perf_event', 'cycles:0'],
    ['perf_event', 'cycles:99999999999999999999'],
    ['perf_event', '4294967297'],
    ['iter/task', '0'],
    ['iter/task', '4294967297'],
    ['iter/bpf_map_elem', '0'],
    ['iter/bpf_map_elem', '4294967297'],
    ['freplace/f', '4294967297'],
  ])('of %s refuses a number that is none of that kind: %s', (section, asked) => {
    expect(() => plan(section, asked)).toThrow(ArgumentError);
    expect(() => plan(section, asked)).toThrow(`--attach p=${asked}: `);
  });
});
