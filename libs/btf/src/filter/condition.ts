import type { Field } from '../render/layout.ts';
import type { Comparison } from './syntax.ts';

/** A filter whose members are found and whose types fit: what code is made of. */
export type Condition =
  | { readonly kind: 'all' | 'any'; readonly terms: readonly Condition[] }
  | { readonly kind: 'not'; readonly term: Condition }
  | {
      readonly kind: 'integers';
      readonly operator: Comparison;
      readonly left: MemberOperand;
      readonly right: IntegerOperand;
    }
  | { readonly kind: 'nonzero'; readonly operand: MemberOperand }
  | {
      readonly kind: 'floats';
      readonly operator: Comparison;
      readonly left: MemberOperand;
      readonly right: FloatOperand;
    }
  | { readonly kind: 'text'; readonly member: Field; readonly test: TextTest }
  | { readonly kind: 'texts'; readonly left: Field; readonly right: Field };

export type IntegerOperand = MemberOperand | { readonly kind: 'constant'; readonly value: bigint };

/** The value of a member; a bool is 0 or 1, and an enum its number. */
export interface MemberOperand {
  readonly kind: 'member';
  readonly field: Field;
  /** The bits of an integer that count, if not all do; what remains is unsigned. */
  readonly mask?: bigint | undefined;
}

/** Integers of at most 64 bits are compared with floating-point numbers as doubles. */
export type FloatOperand = MemberOperand | { readonly kind: 'constant'; readonly value: number };

/** What is asked of a text: its bytes up to a NUL. */
export type TextTest =
  | { readonly kind: 'equals' | 'begins' | 'contains' | 'ends'; readonly bytes: Uint8Array }
  | { readonly kind: 'matches'; readonly pattern: RegExp };

/** Whether a member counts as a signed integer. */
function isSigned({ field: { shape }, mask }: MemberOperand): boolean {
  return mask === undefined && 'signed' in shape && shape.signed;
}

/** The least and the greatest value that a member can have. */
export function rangeOf(member: MemberOperand): { least: bigint; greatest: bigint } {
  const { shape, bitSize } = member.field;
  if (shape.kind === 'bool') return { least: 0n, greatest: 1n };
  const bits = BigInt(bitSize === 0 ? shape.size * 8 : bitSize);
  if (!isSigned(member)) return { least: 0n, greatest: (1n << bits) - 1n };
  return { least: -(1n << (bits - 1n)), greatest: (1n << (bits - 1n)) - 1n };
}
