/**
 * Names of addresses: what a stack that a program recorded holds, in the kernel's words and in those of the
 * process it came from.
 *
 *     /proc/kallsyms ─────────────────────────────────────▶ KernelSymbols ─┐
 *     /proc/PID/maps ─▶ Mapping ─▶ ElfImage ─▶ FileSymbols ─▶ ProcessSymbols ─▶ Symbolizer ─▶ Frame ─▶ what you make of it
 *     /tmp/perf-PID.map ──────────────────────▶ JitSymbols ─┘
 *
 * Read frame.ts and symbolizer.ts first, then process-symbols.ts. All that a process or its files say is untrusted:
 * whatever they hold, the worst is a frame without a name.
 */
export { BareAddresses } from './bare-addresses.ts';
export type { Frame, FrameSource, StackSymbols } from './frame.ts';
export { Symbolizer, type SymbolizerOptions } from './symbolizer.ts';
