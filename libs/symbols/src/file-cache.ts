import { FileSource } from './byte-source.ts';
import type { Decoder } from './decoder.ts';
import { FileSymbols } from './file-symbols.ts';
import type { Mapping } from './process-maps.ts';

/** A machine's processes use some hundreds of files. */
const MOST_FILES = 1024;
const MOST_BYTES = 256 << 20;

interface Entry {
  /** Changes with the file's content. */
  readonly stamp: string;
  readonly symbols: FileSymbols;
}

/** Symbols by file, so that 500 processes share those of one libc. What wasn't used for longest goes first. */
export class FileCache {
  /** By device and inode; the last used stands last. */
  private readonly entries = new Map<string, Entry>();
  private bytes = 0;

  constructor(
    private readonly decoder: Decoder,
    private readonly mostFiles = MOST_FILES,
    private readonly mostBytes = MOST_BYTES,
  ) {}

  get size(): number {
    return this.entries.size;
  }

  /**
   * Finds the symbols of the file that `mapping` of the process at `processPath` (`/proc/PID`) maps: the very file,
   * also when it was deleted or has another path in our mount namespace. Undefined where it can't be opened and
   * isn't known from before.
   */
  get(processPath: string, mapping: Mapping): FileSymbols | undefined {
    const key = `${mapping.device}:${mapping.inode}`;
    const file = openMapped(processPath, mapping);
    try {
      const known = this.entries.get(key);
      const stamp = file ? `${file.size}:${file.stats.mtimeMs}:${file.stats.ctimeMs}` : known?.stamp;
      if (known && known.stamp === stamp) return this.use(key, known);
      if (!file || stamp === undefined) return undefined;
      const place = { roots: [`${processPath}/root`, ''], path: mapping.path };
      const symbols = FileSymbols.read(file, place, this.decoder);
      return this.use(key, { stamp, symbols });
    } finally {
      file?.close();
    }
  }

  private use(key: string, entry: Entry): FileSymbols {
    this.remove(key);
    this.entries.set(key, entry);
    this.bytes += entry.symbols.byteLength;
    for (const oldest of this.entries.keys()) {
      if (oldest === key || (this.entries.size <= this.mostFiles && this.bytes <= this.mostBytes)) break;
      this.remove(oldest);
    }
    return entry.symbols;
  }

  private remove(key: string): void {
    this.bytes -= this.entries.get(key)?.symbols.byteLength ?? 0;
    this.entries.delete(key);
  }
}

function openMapped(processPath: string, { range, path, inode, deleted }: Mapping): FileSource | undefined {
  // Needs CAP_CHECKPOINT_RESTORE or CAP_SYS_ADMIN, but is the mapped file itself, whatever has become of its path.
  const mapped = FileSource.open(`${processPath}/map_files/${range}`);
  if (mapped || deleted) return mapped;
  return openSame(`${processPath}/root${path}`, inode) ?? openSame(path, inode);
}

function openSame(path: string, inode: number): FileSource | undefined {
  const file = FileSource.open(path);
  if (!file || file.stats.ino === inode) return file;
  file.close();
  return undefined;
}
