import { beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { VirtualTerminal } from '../../../test/virtual-terminal.ts';
import { LiveRegion } from './live-region.ts';

const size = { columns: 30, rows: 8 };
let terminal: VirtualTerminal;
let region: LiveRegion;

beforeEach(() => {
  Object.assign(size, { columns: 30, rows: 8 });
  terminal = new VirtualTerminal(size);
  region = new LiveRegion(size);
});

/** As a terminal driver gives it to the terminal. */
const write = (text: string) => terminal.write(text.replaceAll('\n', '\r\n'));
const draw = () => write(region.draw());
const scroll = (...lines: readonly string[]) =>
  write(`${region.erase()}${lines.map((line) => `${line}\n`).join('')}${region.draw()}`);

describe('LiveRegion', () => {
  test('has nothing to draw at first', () => {
    expect([region.erase(), region.draw(), region.finish()]).toEqual(['', '', '']);
  });

  test('draws a picture over the one before, however long they are', async () => {
    region.status = 'status';
    for (const picture of ['a\nb\n', 'c\nd\ne\nf\n', 'g\n']) {
      region.setPicture('x', picture);
      await draw();
      expect(terminal.history).toEqual([...picture.trimEnd().split('\n'), '', 'status']);
    }
  });

  test('keeps pictures of several names in the order in which they came', async () => {
    for (const [name, picture] of ['a:1', 'b:2', 'a:3'].map((text) => text.split(':'))) {
      region.setPicture(name ?? '', `${name}${picture}\n`);
      await draw();
    }
    expect(terminal.history).toEqual(['a3', '', 'b2']);
  });

  test('lets rows scroll away above it', async () => {
    region.status = 'status';
    region.setPicture('x', 'picture\n');
    await draw();
    const rows = Array.from({ length: 20 }, (_, index) => `row ${index}`);
    for (const row of rows) await scroll(row);
    expect(terminal.history).toEqual([...rows, 'picture', '', 'status']);
    expect(terminal.screen).toHaveLength(size.rows);
  });

  test('leaves rows as they are that are wider than the window', async () => {
    region.status = 'status';
    await draw();
    await scroll('x'.repeat(70), 'y');
    expect(terminal.history).toEqual(['x'.repeat(30), 'x'.repeat(30), 'x'.repeat(10), 'y', 'status']);
  });

  test('cuts lines to the width, wide characters and colours included', async () => {
    region.status = 'status'.repeat(9);
    region.setPicture('x', `\x1b[31m${'漢'.repeat(20)}\x1b[39m\n${'é'.repeat(40)}\n`);
    await draw();
    expect(terminal.screen).toEqual(['漢'.repeat(15), 'é'.repeat(30), '', 'status'.repeat(5).slice(0, 27)]);
  });

  test('cuts pictures to the height, the tallest first, and says so', async () => {
    region.status = 'status';
    region.setPicture('tall', Array.from({ length: 20 }, (_, index) => `t${index}\n`).join(''));
    region.setPicture('short', 's\n');
    await draw();
    expect(terminal.history).toEqual(['t0', 't1', '… 18 more lines', '', 's', '', 'status']);
  });

  test('goes below itself at the end, and stays', async () => {
    region.status = 'status';
    region.setPicture('x', 'picture\n');
    await draw();
    await write(`${region.finish()}$ `);
    expect(terminal.history).toEqual(['picture', '', 'status', '$ ']);
    expect([region.draw(), region.finish()]).toEqual(['', '']);
  });

  test('stands below what others wrote once it forgets', async () => {
    region.status = 'status';
    await draw();
    await write('^Z\n[1]+ Stopped\n$ fg\n');
    region.forget();
    await draw();
    expect(terminal.history).toEqual(['status^Z', '[1]+ Stopped', '$ fg', 'status']);
  });

  test.each([
    { columns: 11, rows: 8 },
    { columns: 60, rows: 8 },
    { columns: 30, rows: 4 },
    { columns: 30, rows: 30 },
    { columns: 1, rows: 1 },
  ])('finds its place again after a change of the window to %j', async (changed) => {
    region.status = 'status';
    await scroll('row');
    region.setPicture('x', `${'a'.repeat(25)}\nb\n`);
    await draw();
    terminal.resize(changed);
    Object.assign(size, changed);
    await draw();
    const { columns, rows } = changed;
    const { history, screen } = terminal;
    expect(screen.length).toBeLessThanOrEqual(rows);
    if (rows > 4 && columns > 10) {
      expect(history).toEqual(['row', 'a'.repeat(Math.min(columns, 25)), 'b', '', 'status']);
    }
  });

  test('loses no row and leaves no trace of a picture among them, whatever is drawn', async () => {
    const text = fc.stringMatching(/^[a-z ]{0,40}[a-z]$/);
    const step = fc.oneof(
      fc.record({ rows: fc.array(text, { minLength: 1, maxLength: 12 }) }),
      fc.record({
        name: fc.constantFrom('p', 'q'),
        picture: fc.array(text, { minLength: 1, maxLength: 12 }),
      }),
      fc.record({ status: text }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 20 }), async (steps) => {
        terminal = new VirtualTerminal(size);
        region = new LiveRegion(size);
        const rows: string[] = [];
        for (const each of steps) {
          if ('rows' in each) {
            rows.push(...each.rows.map((row) => row.slice(0, 30)));
            await scroll(...each.rows.map((row) => row.slice(0, 30)));
            continue;
          }
          if ('status' in each) region.status = each.status.toUpperCase();
          else region.setPicture(each.name, each.picture.map((line) => `${line.toUpperCase()}\n`).join(''));
          await draw();
        }
        const shown = terminal.history.filter((line) => /^[a-z ]+$/.test(line));
        expect(shown.map((row) => row.trimEnd())).toEqual(
          rows.map((row) => row.trimEnd()).filter((row) => row),
        );
      }),
      { numRuns: 200 },
    );
  });
});
