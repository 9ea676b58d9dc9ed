import { floatValue, integerParts, type Place, startOf } from '../render/reads.ts';
import type { Field } from '../render/layout.ts';
import {
  type Condition,
  type FloatOperand,
  type IntegerOperand,
  type MemberOperand,
  type TextTest,
} from './condition.ts';
import type { Comparison } from './syntax.ts';
import { textContains, textEnds, textMatches, textsEqual } from './text-tests.ts';

const HIGHEST_BIT = 0x80000000 | 0;

/** What generated code may call. */
const TESTS = { textContains, textEnds, textMatches, textsEqual } as const;

/** Whether the sample at `at` of `view` passes. */
export type Test = (view: DataView, at: number) => boolean;

/** An integer's 32-bit parts, low first, as reads.ts makes them. */
interface Parts {
  readonly parts: readonly string[];
  readonly signed: boolean;
}

/**
 * The source of one filter: a single expression, whose reads are those of reads.ts. No text of the user's or from
 * BTF ever becomes source: the code holds only our own words and numbers, and patterns are in tables.
 */
export class ConditionCode {
  private readonly tables: object[] = [];

  compile(condition: Condition): Test {
    const expression = this.condition(condition);
    const source = `'use strict';\nreturn (view, at) => {\nreturn ${expression};\n};`;
    const tables = this.tables.map((_, index) => `table${index}`);
    // eslint-disable-next-line @typescript-eslint/no-implied-eval -- what the class promises makes this safe
    const make = new Function(...Object.keys(TESTS), ...tables, source) as (...used: unknown[]) => Test;
    return make(...Object.values(TESTS), ...this.tables);
  }

  private condition(condition: Condition): string {
    switch (condition.kind) {
      case 'all':
        return `(${condition.terms.map((term) => this.condition(term)).join(' && ') || 'true'})`;
      case 'any':
        return `(${condition.terms.map((term) => this.condition(term)).join(' || ')})`;
      case 'not':
        return `!${this.condition(condition.term)}`;
      case 'integers':
        return `(${integers(condition.operator, condition.left, condition.right)})`;
      case 'nonzero':
        return `((${partsOf(condition.operand).parts.join(' | ')}) !== 0)`;
      case 'floats':
        return `(${double(condition.left)} ${jsOperator(condition.operator)} ${double(condition.right)})`;
      case 'text':
        return `(${this.text(condition.member, condition.test)})`;
      case 'texts':
        return `textsEqual(view, ${textArguments(condition.left)}, ${textArguments(condition.right)})`;
    }
  }

  private text(member: Field, test: TextTest): string {
    switch (test.kind) {
      case 'matches':
        return `textMatches(view, ${textArguments(member)}, ${this.table(test.pattern)})`;
      case 'equals':
        return equals(member, test.bytes);
      case 'begins':
        return begins(member, test.bytes);
      case 'contains':
        return this.search('textContains', member, test.bytes);
      case 'ends':
        return this.search('textEnds', member, test.bytes);
    }
  }

  private search(name: 'textContains' | 'textEnds', member: Field, bytes: Uint8Array): string {
    return bytes.length === 0 ? 'true' : `${name}(view, ${textArguments(member)}, ${this.table(bytes)})`;
  }

  private table(value: object): string {
    return `table${this.tables.push(value) - 1}`;
  }
}

function jsOperator(operator: Comparison): string {
  return operator === '==' || operator === '!=' ? `${operator}=` : operator;
}

function placeOf({ bitOffset, bitSize }: Field): Place {
  return { at: 'at', bitOffset, bitSize };
}

function textArguments(member: Field): string {
  return `${startOf(placeOf(member))}, ${member.shape.size}`;
}

function integers(operator: Comparison, left: MemberOperand, right: IntegerOperand): string {
  const [first, second] = alike(left, right);
  if (operator === '==' || operator === '!=') {
    const equal = first.parts.map((part, index) => `${part} === ${second.parts[index]}`).join(' && ');
    return operator === '==' ? equal : `!(${equal})`;
  }
  return ordered(operator, first, second, first.parts.length - 1);
}

/** Compares the parts from `index` down: the lower ones count where the higher are equal. */
function ordered(operator: Comparison, first: Parts, second: Parts, index: number): string {
  const isSigned = first.signed && index === first.parts.length - 1;
  const [mine, theirs] = [first.parts[index], second.parts[index]];
  // With the highest bit flipped, the order of signed numbers is that of unsigned ones.
  const [a, b] = isSigned ? [mine, theirs] : [`(${mine} ^ ${HIGHEST_BIT})`, `(${theirs} ^ ${HIGHEST_BIT})`];
  if (index === 0) return `${a} ${operator} ${b}`;
  const lower = ordered(operator, first, second, index - 1);
  return `${a} ${operator.charAt(0)} ${b} || ${mine} === ${theirs} && (${lower})`;
}

/** Both operands in as many parts, and so that both are signed or neither is. */
function alike(left: MemberOperand, right: IntegerOperand): readonly [Parts, Parts] {
  const mine = partsOf(left);
  if (right.kind === 'constant') {
    const parts = mine.parts.map((_, index) => String(constantPart(right.value, index)));
    return [mine, { parts, signed: mine.signed }];
  }
  const theirs = partsOf(right);
  const count = Math.max(mine.parts.length, theirs.parts.length);
  if (mine.signed === theirs.signed) return [extended(mine, count), extended(theirs, count)];
  // One part more holds the sign of both.
  return [
    { parts: extended(mine, count + 1).parts, signed: true },
    { parts: extended(theirs, count + 1).parts, signed: true },
  ];
}

function extended({ parts, signed }: Parts, count: number): Parts {
  const fill = signed ? `((${parts.at(-1)}) >> 31)` : '0';
  return { parts: Array.from({ length: count }, (_, index) => parts[index] ?? fill), signed };
}

function partsOf(member: MemberOperand): Parts {
  const { field, mask } = member;
  const { parts, signed } = unmaskedParts(field);
  if (mask === undefined) return { parts, signed };
  const masked = parts.map((part, index) => `(${part} & ${constantPart(mask, index)})`);
  return { parts: masked, signed: false };
}

function unmaskedParts(field: Field): Parts {
  const { shape } = field;
  const signed = 'signed' in shape && shape.signed;
  const parts = integerParts(placeOf(field), shape.size, signed);
  if (shape.kind !== 'bool') return { parts, signed };
  return { parts: [`((${parts.join(' | ')}) !== 0 ? 1 : 0)`], signed: false };
}

function constantPart(value: bigint, index: number): number {
  return Number(BigInt.asIntN(32, value >> BigInt(32 * index)));
}

/** The expression for an operand as a double. */
function double(operand: FloatOperand): string {
  if (operand.kind === 'constant') return String(operand.value);
  const { field } = operand;
  if (field.shape.kind === 'float') return floatValue(placeOf(field), field.shape.size);
  const { parts, signed } = partsOf(operand);
  const [low = '0', high] = parts;
  const top = signed ? '| 0' : '>>> 0';
  return high === undefined ? `(${low} ${top})` : `((${high} ${top}) * ${2 ** 32} + (${low} >>> 0))`;
}

function equals(member: Field, bytes: Uint8Array): string {
  const { size } = member.shape;
  if (bytes.length > size || bytes.includes(0)) return 'false';
  return sameBytes(member, bytes.length < size ? Buffer.concat([bytes, Buffer.alloc(1)]) : bytes);
}

function begins(member: Field, bytes: Uint8Array): string {
  return bytes.length > member.shape.size ? 'false' : sameBytes(member, bytes);
}

/** Whether the first bytes of a text are `bytes`, four at a time. */
function sameBytes(member: Field, bytes: Uint8Array): string {
  const expected = Buffer.from(bytes);
  const terms: string[] = [];
  for (let index = 0; index < expected.length;) {
    const place = startOf({ at: 'at', bitOffset: member.bitOffset + 8 * index, bitSize: 0 });
    const isWord = expected.length - index >= 4;
    terms.push(
      isWord
        ? `view.getInt32(${place}, true) === ${expected.readInt32LE(index)}`
        : `view.getUint8(${place}) === ${expected.readUInt8(index)}`,
    );
    index += isWord ? 4 : 1;
  }
  return terms.join(' && ') || 'true';
}
