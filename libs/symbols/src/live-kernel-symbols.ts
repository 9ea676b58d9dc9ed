import { readFileSync } from 'node:fs';
import { printable } from '@ecli/core';
import { type KernelHit, KernelSymbols } from './kernel-symbols.ts';

/** Reading takes the kernel 50 ms, and modules and BPF programs come and go seldom. */
const REREAD_MS = 10_000;
/** What kallsyms gives as the module of BPF programs. */
const BPF = 'bpf';

/** The symbols of the running kernel, read when they are first asked for. */
export class LiveKernelSymbols {
  private symbols: KernelSymbols | undefined;
  private readAt = -Infinity;
  private hasWarned = false;

  constructor(
    private readonly warn: ((line: string) => void) | undefined,
    private readonly path = '/proc/kallsyms',
  ) {}

  /** Whether this user sees none at all. */
  get areHidden(): boolean {
    return this.readAt > -Infinity && !this.symbols?.size;
  }

  /** Finds the symbol of an address, also of one that was loaded after the first reading. */
  find(address: number): KernelHit | undefined {
    const hit = this.symbols?.find(address);
    // BPF programs lie close together and have no sizes: one that came later may begin in between.
    const isSure = hit && hit.module !== BPF;
    if (isSure || performance.now() - this.readAt < REREAD_MS) return hit;
    this.symbols = this.read();
    this.readAt = performance.now();
    return this.symbols?.find(address);
  }

  private read(): KernelSymbols | undefined {
    try {
      const symbols = KernelSymbols.parse(readFileSync(this.path));
      if (symbols.size === 0) this.warnOnce(HIDDEN);
      return symbols;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.warnOnce(`kernel symbols can't be read: ${printable(reason)}`);
      return undefined;
    }
  }

  private warnOnce(line: string): void {
    if (!this.hasWarned) this.warn?.(line);
    this.hasWarned = true;
  }
}

const HIDDEN =
  'kernel symbols are hidden (kernel.kptr_restrict): run as root with CAP_SYSLOG, or sysctl kernel.kptr_restrict=0';
