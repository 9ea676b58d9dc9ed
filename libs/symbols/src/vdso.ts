import { closeSync, constants, openSync, readFileSync, readSync } from 'node:fs';
import { MemorySource } from './byte-source.ts';
import type { Decoder } from './decoder.ts';
import { FileSymbols } from './file-symbols.ts';
import { type Mapping, parseMaps } from './process-maps.ts';

export const VDSO = '[vdso]';
/** It has two or three pages. */
const MOST_BYTES = 1 << 20;

/**
 * Functions that the kernel maps into each process. Ours are the same as those of any process of this machine
 * whose piece has the same size, and no process can have changed them.
 */
export class Vdso {
  private own: { readonly size: number; readonly symbols: FileSymbols } | undefined;

  constructor(private readonly decoder: Decoder) {}

  get(processPath: string, mapping: Mapping): FileSymbols | undefined {
    const size = mapping.end - mapping.start;
    this.own ??= this.readOwn();
    if (this.own?.size === size) return this.own.symbols;
    return this.read(`${processPath}/mem`, mapping);
  }

  private readOwn(): Vdso['own'] {
    const mapping = parseMaps(readFileSync('/proc/self/maps', 'latin1')).find(({ path }) => path === VDSO);
    const symbols = mapping && this.read('/proc/self/mem', mapping);
    return symbols && { size: mapping.end - mapping.start, symbols };
  }

  private read(memoryPath: string, { start, end }: Mapping): FileSymbols | undefined {
    const bytes = readMemory(memoryPath, start, Math.min(end - start, MOST_BYTES));
    return bytes && FileSymbols.read(new MemorySource(bytes), { roots: [], path: VDSO }, this.decoder);
  }
}

function readMemory(path: string, start: number, length: number): Buffer | undefined {
  const bytes = Buffer.alloc(length);
  try {
    const descriptor = openSync(path, constants.O_RDONLY);
    try {
      return bytes.subarray(0, readSync(descriptor, bytes, 0, length, start));
    } finally {
      closeSync(descriptor);
    }
  } catch {
    return undefined; // the process has ended, or isn't ours to look into
  }
}
