import { readFileSync } from 'node:fs';
import { FileSource } from './byte-source.ts';
import { parsePerfMap } from './perf-map.ts';
import type { SymbolHit, SymbolTable } from './symbol-table.ts';

const MOST_BYTES = 64 << 20;
/** The part of all time that reading a map that grows may take. */
const READING_SHARE = 20;

/**
 * Functions that a process compiled while it ran and lists in /tmp/perf-PID.map: node with --perf-basic-prof,
 * Java with an agent or by `jcmd PID Compiler.perfmap`.
 */
export class JitSymbols {
  private stamp = '';
  private table: SymbolTable | undefined;
  private nextReading = 0;

  /** `processPath` is `/proc/PID`. */
  constructor(private readonly processPath: string) {}

  /** Whether there was a map when it was last looked for. */
  get exists(): boolean {
    return this.table !== undefined;
  }

  find(address: number): SymbolHit | undefined {
    return this.table?.find(address);
  }

  /** Reads the map again if it changed and wasn't read just now. True when there is something new in it. */
  refresh(now: number): boolean {
    if (now < this.nextReading) return false;
    const changed = this.read();
    const spent = performance.now() - now;
    this.nextReading = now + Math.max(50, spent * READING_SHARE);
    return changed;
  }

  private read(): boolean {
    const file = this.open();
    if (!file) return false;
    try {
      const stamp = `${file.stats.ino}:${file.size}:${file.stats.mtimeMs}`;
      if (stamp === this.stamp || file.size > MOST_BYTES) return false;
      this.table = parsePerfMap(file.read(0, file.size));
      this.stamp = stamp;
      return true;
    } catch {
      return false; // it became shorter: the next reading sees what there is now
    } finally {
      file.close();
    }
  }

  /** Anybody may write to /tmp: a map is the process's own if its user, or root, made it. */
  private open(): FileSource | undefined {
    const status = this.status();
    const file = status && FileSource.open(`${this.processPath}/root/tmp/perf-${status.pid}.map`);
    if (!file || file.stats.uid === 0 || file.stats.uid === status.uid) return file;
    file.close();
    return undefined;
  }

  /** The process's id in its own pid namespace, and its effective user. */
  private status(): { readonly pid: string; readonly uid: number } | undefined {
    try {
      const status = readFileSync(`${this.processPath}/status`, 'latin1');
      const pid = /^NSpid:.*?(\d+)$/m.exec(status)?.[1] ?? /^Pid:\s*(\d+)$/m.exec(status)?.[1];
      const uid = /^Uid:\s*\d+\s+(\d+)/m.exec(status)?.[1];
      return pid === undefined || uid === undefined ? undefined : { pid, uid: Number(uid) };
    } catch {
      return undefined; // the process has ended
    }
  }
}
