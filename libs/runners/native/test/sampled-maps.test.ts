import { afterEach, describe, expect, test } from '@jest/globals';
import { kernelDescriptors, kernelTest } from '@ecli/bpf/testing';
import type { LoadSpec, Presentation } from '@ecli/core';
import type { SampleMeta } from '@ecli/packages';
import { kill } from './kills-package.ts';
import { detachAll, failureOf, Recording, runner } from './recording.ts';
import { sampledSpec } from './sampled-package.ts';

afterEach(detachAll);

/** What the last reading shows after so many signals. */
async function linesAfter(spec: LoadSpec, signals: number): Promise<string[]> {
  const recording = await Recording.attached(spec);
  kill(signals);
  await recording.program.detach();
  return recording.lines();
}

const screen = { columns: 80, rows: 24, colors: false };
const onScreen = (more: Partial<Presentation> = {}): Partial<LoadSpec> => ({
  presentation: { screen, timestamps: 'none', ...more },
});

describe('a sampled map', () => {
  kernelTest('is rows of keys and values, with the time', async () => {
    const [header, row, ...rest] = await linesAfter(sampledSpec({ counts: {} }), 3);
    expect(header).toBe('TIME     KEY    VALUE  ');
    expect(row).toMatch(/^\d\d:\d\d:\d\d {2}\{"pid":7,"name":"ab\\"c"\} \{"count":3,"last":-5\}$/);
    expect(rest).toEqual([]);
  });

  kernelTest('is an object of key and value, as JSON, whatever it is sampled as', async () => {
    const spec = sampledSpec({ hists: { type: 'log2_hist' } }, { format: 'json' });
    const slots = [2, 1, 1, ...new Array<number>(23).fill(0)];
    expect(await linesAfter(spec, 5)).toEqual([
      `{"key":{"__u32":4294967295},"value":{"slots":${JSON.stringify(slots)},"comm":"tester"}}`,
    ]);
  });

  kernelTest('is a histogram, as text', async () => {
    const spec = sampledSpec({ hists: { type: 'log2_hist', unit: 'usecs' } });
    expect(await linesAfter(spec, 9)).toEqual([
      'key =  4294967295',
      'comm = tester',
      '',
      '     usecs               : count    distribution',
      '         0 -> 1          : 3        |****************************************|',
      '         2 -> 3          : 2        |**************************              |',
      '         4 -> 7          : 2        |**************************              |',
      '',
    ]);
  });

  kernelTest('of which each CPU has its own is added up for a histogram', async () => {
    const spec = sampledSpec({ cpu_hists: { type: 'linear_hist' } });
    expect(await linesAfter(spec, 6)).toEqual([
      'key =  0',
      '',
      '     (unit)              : count    distribution',
      '         0 -> 0          : 2        |****************************************|',
      '         1 -> 1          : 2        |****************************************|',
      '         2 -> 2          : 1        |********************                    |',
      '         3 -> 3          : 1        |********************                    |',
      '',
    ]);
  });

  kernelTest('of which each CPU has its own shows the values of all, as entries', async () => {
    const [line = ''] = await linesAfter(sampledSpec({ cpu_counts: {} }, { format: 'json' }), 4);
    const { value } = JSON.parse(line) as { value: { __u32: number }[] };
    expect(Math.max(...value.map(({ __u32: number }) => number))).toBe(4);
  });

  kernelTest('is read after each interval', async () => {
    const recording = await Recording.attached(
      sampledSpec({ plain_map: { interval: 20 } }, { format: 'json' }),
    );
    kill(1);
    await recording.until(() => recording.lines().length >= 6);
    await recording.program.detach();
    const lines = recording.lines();
    expect(lines.length % 2).toBe(0);
    expect(lines.slice(-2)).toEqual([
      '{"key":{"__u32":0},"value":{"__u64":1}}',
      '{"key":{"__u32":1},"value":{"__u64":0}}',
    ]);
  });

  kernelTest('that is cleared shows what came since the reading before', async () => {
    const spec = sampledSpec({ counts: { interval: 20, clear_map: true } }, { format: 'json' });
    const recording = await Recording.attached(spec);
    kill(3);
    await recording.until(() => recording.lines().length > 0);
    const seen = recording.lines().length;
    kill(2);
    await recording.until(() => recording.lines().length > seen);
    await recording.program.detach();
    const counts = recording.events().map(({ value }) => (value as { count: number }).count);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(5);
  });

  kernelTest('that is a queue is emptied where it is cleared', async () => {
    const spec = sampledSpec({ numbers: { clear_map: true } }, { format: 'json' });
    expect(await linesAfter(spec, 3)).toEqual([1, 2, 3].map((number) => `{"value":{"__u32":${number}}}`));
  });

  kernelTest('that is a queue shows its next value, and says so', async () => {
    const recording = await Recording.attached(sampledSpec({ numbers: {} }, { format: 'json' }));
    kill(3);
    await recording.program.detach();
    expect(recording.lines()).toEqual(['{"value":{"__u32":1}}']);
    expect(recording.lines('stderr')[0]).toContain('map numbers: only the next value of a queue or stack');
  });

  kernelTest('has chosen fields, filters and an order', async () => {
    const presentation = {
      fields: ['value.count', 'key.pid'],
      filters: ['key.pid==7'],
      timestamps: 'none',
    } as const;
    expect(await linesAfter(sampledSpec({ counts: {} }, { presentation }), 2)).toEqual([
      'VALUE.COUNT KEY.PID ',
      ' 2          7',
    ]);
    const sorted = { sort: '-key', timestamps: 'none' } as const;
    const spec = sampledSpec({ plain_map: {} }, { format: 'json', presentation: sorted });
    const keys = (await linesAfter(spec, 1)).map((line) => /__u32":(\d)/.exec(line)?.[1]);
    expect(keys).toEqual(['1', '0']);
  });

  kernelTest('is key and value after their length, raw', async () => {
    const recording = await Recording.attached(sampledSpec({ cpu_hists: {} }, { format: 'raw' }));
    await recording.program.detach();
    const [chunk] = recording.chunks;
    const bytes = Buffer.from(chunk?.bytes ?? []);
    expect(bytes.readUInt32LE(0)).toBe(bytes.length - 4);
    expect((bytes.length - 4 - 4) % 32).toBe(0);
  });

  kernelTest('beside another has its name before its rows', async () => {
    const lines = await linesAfter(sampledSpec({ plain_map: {}, hists: { type: 'log2_hist' } }), 1);
    expect(lines.filter((line) => line.includes('key ='))).toEqual(['hists     key =  4294967295']);
    expect(lines.find((line) => line.includes('__u64'))).toMatch(/^plain_map \d\d:/);
  });

  kernelTest('counts what it shows, and ends after as many as are wanted', async () => {
    const recording = await Recording.attached(
      sampledSpec({ plain_map: { interval: 10 } }, { format: 'json', maxEvents: 3 }),
    );
    await recording.completion;
    expect(recording.lines()).toHaveLength(3);
    expect(recording.program.counts).toMatchObject({ events: 3, lost: 0 });
  });
});

describe('on a screen', () => {
  kernelTest('a sampled map is a frame: a table with a title', async () => {
    const recording = await Recording.attached(sampledSpec({ counts: {} }, onScreen()));
    kill(4);
    await recording.program.detach();
    expect(recording.chunks.map(({ frame }) => frame)).toEqual(['counts']);
    const [title, heading, row, ...rest] = recording.lines();
    expect(title).toMatch(/^counts {2}1 entry {2}\+[\d.]+\/s$/);
    expect(heading).toMatch(/^KEY\.PID +KEY\.NAME +VALUE\.COUNT +VALUE\.LAST$/);
    expect(row).toMatch(/^ +7 {2}ab"c +4 +-5$/);
    expect(rest).toEqual([]);
  });

  kernelTest('histograms are one frame that fits', async () => {
    const narrow = { screen: { ...screen, columns: 60, rows: 8 } };
    const recording = await Recording.attached(
      sampledSpec({ hists: { type: 'log2_hist' } }, onScreen(narrow)),
    );
    kill(3);
    await recording.program.detach();
    expect(recording.chunks.map(({ frame }) => frame)).toEqual(['hists']);
    const lines = recording.lines();
    expect(lines[0]).toMatch(/^hists {2}3 events {2}\+[\d.]+\/s$/);
    expect(lines).toContain('         0 -> 1          : 1        |**********************|');
    expect(lines.length).toBeLessThanOrEqual(8);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(60);
  });
});

describe('a map that cannot be sampled as told is refused before anything is loaded', () => {
  const refused: readonly (readonly [string, Record<string, Partial<SampleMeta>>, string])[] = [
    ['slots that are letters', { letter_map: { type: 'log2_hist' } }, 'map letter_map: the member slots'],
    ['no slots', { counts: { type: 'linear_hist' } }, 'map counts: '],
    ['an interval of 0', { counts: { interval: 0 } }, 'map counts: its sample interval is 0 ms'],
    ['an interval below 0', { counts: { interval: -5 } }, 'map counts: its sample interval is -5 ms'],
    [
      'an interval of a month',
      { counts: { interval: 2_000_000_000 } },
      'map counts: its sample interval is 2000000000 ms',
    ],
    [
      'a type without entries',
      { tasks: {} },
      "map tasks: the entries of a BPF_MAP_TYPE_TASK_STORAGE can't be read",
    ],
  ];
  test.each(refused)('%s', async (_, samples, named) => {
    const before = kernelDescriptors();
    const error = await failureOf(runner.load(sampledSpec(samples)));
    expect(['PACKAGE_INVALID', 'FEATURE_UNSUPPORTED']).toContain(error.code);
    expect(error.message).toContain(named);
    expect(error.hint).toBeDefined();
    expect(kernelDescriptors()).toEqual(before);
  });

  test('members past the end of its values', async () => {
    const spec = sampledSpec({ plain_map: {} }, {}, (map) => ({
      ...map,
      export_config: { custom_members: [{ name: 'far', offset: 8, btf_type_id: 1 }] },
    }));
    const error = await failureOf(runner.load(spec));
    expect(error.code).toBe('PACKAGE_INVALID');
    expect(error.message).toContain('far');
  });
});
