import type { Layout } from '../render/layout.ts';
import type { SampleMemory } from '../render/renderer.ts';
import { checkFilter } from './check.ts';
import { ConditionCode } from './condition-code.ts';
import { parseFilter } from './parser.ts';

/** Decides which samples are shown. */
export interface SampleFilter {
  /** Bytes of a sample that `matches` may read; a shorter one must be padded with zeros first. */
  readonly sampleSize: number;
  /** Whether the sample at `offset` of `memory` passes. Allocates nothing but for regular expressions. */
  matches(memory: SampleMemory, offset: number): boolean;
}

/**
 * Compiles filters over the members of `layout`, all of which must hold: `pid==42 && comm~^ba`. parser.ts has the
 * grammar.
 *
 *  - Integers are compared exactly, whatever their widths and signs, with decimal, `0x`, `0o` and `0b` numbers;
 *    a floating-point member with the number nearest to it that the member can have.
 *  - An enum is compared with its numbers or names, a bool also with `true` and `false`, a single char also with a
 *    letter, a text with a word, which needs quotes where it holds a space or is called as a member that is text.
 *  - `~` is a regular expression of JavaScript on a text, `(?i)` before it ignores case. One that goes on and on
 *    (`(a*)*b`) is its writer's own.
 *  - What is read is never more than what renderers read.
 *
 * @throws ARGUMENT_INVALID showing where in which of them
 */
export function compileFilter(layout: Layout, expressions: readonly string[]): SampleFilter {
  const terms = expressions.map((text) => checkFilter(layout, text, parseFilter(text)));
  const test = new ConditionCode().compile({ kind: 'all', terms });
  return {
    sampleSize: layout.size,
    matches: (memory, offset) => test(memory.view, offset),
  };
}
