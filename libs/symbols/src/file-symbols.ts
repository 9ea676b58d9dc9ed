import { type ByteSource, MemorySource } from './byte-source.ts';
import { debugFileSymbols } from './debug-file.ts';
import type { Decoder } from './decoder.ts';
import { ElfImage } from './elf-image.ts';
import type { SymbolHit, SymbolTable } from './symbol-table.ts';

/** MiniDebugInfo of the largest programs is a tenth of this. */
const MOST_MINI_BYTES = 128 << 20;

/** Where in a file an address lies. */
export interface FileHit {
  /** As the file's own tools count it (nm, addr2line). */
  readonly address: number;
  readonly symbol?: SymbolHit;
}

/** Where a file was found. */
export interface FilePlace {
  /** Folders that its path and its debug file's are looked up under. */
  readonly roots: readonly string[];
  readonly path: string;
}

/** The symbols of one executable or library, from all places that have them. */
export class FileSymbols {
  private constructor(
    private readonly image: ElfImage | undefined,
    private readonly tables: readonly SymbolTable[],
  ) {}

  /** Reads what there is; nothing, where `source` is no ELF file. `source` may be closed afterwards. */
  static read(source: ByteSource, place: FilePlace, decoder: Decoder): FileSymbols {
    const image = ElfImage.open(source);
    if (!image) return new FileSymbols(undefined, []);
    const full = image.symbols() ?? debugFileSymbols({ ...place, image }) ?? miniSymbols(image, decoder);
    const tables = [full, image.dynamicSymbols()].filter((table) => table !== undefined);
    return new FileSymbols(image, tables);
  }

  get byteLength(): number {
    return this.tables.reduce((total, { byteLength }) => total + byteLength, 256);
  }

  /** Undefined for what no segment of an ELF file holds. */
  find(fileOffset: number): FileHit | undefined {
    const address = this.image?.addressOf(fileOffset);
    if (address === undefined) return undefined;
    const symbol = this.nearest(address);
    return symbol ? { address, symbol } : { address };
  }

  /** MiniDebugInfo leaves out what `.dynsym` has, so that the last one before an address may be in either. */
  private nearest(address: number): SymbolHit | undefined {
    let best: SymbolHit | undefined;
    for (const table of this.tables) {
      const hit = table.find(address);
      if (hit && (!best || hit.start > best.start)) best = hit;
    }
    return best;
  }
}

function miniSymbols(image: ElfImage, decoder: Decoder): SymbolTable | undefined {
  const compressed = image.miniDebugInfo;
  const content = compressed && decoder.unxz(compressed, MOST_MINI_BYTES);
  return content && ElfImage.open(new MemorySource(content))?.symbols();
}
