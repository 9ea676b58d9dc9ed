import { SymbolCollector, type SymbolTable } from './symbol-table.ts';

const NEWLINE = 0x0a;
const LINE = /^([0-9a-fA-F]{1,16}) ([0-9a-fA-F]{1,8}) (?=.)/;
/** No number in a line is longer. */
const LONGEST_NUMBERS = 28;
/** Functions a process has compiled, the last versions of which are kept. */
const MOST_SYMBOLS = 1_000_000;

/**
 * Reads a perf map, in which a just-in-time compiler lists what it made: `start size name` a line, both numbers
 * in hexadecimal (tools/perf/Documentation/jit-interface.txt in Linux). Of several functions at one address the
 * last stands, since memory is used again. Borrows `text`.
 */
export function parsePerfMap(text: Buffer): SymbolTable {
  const lines = lineStarts(text);
  const collector = new SymbolCollector(lines.length);
  // The collector keeps the first of an address.
  for (const line of lines.reverse()) {
    const numbers = LINE.exec(text.toString('latin1', line, line + LONGEST_NUMBERS));
    if (!numbers) continue;
    const [matched, start = '', size = ''] = numbers;
    const address = Number.parseInt(start, 16);
    if (!Number.isSafeInteger(address)) continue;
    collector.add(address, Number.parseInt(size, 16), line + matched.length);
  }
  return collector.finish(text, NEWLINE);
}

function lineStarts(text: Buffer): number[] {
  const starts: number[] = [];
  let at = 0;
  while (at < text.length && starts.length < MOST_SYMBOLS) {
    starts.push(at);
    const newline = text.indexOf(NEWLINE, at);
    at = newline < 0 ? text.length : newline + 1;
  }
  return starts;
}
