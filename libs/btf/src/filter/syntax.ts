import type { Piece, Word } from './scanner.ts';

export type Comparison = '==' | '!=' | '<' | '<=' | '>' | '>=';

/** A filter as it is written, before anything is known about its members. */
export type Syntax = JunctionSyntax | NotSyntax | ComparisonSyntax | PatternSyntax | TruthSyntax;

/** All terms hold, or any of them. */
export interface JunctionSyntax {
  readonly kind: 'all' | 'any';
  readonly terms: readonly Syntax[];
}

export interface NotSyntax {
  readonly kind: 'not';
  readonly term: Syntax;
}

/** `pid==42` */
export interface ComparisonSyntax {
  readonly kind: 'comparison';
  readonly member: MemberSyntax;
  readonly operator: Comparison;
  /** A literal, or another member. */
  readonly value: Word;
}

/** `comm~^ba` */
export interface PatternSyntax {
  readonly kind: 'pattern';
  readonly member: MemberSyntax;
  readonly pattern: Word;
}

/** `flags & 2`, alone: true unless zero. */
export interface TruthSyntax {
  readonly kind: 'truth';
  readonly member: MemberSyntax;
}

/** A member, or the bits of it that are in a mask. */
export interface MemberSyntax {
  readonly path: Piece;
  readonly mask?: Word;
}
