import { afterEach, describe, expect, test } from '@jest/globals';
import { kernelDescriptors, kernelTest } from '@ecli/bpf/testing';
import { ArgumentError, type LoadSpec } from '@ecli/core';
import type { ExportConfig } from '@ecli/packages';
import { kill, killsObject, killsSpec, packageOf } from './kills-package.ts';
import { pairSpec, pairType } from './pair-package.ts';
import { detachAll, failureOf, Recording, runner } from './recording.ts';

afterEach(detachAll);

function both(changes: Partial<LoadSpec> = {}): LoadSpec {
  return pairSpec(
    { calls: { btf_type_id: pairType('call') }, notes: { btf_type_id: pairType('note') } },
    changes,
  );
}

/** Everything that comes of two signals, of one map after the other. */
async function linesOf(spec: LoadSpec, count = 4): Promise<string[]> {
  const recording = await Recording.attached(spec);
  kill(2);
  await recording.until(() => recording.lines().length >= count);
  await recording.program.detach();
  return recording.lines();
}

function of(map: string, lines: readonly string[]): string[] {
  return lines.filter((line) => line.includes(map));
}

describe('several exports', () => {
  kernelTest('in JSON are objects with one member, named by the map', async () => {
    const lines = await linesOf(both());
    expect(of('calls', lines)).toEqual([
      `{"calls":{"target":${process.pid},"number":1}}`,
      `{"calls":{"target":${process.pid},"number":2}}`,
    ]);
    expect(of('notes', lines)[0]).toBe('{"notes":{"text":"a,\\"b\\"","flags":5,"rest":4097}}');
    expect(lines).toHaveLength(4);
  });

  kernelTest("in text begin with the map's name, and each has its header", async () => {
    const lines = await linesOf(both({ format: 'text', presentation: { timestamps: 'none' } }), 6);
    expect(lines.slice(0, 2)).toEqual(['calls TARGET NUMBER ', 'notes TEXT   FLAGS  REST   ']);
    expect(of('calls', lines)[1]).toBe(`calls  ${String(process.pid).padEnd(5)} 1`);
    expect(of('notes', lines)[1]).toBe('notes  a,"b" 5      4097');
  });

  kernelTest("in CSV have the map's name in the first column, of headers too", async () => {
    const lines = await linesOf(both({ format: 'csv' }), 6);
    expect(lines.slice(0, 2)).toEqual(['calls,target,number', 'notes,text,flags,rest']);
    expect(of('calls', lines)[2]).toBe(`calls,${process.pid},2`);
    expect(of('notes', lines)[1]).toBe('notes,"a,""b""",5,4097');
  });

  kernelTest('share the number of events wanted', async () => {
    const recording = await Recording.attached(both({ maxEvents: 3 }));
    kill(5);
    await recording.completion;
    expect(recording.lines()).toHaveLength(3);
    expect(recording.program.counts).toMatchObject({ events: 3 });
  });

  test('are all to have the fields and the members of filters; the hint says how to show one alone', async () => {
    for (const presentation of [{ fields: ['number'] }, { filters: ['number>1'] }]) {
      const error = await failureOf(runner.load(both({ presentation })));
      expect(error).toBeInstanceOf(ArgumentError);
      expect(error.message).toContain('map notes: ');
      expect(error.hint).toContain('--map shows one of the maps alone: calls, notes');
    }
  });

  kernelTest('of which the user names one are that one, as if it were alone', async () => {
    const lines = await linesOf(both({ presentation: { maps: ['notes'] } }), 2);
    expect(lines).toHaveLength(2);
    expect(lines[0]).toBe('{"text":"a,\\"b\\"","flags":5,"rest":4097}');
  });
});

describe('members that a package lists', () => {
  const members = (offset: number, btf_type_id: number): ExportConfig => ({
    custom_members: [{ name: 'second', offset, btf_type_id }],
  });

  kernelTest('are shown as listed', async () => {
    const lines = await linesOf(pairSpec({ calls: members(4, pairType('int', 'int')) }), 2);
    expect(lines).toEqual(['{"second":1}', '{"second":2}']);
  });

  test.each([
    ['a type that is not there', members(0, 4_000_000), 'second'],
    ['an offset before the sample', members(-4, 1), 'custom_members[0].offset'],
    ['an offset past all samples', members(1 << 30, pairType('call')), 'bytes are more than one event'],
  ])('with %s are refused before anything is loaded', async (_, config, named) => {
    const before = kernelDescriptors();
    const error = await failureOf(runner.load(pairSpec({ calls: config })));
    expect(error.code).toBe('PACKAGE_INVALID');
    expect(error.message).toContain(named);
    expect(kernelDescriptors()).toEqual(before);
  });
});

describe('an export type', () => {
  test('that is none of the BTF is refused', async () => {
    const error = await failureOf(runner.load(pairSpec({ calls: { btf_type_id: 4_000_000 } })));
    expect(error.message).toContain('map calls: btf_type_id 4000000 is not among');
  });
});

describe('formats', () => {
  const spec = (changes: Partial<LoadSpec>): LoadSpec => killsSpec(packageOf(killsObject()), changes);

  kernelTest('raw is each sample after its length', async () => {
    const recording = await Recording.attached(
      pairSpec({ calls: { btf_type_id: pairType('call') } }, { format: 'raw' }),
    );
    kill(2);
    await recording.until(() => recording.chunks.reduce((sum, { lines }) => sum + lines, 0) === 2);
    await recording.program.detach();
    const bytes = Buffer.concat(recording.chunks.map((chunk) => chunk.bytes));
    const words = Array.from({ length: bytes.length / 4 }, (_, index) => bytes.readUInt32LE(index * 4));
    expect(words).toEqual([8, process.pid, 1, 8, process.pid, 2]);
  });

  kernelTest('JSON carries a time where one is asked for', async () => {
    const [line = ''] = await linesOf(spec({ presentation: { timestamps: 'iso', fields: ['number'] } }), 2);
    expect(line).toMatch(/^\{"timestamp":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z","number":0\}$/);
  });

  kernelTest('text has the chosen fields in their order, nested ones by their paths', async () => {
    const presentation = { fields: ['label', 'list[1]'], timestamps: 'relative' } as const;
    const lines = await linesOf(spec({ format: 'text', presentation }), 3);
    expect(lines[0]).toBe('TIME         LABEL  LIST[1] ');
    expect(lines[1]).toMatch(/^ +\d+\.\d{6} {2}unset 2$/);
  });

  kernelTest('show only what the filters let through', async () => {
    const recording = await Recording.attached(spec({ presentation: { filters: ['number>6 && number<8'] } }));
    kill(10);
    await recording.program.detach();
    expect(recording.numbers()).toEqual([7]);
  });

  test('do not sort events', async () => {
    const error = await failureOf(runner.load(spec({ presentation: { sort: '-number' } })));
    expect(error).toBeInstanceOf(ArgumentError);
    expect(error.message).toContain('--sort');
  });

  test('offer a near name for a map that is not there', async () => {
    const error = await failureOf(runner.load(spec({ presentation: { maps: ['event'] } })));
    expect(error).toBeInstanceOf(ArgumentError);
    expect(error.hint).toBe('did you mean events?');
  });
});
