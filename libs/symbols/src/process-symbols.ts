import { readFileSync } from 'node:fs';
import type { FileCache } from './file-cache.ts';
import type { FileSymbols } from './file-symbols.ts';
import { JitSymbols } from './jit-symbols.ts';
import { findMapping, type Mapping, parseMaps, sameMappings } from './process-maps.ts';
import { VDSO, type Vdso } from './vdso.ts';

/** Where in a process an address lies. */
export interface UserHit {
  readonly symbol?: string;
  readonly offset?: number;
  readonly path?: string;
  /** The process may tell more of it later: code that it makes itself. */
  readonly isPassing?: boolean;
}

const UNKNOWN: UserHit = {};

/** What a process has mapped, and the names in it. Once the process has ended, what was known stays. */
export class ProcessSymbols {
  /** When `refresh` was called last. */
  readAt = -Infinity;
  private mappings: readonly Mapping[] = [];
  private readonly files = new Map<Mapping, FileSymbols | undefined>();
  private readonly path: string;
  private readonly jit: JitSymbols;

  constructor(
    pid: number,
    private readonly cache: FileCache,
    private readonly vdso: Vdso,
  ) {
    this.path = `/proc/${pid}`;
    this.jit = new JitSymbols(this.path);
  }

  /**
   * Reads the mappings again. True when they are others than before: a library was loaded, another program
   * executed, or another process has this id now. Addresses may mean something else then.
   */
  refresh(now: number): boolean {
    this.readAt = now;
    const mappings = parseMaps(this.readMaps());
    // A process that has ended has none, and a kernel thread never had any.
    if (mappings.length === 0 || sameMappings(mappings, this.mappings)) return false;
    this.mappings = mappings;
    this.files.clear();
    return true;
  }

  /** Reads again what the process compiled itself. True when there is more of it than before. */
  refreshCompiled(now: number): boolean {
    return this.jit.refresh(now);
  }

  /** Whether a mapping holds `address`. */
  maps(address: number): boolean {
    return findMapping(this.mappings, address) !== undefined;
  }

  find(address: number): UserHit {
    const mapping = findMapping(this.mappings, address);
    if (!mapping) return UNKNOWN;
    return this.findInFile(mapping, address) ?? this.findCompiled(mapping, address);
  }

  private findInFile(mapping: Mapping, address: number): UserHit | undefined {
    const { path, start, fileOffset, inode } = mapping;
    if (inode === 0 && path !== VDSO) return undefined;
    const hit = this.symbolsOf(mapping)?.find(address - start + fileOffset);
    if (!hit) return undefined;
    const { symbol } = hit;
    if (!symbol) return { offset: hit.address, path };
    return { symbol: symbol.name, offset: hit.address - symbol.start, path };
  }

  /** Code in plain memory, or in a file that is no program, is likely made by the process itself. */
  private findCompiled({ path }: Mapping, address: number): UserHit {
    const symbol = this.jit.find(address);
    if (symbol) return { symbol: symbol.name, offset: address - symbol.start };
    return { ...(path !== '' && { path }), isPassing: this.jit.exists };
  }

  private symbolsOf(mapping: Mapping): FileSymbols | undefined {
    if (this.files.has(mapping)) return this.files.get(mapping);
    const symbols =
      mapping.path === VDSO ? this.vdso.get(this.path, mapping) : this.cache.get(this.path, mapping);
    this.files.set(mapping, symbols);
    return symbols;
  }

  private readMaps(): string {
    try {
      return readFileSync(`${this.path}/maps`, 'utf8');
    } catch {
      return ''; // the process has ended, or isn't ours to look into
    }
  }
}
