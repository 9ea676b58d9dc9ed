import { describe, expect, test } from '@jest/globals';
import { type Layout, sampleMemory } from '@ecli/btf';
import type { OutputFormat, Presentation } from '@ecli/core';
import { compileStackRows, type StackRowSettings } from './compile-stack-rows.ts';

type Field = Layout['fields'][number];

const SLOTS = 4;
const integer = (size: number): Field['shape'] => ({ kind: 'integer', signed: true, size, height: 0 });
const stack: Field['shape'] = {
  kind: 'array',
  element: integer(8),
  length: SLOTS,
  size: SLOTS * 8,
  stride: 8,
  height: 1,
};
const field = (name: string, offset: number, shape: Field['shape']): Field => ({
  name,
  shape,
  bitOffset: offset * 8,
  bitSize: 0,
});

const LAYOUT: Layout = {
  spelling: 'struct stacktrace_event',
  size: 32 + 2 * SLOTS * 8,
  fields: [
    field('pid', 0, integer(4)),
    field('cpu_id', 4, integer(4)),
    field('comm', 8, { kind: 'string', size: 16, height: 0 }),
    field('kstack_sz', 24, integer(4)),
    field('ustack_sz', 28, integer(4)),
    field('kstack', 32, stack),
    field('ustack', 32 + SLOTS * 8, stack),
  ],
};

interface Sample {
  readonly comm?: string;
  readonly kernelSize?: number;
  readonly userSize?: number;
  readonly kernel?: readonly bigint[];
  readonly user?: readonly bigint[];
}

/** A sample of a process that isn't there. */
function sampleOf({ comm = 'cat', kernel = [], user = [], ...sizes }: Sample): Buffer {
  const bytes = Buffer.alloc(LAYOUT.size);
  bytes.writeInt32LE(0x7fffffff, 0);
  bytes.writeInt32LE(3, 4);
  bytes.write(comm, 8, 16, 'latin1');
  bytes.writeInt32LE(sizes.kernelSize ?? kernel.length * 8, 24);
  bytes.writeInt32LE(sizes.userSize ?? user.length * 8, 28);
  kernel.forEach((address, index) => bytes.writeBigUInt64LE(address, 32 + 8 * index));
  user.forEach((address, index) => bytes.writeBigUInt64LE(address, 32 + 8 * (SLOTS + index)));
  return bytes;
}

interface Request {
  readonly format?: OutputFormat;
  readonly presentation?: Presentation;
  readonly mapColumn?: StackRowSettings['mapColumn'];
  readonly withSymbols?: boolean;
  readonly layout?: Layout;
  readonly fieldMap?: Parameters<typeof compileStackRows>[1]['field_map'];
}

function compile(request: Request = {}, said: string[] = []) {
  const { format = 'text', presentation = {}, mapColumn, withSymbols = false, layout = LAYOUT } = request;
  const meta = { field_map: request.fieldMap ?? {}, with_symbols: withSymbols };
  const settings = {
    format,
    presentation,
    mapColumn,
    startUs: () => 0,
    say: (line: string) => said.push(line),
  };
  return compileStackRows(layout, meta, settings);
}

/** The rows of samples, and what is written at the end. */
function show(samples: readonly Sample[], request: Request = {}, said: string[] = []): string {
  const rows = compile(request, said);
  rows.setTime(0);
  const text = samples.map((sample) => {
    const memory = sampleMemory(Uint8Array.from(sampleOf(sample)));
    const out = new Uint8Array(rows.maxBytes);
    return Buffer.from(out.subarray(0, rows.write(memory, 0, out, 0, LAYOUT.size))).toString();
  });
  return text.join('') + (rows.finish?.() ?? '');
}

const BOTH: Sample = { kernel: [0xffffffff81000010n, 0xffffffff81000020n], user: [0x401234n, 0x401000n] };

describe('stacks as text', () => {
  test('are whose they are, and a line for each frame', () => {
    expect(show([BOTH])).toBe(
      [
        'COMM: cat (pid=2147483647) @ CPU 3',
        'Kernel:',
        '  0 [<ffffffff81000010>]',
        '  1 [<ffffffff81000020>]',
        'Userspace:',
        '  0 [<0000000000401234>]',
        '  1 [<0000000000401000>]',
        '',
        '',
      ].join('\n'),
    );
  });

  test('say that there are none, also where a size is an error', () => {
    const none = 'COMM: cat (pid=2147483647) @ CPU 3\nNo Kernel Stack\nNo Userspace Stack\n\n';
    expect(show([{ kernelSize: -14, userSize: 0 }])).toBe(none);
  });

  test('tell what other members there are, a line each', () => {
    const layout = { ...LAYOUT, fields: [field('waited_us', 4, integer(4)), ...LAYOUT.fields] };
    const text = 'COMM: cat (pid=2147483647) @ CPU 3\nwaited_us = 3\nNo Kernel Stack\nNo Userspace Stack\n\n';
    expect(show([{}], { layout })).toBe(text);
  });

  test('are cut where a size is past the room for them, which is said once', () => {
    const said: string[] = [];
    const sample = { userSize: 4096, user: [1n, 2n, 3n, 4n] };
    const shown = show([sample, sample], {}, said);
    expect(shown.match(/^ {2}\d \[/gm)).toHaveLength(8);
    expect(said).toEqual(['a user stack says it has 4096 bytes, 32 of ustack are shown']);
  });

  test('of a process that has ended are addresses', () => {
    const shown = show([{ user: [0x401234n] }], { withSymbols: true });
    expect(shown).toContain('Userspace:\n  0 [<0000000000401234>]\n');
  });

  test('show a name that could control a terminal spelled out', () => {
    expect(show([{ comm: 'a\x1b[2J\n' }])).toContain('COMM: a\\x1b[2J\\n (pid=');
  });

  test('begin with the map and the time where these are asked for', () => {
    const request = { presentation: { timestamps: 'utc' as const }, mapColumn: { name: 'stacks', width: 8 } };
    expect(show([{}], request)).toMatch(/^stacks {3}00:00:00 COMM: cat/);
  });

  test('fit in the bytes they say, whatever the names', () => {
    const rows = compile({ withSymbols: true });
    expect(rows.maxBytes).toBeGreaterThan(2 * SLOTS * 1500);
  });
});

describe('stacks as JSON', () => {
  test('follow the other members', () => {
    expect(JSON.parse(show([BOTH], { format: 'json' }))).toEqual({
      pid: 2147483647,
      cpu_id: 3,
      comm: 'cat',
      kstack: [{ address: '0xffffffff81000010' }, { address: '0xffffffff81000020' }],
      ustack: [{ address: '0x0000000000401234' }, { address: '0x0000000000401000' }],
    });
  });

  test.each([
    [['comm', 'ustack'], { comm: 'cat', ustack: [] }],
    [['kstack'], { kstack: [] }],
    [['ustack', 'kstack'], { kstack: [], ustack: [] }],
    [['pid'], { pid: 2147483647 }],
  ])('are chosen by fields: %p', (fields, expected) => {
    expect(JSON.parse(show([{}], { format: 'json', presentation: { fields } }))).toEqual(expected);
  });

  test('lie in the object of their map, with the time where it is asked for', () => {
    const request: Request = {
      format: 'json',
      presentation: { timestamps: 'utc', fields: ['ustack'] },
      mapColumn: { name: 'stacks', width: 6 },
    };
    expect(JSON.parse(show([{}], request))).toEqual({ stacks: { timestamp: '00:00:00', ustack: [] } });
  });
});

describe('stacks as CSV', () => {
  test('are one cell each, the outermost first', () => {
    const request: Request = { format: 'csv' };
    expect(compile(request).header).toBe('pid,cpu_id,comm,kstack,ustack');
    expect(show([BOTH, {}], request)).toBe(
      '2147483647,3,cat,"0xffffffff81000020;0xffffffff81000010","0x0000000000401000;0x0000000000401234"\n' +
        '2147483647,3,cat,"",""\n',
    );
  });

  test('are all there is where only they are chosen', () => {
    const request: Request = { format: 'csv', presentation: { fields: ['ustack'] } };
    expect(compile(request).header).toBe('ustack');
    expect(show([BOTH], request)).toBe('"0x0000000000401000;0x0000000000401234"\n');
  });
});

describe('folded stacks', () => {
  const presentation = { folded: true };

  test('are counted, and written sorted at the end', () => {
    expect(show([BOTH, { comm: 'b;sh' }, BOTH, { user: [0x401000n] }], { presentation })).toBe(
      'b:sh 1\n' +
        'cat;0x0000000000401000 1\n' +
        'cat;0x0000000000401000;0x0000000000401234;0xffffffff81000020_[k];0xffffffff81000010_[k] 2\n',
    );
  });

  test('that have no name say so', () => {
    expect(show([{ user: [1n] }], { presentation, withSymbols: true })).toBe('cat;[unknown] 1\n');
  });
});

describe('a struct', () => {
  const without = (name: string) => ({ ...LAYOUT, fields: LAYOUT.fields.filter((one) => one.name !== name) });
  const withField = (changed: Field) => ({
    ...LAYOUT,
    fields: LAYOUT.fields.map((one) => (one.name === changed.name ? changed : one)),
  });

  test.each(['pid', 'cpu_id', 'comm', 'kstack_sz', 'ustack_sz', 'kstack', 'ustack'])(
    'without %s is refused, naming it',
    (name) => {
      expect(() => compile({ layout: without(name) })).toThrow(
        `struct stacktrace_event has no member ${name}`,
      );
    },
  );

  test.each([
    [field('pid', 0, integer(2)), 'member pid is not an integer of 4 or 8 bytes'],
    [{ ...field('pid', 0, integer(4)), bitSize: 3 }, 'member pid is not an integer of 4 or 8 bytes'],
    [field('comm', 8, integer(4)), 'member comm is not an array of char'],
    [field('kstack_sz', 24, stack), 'member kstack_sz is not an integer of 4 or 8 bytes'],
    [field('kstack', 32, integer(8)), 'member kstack is not an array of 64-bit integers'],
    [field('ustack', 64, { ...stack, element: integer(4) }), 'member ustack is not an array'],
  ])('with a member of another type is refused: %#', (changed, message) => {
    expect(() => compile({ layout: withField(changed) })).toThrow(message);
  });

  test('may call its members as field_map says', () => {
    const fields = LAYOUT.fields.map((one) => (one.name === 'pid' ? { ...one, name: 'tgid' } : one));
    const layout = { ...LAYOUT, fields };
    expect(() => compile({ layout, fieldMap: { pid: 'tgid' } })).not.toThrow();
    expect(() => compile({ layout, fieldMap: { pid: 'tgidd' } })).toThrow(
      expect.objectContaining({
        code: 'PACKAGE_INVALID',
        message: 'stack_trace: struct stacktrace_event has no member tgidd (field_map.pid)',
        hint: 'did you mean tgid?',
      }),
    );
  });

  test('shown as text or folded has no fields to choose', () => {
    for (const presentation of [{ fields: ['pid'] }, { fields: ['pid'], folded: true }])
      expect(() => compile({ presentation })).toThrow('--fields: ');
  });
});
