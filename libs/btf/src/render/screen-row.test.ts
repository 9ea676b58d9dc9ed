import { describe, expect, test } from '@jest/globals';
import { rendered } from '../../test/render/rendered.ts';
import { TypeTable } from '../../test/render/type-table.ts';
import { WIDEST_COLUMN } from './column-widths.ts';
import { entryLayout, layoutOf } from './layout.ts';
import { compileScreenRow, type ScreenRowRenderer } from './screen-row.ts';

const colors = false;

function processes(options = { colors }): {
  renderer: ScreenRowRenderer;
  row: (pid: number, comm: string) => string;
} {
  const table = new TypeTable();
  const event = table.struct('event', [
    ['pid', table.int('int', 4, true)],
    ['comm', table.string(80)],
    ['ok', table.bool()],
  ]);
  const renderer = compileScreenRow(layoutOf(table, event), options);
  const row = (pid: number, comm: string): string => {
    const sample = Buffer.alloc(85);
    sample.writeInt32LE(pid, 0);
    sample.write(comm, 4);
    return rendered(renderer, sample);
  };
  return { renderer, row };
}

describe('compileScreenRow', () => {
  test('puts numbers to the right and text to the left', () => {
    const { renderer, row } = processes();
    expect(renderer.header).toBe('PID  COMM  OK');
    expect([row(1, 'a'), row(-12, 'bash')]).toEqual(['  1  a     false\n', '-12  bash  false\n']);
  });

  test('widens columns to their data and says so', () => {
    const { renderer, row } = processes();
    expect(row(1, 'a')).toBe('  1  a     false\n');
    const { version } = renderer;
    expect(row(123_456, 'systemd')).toBe('  123456  systemd   false\n');
    expect(renderer.version).not.toBe(version);
    expect(renderer.header).toBe('     PID  COMM      OK');
    const widened = renderer.version;
    expect(row(1, 'a')).toBe('       1  a         false\n');
    expect(renderer.version).toBe(widened);
  });

  test('lets a value past the widest column move its own row alone', () => {
    const { renderer, row } = processes();
    const long = 'x'.repeat(WIDEST_COLUMN + 5);
    expect(row(1, long)).toBe(`  1  ${long}  false\n`);
    const { version } = renderer;
    expect(row(1, long)).toBe(`  1  ${long}  false\n`);
    expect(row(1, 'a')).toBe(`  1  ${'a'.padEnd(WIDEST_COLUMN)}  false\n`);
    expect(renderer.version).toBe(version);
  });

  test('counts characters and not bytes', () => {
    const { row } = processes();
    expect(row(1, 'añ')).toBe('  1  añ    false\n');
  });

  test('tells values apart by colours', () => {
    const { renderer, row } = processes({ colors: true });
    const cyan = (text: string): string => `\x1b[36m${text}\x1b[39m`;
    const green = '\x1b[32mfalse\x1b[39m';
    expect(row(1, 'a')).toBe(`  1  ${cyan('a   ')}  ${green}\n`);
    expect(row(-2, 'a')).toBe(` \x1b[31m-2\x1b[39m  ${cyan('a   ')}  ${green}\n`);
    expect(renderer.header).toBe('\x1b[1mPID  COMM  OK\x1b[22m');
  });

  test('lets no escape sequence of a sample or a name through', () => {
    const table = new TypeTable();
    const event = table.struct('event', [['\x1b[2J', table.string(8)]]);
    const renderer = compileScreenRow(layoutOf(table, event), { colors });
    expect(renderer.header).toBe('\\x1b[2J');
    expect(rendered(renderer, Buffer.from('\x1b[2J\0\0\0\0'))).toBe('\\x1b[2J\n');
  });

  test('aligns numbers of any length, one that fills the row included', () => {
    const table = new TypeTable();
    const event = table.struct('event', [
      ['x', table.int('__int128', 16, true)],
      ['f', table.float(8)],
    ]);
    const renderer = compileScreenRow(layoutOf(table, event), { colors: true });
    const most = Buffer.alloc(24);
    most[15] = 0x80;
    most.writeDoubleLE(-1.2345678901234567e-308, 16);
    const red = (text: string): string => `\x1b[31m${text}\x1b[39m`;
    expect(rendered(renderer, most)).toBe(
      `${red('-170141183460469231731687303715884105728')}  ${red('-1.2345678901234567e-308')}\n`,
    );
    expect(rendered(renderer, Buffer.alloc(24))).toBe(`${'0'.padStart(40)}  ${'0'.padStart(24)}\n`);
  });

  test("has columns for the members of an entry's key and value", () => {
    const table = new TypeTable();
    const u32 = table.int('u32', 4, false);
    const stats = table.struct('stats', [
      ['count', u32],
      ['bytes', u32],
    ]);
    const renderer = compileScreenRow(entryLayout(table, { keyType: u32, valueType: stats }), { colors });
    expect(renderer.header).toBe('KEY  VALUE.COUNT  VALUE.BYTES');
    const entry = Buffer.alloc(16);
    [7, 0, 1, 2].forEach((value, index) => entry.writeUInt32LE(value, 4 * index));
    expect(rendered(renderer, entry)).toBe('  7            1            2\n');
  });
});
