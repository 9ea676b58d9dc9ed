import { type SymbolHit, SymbolCollector, type SymbolTable } from './symbol-table.ts';

/** Where a kernel address lies. */
export interface KernelHit extends SymbolHit {
  /** The module that has the symbol; `bpf` for BPF programs. */
  readonly module?: string;
}

const NEWLINE = 0x0a;
const SPACE = 0x20;
const TAB = 0x09;
const ZERO = 0x30;
/** `T`, `t`, `W`, `w` of nm(1): what can be called. */
const TEXT_TYPES = new Set(Buffer.from('TtWw'));
/** `address type name`: an address of 16 digits, a space, a type, a space. */
const NAME_COLUMN = 19;

/**
 * The kernel's text symbols, as /proc/kallsyms lists them. Addresses are signed: the kernel's are the negative
 * half of 64 bits, where a number is exact for every one that text can have.
 */
export class KernelSymbols {
  private constructor(private readonly table: SymbolTable) {}

  /** Takes over `text`, the content of /proc/kallsyms. Lines of another form are passed over. */
  static parse(text: Buffer): KernelSymbols {
    const collector = new SymbolCollector(countLines(text));
    const names = compact(text, collector);
    return new KernelSymbols(collector.finish(names, NEWLINE));
  }

  /** Symbols that have an address; none where kernel.kptr_restrict hides them. */
  get size(): number {
    return this.table.size;
  }

  find(address: number): KernelHit | undefined {
    const hit = this.table.find(address);
    if (!hit) return undefined;
    // A symbol of a module is followed by a tab and the module's name in brackets.
    const [name = '', module] = hit.name.split('\t');
    return { name, start: hit.start, ...(module !== undefined && { module: module.slice(1, -1) }) };
  }
}

function countLines(text: Buffer): number {
  let lines = 1;
  for (let at = text.indexOf(NEWLINE); at >= 0; at = text.indexOf(NEWLINE, at + 1)) lines++;
  return lines;
}

/** Adds the symbols of `text` to `collector`; moves their names to the front of `text` and returns a copy of these. */
function compact(text: Buffer, collector: SymbolCollector): Buffer {
  let written = 0;
  let line = 0;
  while (line < text.length) {
    const newline = text.indexOf(NEWLINE, line);
    const end = newline < 0 ? text.length : newline;
    const start = textAddress(text, line, end);
    if (start !== 0) {
      collector.add(start, 0, written);
      // A call of copyWithin costs more than these few bytes.
      for (let at = line + NAME_COLUMN; at < end; at++) text[written++] = text[at] ?? 0;
      text[written++] = NEWLINE;
    }
    line = end + 1;
  }
  return Buffer.from(text.subarray(0, written));
}

/** The address in the line of a text symbol; 0 for hidden addresses and for other lines. */
function textAddress(text: Buffer, line: number, end: number): number {
  if (end <= line + NAME_COLUMN || !TEXT_TYPES.has(text[line + 17] ?? 0)) return 0;
  if (text[line + 16] !== SPACE || text[line + 18] !== SPACE || text[line + NAME_COLUMN] === TAB) return 0;
  return (hexadecimal(text, line) | 0) * 2 ** 32 + (hexadecimal(text, line + 8) >>> 0);
}

/** Eight digits as 32 bits. */
function hexadecimal(text: Buffer, at: number): number {
  let value = 0;
  for (let index = at; index < at + 8; index++) {
    const byte = text[index] ?? 0;
    value = (value << 4) | (byte <= 0x39 ? byte - ZERO : (byte & 0xf) + 9);
  }
  return value;
}
