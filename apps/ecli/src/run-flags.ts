import type { FlagTable } from './flags.ts';
import { sourceFlagGroups, sourceFlags } from './source-flags.ts';

/** Which of a program's events, and what of them. */
const selection = {
  fields: { value: 'A,B', help: 'only these members, in this order; of nested ones a.b and a[1]' },
  filter: { value: 'EXPR', repeatable: true, help: "only events where it holds: 'pid==42', 'comm~^ba'" },
  sort: { value: 'FIELD', help: "sort a sampled map's entries by this member; -FIELD: descending" },
  map: { value: 'NAME', repeatable: true, help: 'show this map, in place of those that the package exports' },
} as const satisfies FlagTable;

const appearance = {
  output: { short: 'o', value: 'FORMAT', help: 'text (default), json, csv, or raw: the bytes as they came' },
  json: { short: 'j', help: 'the same as -o json' },
  timestamps: { value: 'KIND', help: 'local (of text the default), utc, iso, relative, none' },
  folded: { help: 'write stacks as folded lines, which flame-graph tools take' },
  color: { value: 'WHEN', help: 'auto (default: on a terminal), always, never' },
} as const satisfies FlagTable;

const attaching = {
  attach: {
    value: 'PROG=TARGET',
    repeatable: true,
    help: 'attach it there: an interface, a cgroup, a PID, binary:symbol',
  },
  netns: { value: 'PATH', help: 'attach in this network namespace: /run/netns/blue' },
  frequency: { value: 'HZ', help: 'how often a perf_event program samples each CPU a second' },
} as const satisfies FlagTable;

const limits = {
  timeout: { value: 'SECONDS', help: 'end after that long' },
  'max-events': { value: 'N', help: 'end after that many events' },
  'on-slow': { value: 'WHAT', help: 'while nobody takes the output: wait (default), or drop events' },
} as const satisfies FlagTable;

const insights = {
  stats: { help: 'say at the end what was shown, lost and spent' },
  trace: { help: 'show what programs write with bpf_printk, on standard error' },
} as const satisfies FlagTable;

const objects = {
  export: { value: 'STRUCT', help: "the object's struct that its events are, where it doesn't say" },
  btf: { value: 'FILE|DIR', help: "relocate against this BTF instead of the running kernel's" },
} as const satisfies FlagTable;

const kinds = {
  'program-type': {
    short: 'p',
    value: 'TYPE',
    help: "where REF's bytes and name don't say what it is: json, object, c, tar, wasm",
  },
} as const satisfies FlagTable;

/** The flags that decide what REF is and how it is got, so that they must stand before it. */
export const leadingFlags = { ...kinds, ...sourceFlags } as const satisfies FlagTable;

/** What the user wishes of a program, whatever it is; these may also stand among the program's arguments. */
export const wishFlags = {
  ...selection,
  ...appearance,
  ...attaching,
  ...limits,
  ...insights,
  ...objects,
} as const satisfies FlagTable;

export const runFlags = { ...leadingFlags, ...wishFlags } as const satisfies FlagTable;

/** The flags of `ecli run` as help lists them. */
export const runFlagGroups = {
  'What is shown': selection,
  'How it is shown': appearance,
  'Where it is attached': attaching,
  'When it ends, and what may be dropped': limits,
  'What happens inside': insights,
  'How REF is read': { ...kinds, ...objects },
  ...sourceFlagGroups,
} as const;
