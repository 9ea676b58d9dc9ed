/** One address of a stack, and what is known about it. Names are printable and bounded. */
export interface Frame {
  readonly space: 'kernel' | 'user';
  /** 16 hexadecimal digits. */
  readonly address: string;
  /** Demangled. */
  readonly symbol?: string;
  /** Bytes from the symbol's start; without a symbol from the start of the file, as its own tools count addresses. */
  readonly offset?: number;
  /** The file that was mapped, as the process sees it; `[vdso]`; of a kernel module its name in brackets. */
  readonly path?: string;
}

/** Names of addresses in one process. */
export interface StackSymbols<R> {
  /** What `render` made of the frame at an address, of which `low` and `high` are 32 bits each. */
  frame(low: number, high: number): R;
}

/** Where the frames of stacks come from. */
export interface FrameSource<R> {
  kernel(low: number, high: number): R;
  process(pid: number): StackSymbols<R>;
}

/** Both halves as 16 hexadecimal digits. */
export function addressDigits(low: number, high: number): string {
  return (high >>> 0).toString(16).padStart(8, '0') + (low >>> 0).toString(16).padStart(8, '0');
}
