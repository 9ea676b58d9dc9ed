import { printable } from '@ecli/core';
import { AddressMap } from './address-map.ts';
import { Decoder } from './decoder.ts';
import { FileCache } from './file-cache.ts';
import { addressDigits, type Frame, type FrameSource, type StackSymbols } from './frame.ts';
import { LiveKernelSymbols } from './live-kernel-symbols.ts';
import { ProcessSymbols } from './process-symbols.ts';
import { Vdso } from './vdso.ts';

/** So often a process that occurs is looked at again. */
const RECHECK_MS = 1000;
/** An address that nothing holds makes it be looked at again, no more often than this. */
const UNMAPPED_RECHECK_MS = 20;
const MOST_PROCESSES = 4096;
/** A rendered frame takes 200 bytes or so. */
const MOST_FRAMES = 200_000;
/** Characters; what is longer is cut. C++ has names that fill screens. */
const LONGEST_SYMBOL = 512;
const LONGEST_PATH = 256;

export interface SymbolizerOptions<R> {
  /** Makes of a frame what is wanted of it, once for each address. Not undefined. */
  readonly render: (frame: Frame) => R;
  /** Takes one line when names can't be had that one would expect. */
  readonly warn?: (line: string) => void;
  readonly mostFrames?: number;
}

/**
 * Names the addresses of stacks. What `render` makes of a frame is kept: an address that was met before costs one
 * look into a table. All that is kept is bounded; what wasn't used for longest goes first.
 */
export class Symbolizer<R> implements FrameSource<R> {
  private readonly decoder: Decoder;
  private readonly files: FileCache;
  private readonly vdso: Vdso;
  private readonly processes = new Map<number, ProcessFrames<R>>();
  private readonly kernelFrames = new AddressMap<R>();
  private readonly kernelSymbols: LiveKernelSymbols;
  private frames = 0;
  private last: ProcessFrames<R> | undefined;

  constructor(private readonly options: SymbolizerOptions<R>) {
    this.decoder = new Decoder(options.warn);
    this.files = new FileCache(this.decoder);
    this.vdso = new Vdso(this.decoder);
    this.kernelSymbols = new LiveKernelSymbols(options.warn);
  }

  /** Names an address in the kernel, of which `low` and `high` are 32 bits each. */
  kernel(low: number, high: number): R {
    const known = this.kernelFrames.get(low, high);
    if (known !== undefined) return known;
    const frame = this.kernelFrame(low, high);
    const rendered = this.options.render(frame);
    // What is loaded later may have a name later.
    if (frame.symbol === undefined && !this.kernelSymbols.areHidden) return rendered;
    this.kernelFrames.set(low, high, rendered);
    this.made();
    return rendered;
  }

  /** Names addresses in the process `pid`. Ask for it for each stack: it notices that a process has changed. */
  process(pid: number): StackSymbols<R> {
    const now = performance.now();
    if (this.last?.pid !== pid) this.last = this.processes.get(pid) ?? this.startProcess(pid);
    this.last.use(now);
    return this.last;
  }

  close(): void {
    this.decoder.close();
    this.processes.clear();
    this.kernelFrames.clear();
    this.last = undefined;
  }

  private kernelFrame(low: number, high: number): Frame {
    // Signed: exact for every address that the kernel's text can have.
    const address = (high | 0) * 2 ** 32 + (low >>> 0);
    const hit = this.kernelSymbols.find(address);
    const digits = addressDigits(low, high);
    if (!hit) return { space: 'kernel', address: digits };
    return {
      space: 'kernel',
      address: digits,
      symbol: shownSymbol(this.decoder.demangle(hit.name)),
      offset: address - hit.start,
      ...(hit.module !== undefined && { path: `[${shownPath(hit.module)}]` }),
    };
  }

  private startProcess(pid: number): ProcessFrames<R> {
    const symbols = new ProcessSymbols(pid, this.files, this.vdso);
    const { decoder, options } = this;
    const process = new ProcessFrames(pid, symbols, decoder, options.render, () => this.made());
    this.processes.set(pid, process);
    this.shrink(this.processes.size > MOST_PROCESSES, process);
    return process;
  }

  private made(): void {
    this.frames++;
    this.shrink(this.frames > (this.options.mostFrames ?? MOST_FRAMES), this.last);
  }

  /** Forgets the half of the processes that weren't used for longest; the kernel's frames if they are most. */
  private shrink(isTooLarge: boolean, kept: ProcessFrames<R> | undefined): void {
    if (!isTooLarge) return;
    const byUse = Array.from(this.processes.values()).sort((a, b) => a.usedAt - b.usedAt);
    for (const process of byUse.slice(0, Math.ceil(byUse.length / 2))) {
      if (process !== kept) this.processes.delete(process.pid);
    }
    const most = (this.options.mostFrames ?? MOST_FRAMES) / 2;
    if (this.kernelFrames.size > most) this.kernelFrames.clear();
    if (kept && kept.size > most) kept.forget();
    this.frames = this.kernelFrames.size;
    for (const { size } of this.processes.values()) this.frames += size;
  }
}

/** Rendered frames of one process. */
class ProcessFrames<R> implements StackSymbols<R> {
  usedAt = 0;
  private readonly frames = new AddressMap<R>();

  constructor(
    readonly pid: number,
    private readonly symbols: ProcessSymbols,
    private readonly decoder: Decoder,
    private readonly render: (frame: Frame) => R,
    private readonly made: () => void,
  ) {}

  get size(): number {
    return this.frames.size;
  }

  use(now: number): void {
    this.usedAt = now;
    if (now - this.symbols.readAt > RECHECK_MS) this.refresh(now);
  }

  forget(): void {
    this.frames.clear();
  }

  frame(low: number, high: number): R {
    return this.frames.get(low, high) ?? this.make(low, high);
  }

  private make(low: number, high: number): R {
    // No mapping is where numbers aren't exact.
    const address = (high >>> 0) * 2 ** 32 + (low >>> 0);
    const now = performance.now();
    if (!this.symbols.maps(address) && now - this.symbols.readAt > UNMAPPED_RECHECK_MS) this.refresh(now);
    let hit = this.symbols.find(address);
    if (hit.symbol === undefined && hit.offset === undefined && this.symbols.refreshCompiled(now)) {
      this.forget();
      hit = this.symbols.find(address);
    }
    const rendered = this.render({
      space: 'user',
      address: addressDigits(low, high),
      ...(hit.symbol !== undefined && { symbol: shownSymbol(this.decoder.demangle(hit.symbol)) }),
      ...(hit.offset !== undefined && { offset: hit.offset }),
      ...(hit.path !== undefined && { path: shownPath(hit.path) }),
    });
    if (hit.isPassing) return rendered;
    this.frames.set(low, high, rendered);
    this.made();
    return rendered;
  }

  private refresh(now: number): void {
    if (this.symbols.refresh(now)) this.forget();
  }
}

function shownSymbol(name: string): string {
  const shown = printable(name.slice(0, LONGEST_SYMBOL + 1));
  return shown.length > LONGEST_SYMBOL ? `${shown.slice(0, LONGEST_SYMBOL - 1)}…` : shown;
}

/** Of a long path the end says more. */
function shownPath(path: string): string {
  const shown = printable(path.slice(-(LONGEST_PATH + 1)));
  return shown.length > LONGEST_PATH ? `…${shown.slice(1 - LONGEST_PATH)}` : shown;
}
