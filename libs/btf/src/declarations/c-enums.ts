import type { EnumType } from '../types.ts';

/** `mode`, where the enumerators alone would make a compiler choose another size. */
export function modeOf({ size }: EnumType): string {
  const mode = MODES[size];
  return mode === undefined ? '' : ` __attribute__((mode(${mode})))`;
}

/** GCC's names of integers by size (GCC manual, "Common Type Attributes"). */
const MODES: Readonly<Record<number, string>> = { 1: 'QI', 2: 'HI', 8: 'DI' };

/** At the enum's width: compilers store those of a narrow enum as 32 bits. The most negative one has no literal. */
export function constant(stored: bigint, { size, signed }: EnumType): string {
  const bits = size * 8;
  const value = signed ? BigInt.asIntN(bits, stored) : BigInt.asUintN(bits, stored);
  if (signed && value === -(1n << 63n)) return '-9223372036854775807LL - 1';
  if (size < 8) return `${value}`;
  return `${value}${signed ? 'LL' : 'ULL'}`;
}
