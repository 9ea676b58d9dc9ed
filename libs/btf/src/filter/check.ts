import { ArgumentError, listed, nearNames, printable } from '@ecli/core';
import type { EnumShape, Field, Layout } from '../render/layout.ts';
import { type Condition, type MemberOperand, rangeOf } from './condition.ts';
import { filterError } from './filter-error.ts';
import { type NumberLiteral, parseNumber } from './literal.ts';
import { described, memberAt } from './member.ts';
import { textTestOf } from './pattern.ts';
import type { Piece, Word } from './scanner.ts';
import type { Comparison, ComparisonSyntax, MemberSyntax, PatternSyntax, Syntax } from './syntax.ts';

/** Converting wider integers to a double would round twice. */
const WIDEST_AS_DOUBLE = 8;
const TRUTH: Readonly<Record<string, bigint>> = { false: 0n, true: 1n };

/**
 * Finds the members of a filter in `layout` and sees that each is compared with what it can be.
 *
 * @throws ARGUMENT_INVALID
 */
export function checkFilter(layout: Layout, expression: string, syntax: Syntax): Condition {
  return new Checker(layout, expression).check(syntax);
}

class Checker {
  constructor(
    private readonly layout: Layout,
    private readonly expression: string,
  ) {}

  check(syntax: Syntax): Condition {
    switch (syntax.kind) {
      case 'all':
      case 'any':
        return { kind: syntax.kind, terms: syntax.terms.map((term) => this.check(term)) };
      case 'not':
        return { kind: 'not', term: this.check(syntax.term) };
      case 'comparison':
        return this.comparison(syntax);
      case 'pattern':
        return this.pattern(syntax);
      case 'truth':
        return this.truth(syntax.member);
    }
  }

  private comparison(syntax: ComparisonSyntax): Condition {
    const { field, mask } = this.member(syntax.member);
    switch (field.shape.kind) {
      case 'integer':
      case 'bool':
      case 'enum':
        return this.integers({ kind: 'member', field, mask }, syntax);
      case 'float':
        return this.floats(field, syntax);
      case 'string':
        return this.texts(field, syntax);
      default:
        throw this.refuseWhole(field, syntax.member.path);
    }
  }

  private integers(left: MemberOperand, { operator, value }: ComparisonSyntax): Condition {
    const constant = this.integerConstant(left.field, value);
    if (constant !== undefined) {
      this.expectInRange(left, constant, constant, value);
      return { kind: 'integers', operator, left, right: { kind: 'constant', value: constant } };
    }
    const number = value.quoted ? undefined : parseNumber(value.text);
    if (number) return this.integerAndFraction(left, operator, number, value);
    const right = this.otherMember(value);
    if (right?.shape.kind === 'float') return this.floatMembers(operator, left, right, value);
    if (right && isInteger(right)) {
      return { kind: 'integers', operator, left, right: { kind: 'member', field: right } };
    }
    throw this.mismatch(left.field, value, right);
  }

  /** `x > 1.5` is `x > 1` of an integer, and `x < 1.5` is `x < 2`. */
  private integerAndFraction(
    left: MemberOperand,
    operator: Comparison,
    { floor }: NumberLiteral,
    value: Word,
  ): Condition {
    if (operator === '==' || operator === '!=') {
      throw this.error(value.position, `${printable(left.field.name)} is an integer, ${value.text} is none`);
    }
    this.expectInRange(left, floor, floor + 1n, value);
    const constant = operator === '>' || operator === '<=' ? floor : floor + 1n;
    return { kind: 'integers', operator, left, right: { kind: 'constant', value: constant } };
  }

  private floats(field: Field, { operator, value }: ComparisonSyntax): Condition {
    const left: MemberOperand = { kind: 'member', field };
    const number = value.quoted ? undefined : parseNumber(value.text);
    if (number) {
      const constant = field.shape.size === 4 ? Math.fround(number.double) : number.double;
      return { kind: 'floats', operator, left, right: { kind: 'constant', value: constant } };
    }
    const right = this.otherMember(value);
    if (right && (right.shape.kind === 'float' || isInteger(right))) {
      return this.floatMembers(operator, left, right, value);
    }
    throw this.mismatch(field, value, right);
  }

  private floatMembers(operator: Comparison, left: MemberOperand, right: Field, value: Word): Condition {
    const wide = [left.field, right].find(
      ({ shape }) => shape.kind !== 'float' && shape.size > WIDEST_AS_DOUBLE,
    );
    if (wide) {
      throw this.error(value.position, `${printable(wide.name)} is too wide for a floating-point number`);
    }
    return { kind: 'floats', operator, left, right: { kind: 'member', field: right } };
  }

  private texts(left: Field, { operator, value, member }: ComparisonSyntax): Condition {
    if (operator !== '==' && operator !== '!=') {
      const name = printable(left.name);
      const advice = `${name}==bash, or a regular expression: ${name}~^ba`;
      throw this.error(member.path.position, `${name} is text, which has no order`, advice);
    }
    const right = this.otherMember(value);
    const equal: Condition =
      right?.shape.kind === 'string'
        ? { kind: 'texts', left, right }
        : { kind: 'text', member: left, test: { kind: 'equals', bytes: Buffer.from(value.text) } };
    return operator === '==' ? equal : { kind: 'not', term: equal };
  }

  private pattern(syntax: PatternSyntax): Condition {
    const { field } = this.member(syntax.member);
    if (field.shape.kind !== 'string') {
      const reason = `a regular expression is for text; ${printable(field.name)} is ${described(field.shape)}`;
      throw this.error(syntax.member.path.position, reason, 'compare it by ==, != or <');
    }
    return { kind: 'text', member: field, test: this.textTest(syntax.pattern) };
  }

  private textTest({ text, position, quoted }: Word) {
    try {
      return textTestOf(text);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      const reason = error.message.replace(/^Invalid regular expression: \/.*\/\w*: /s, '');
      const advice = quoted ? undefined : "a pattern with spaces needs quotes: comm~'a b'";
      throw this.error(position, `no regular expression: ${printable(reason).toLowerCase()}`, advice);
    }
  }

  private truth(syntax: MemberSyntax): Condition {
    const { field, mask } = this.member(syntax);
    if (isInteger(field)) return { kind: 'nonzero', operand: { kind: 'member', field, mask } };
    const isText = field.shape.kind === 'string';
    if (!isText && field.shape.kind !== 'float') throw this.refuseWhole(field, syntax.path);
    const name = printable(field.name);
    const { position, text } = syntax.path;
    const reason = `${name} is ${described(field.shape)}: what should it be?`;
    const advice = isText ? `such as ${name}!='' or ${name}~^ba` : `such as ${name}>0`;
    throw this.error(position + text.length, reason, advice);
  }

  private member({ path, mask }: MemberSyntax): { field: Field; mask: bigint | undefined } {
    const field = this.field(path);
    if (!mask) return { field, mask: undefined };
    if (!isInteger(field)) throw this.error(mask.position, '& takes the bits of integers only');
    const value = this.integerConstant(field, mask);
    if (value === undefined) throw this.mismatch(field, mask, undefined);
    const { least } = rangeOf({ kind: 'member', field });
    const bits = rangeOf({ kind: 'member', field, mask: 0n }).greatest;
    if (value < least || value > bits) throw this.outOfRange(field, least, bits, mask);
    return { field, mask: value & bits };
  }

  /** What `word` is as a value of the integer, bool or enum `field`; undefined if it is none, or a fraction. */
  private integerConstant({ shape }: Field, { text, quoted }: Word): bigint | undefined {
    const number = quoted ? undefined : parseNumber(text);
    if (number) return number.isWhole ? number.floor : undefined;
    const enumerator = shape.kind === 'enum' && shape.values.find(({ name }) => name === text);
    if (enumerator) return enumerator.value;
    if (!quoted && Object.hasOwn(TRUTH, text)) return TRUTH[text];
    // A single char is an integer of one byte, and people think of letters.
    const isLetter = shape.kind === 'integer' && shape.size === 1 && /^[ -~]$/.test(text);
    return isLetter && (quoted || !this.isMember(text)) ? BigInt(text.charCodeAt(0)) : undefined;
  }

  private expectInRange(member: MemberOperand, low: bigint, high: bigint, value: Word): void {
    const { least, greatest } = rangeOf(member);
    if (low < least || high > greatest) throw this.outOfRange(member.field, least, greatest, value);
  }

  private outOfRange(field: Field, least: bigint, greatest: bigint, value: Word): ArgumentError {
    const reason = `${printable(field.name)} is never ${printable(value.text)}`;
    return this.error(value.position, reason, `from ${least} to ${greatest}`);
  }

  /** The member of the sample that is called as a bare word says. */
  private otherMember({ text, quoted }: Word): Field | undefined {
    if (quoted || !isPath(text) || !this.isMember(text)) return undefined;
    return memberAt(this.layout, text);
  }

  private isMember(path: string): boolean {
    const [first] = path.split(/[.[]/);
    return this.layout.fields.some(({ name }) => name === first);
  }

  private field({ text, position }: Piece): Field {
    try {
      return memberAt(this.layout, text);
    } catch (error) {
      if (!(error instanceof ArgumentError)) throw error;
      const advice = this.meantEnumerator(text) ?? error.hint;
      throw filterError(this.expression, position, error.message, advice, error.known);
    }
  }

  /** For those who write the name of an enum's value alone. */
  private meantEnumerator(name: string): string | undefined {
    const field = this.layout.fields.find(
      ({ shape }) => shape.kind === 'enum' && shape.values.some((value) => value.name === name),
    );
    return (
      field &&
      `${printable(name)} is a value of ${printable(field.name)}: ${printable(field.name)}==${printable(name)}`
    );
  }

  private refuseWhole({ name, shape }: Field, { position, text }: Piece): ArgumentError {
    const example =
      shape.kind === 'array' ? `an element of it: ${printable(name)}[0]` : membersOf(name, shape);
    return this.error(position + text.length, `${printable(name)} is ${described(shape)}`, example);
  }

  private mismatch(field: Field, value: Word, other: Field | undefined): ArgumentError {
    const name = printable(field.name);
    const written = printable(value.text);
    const what = other ? described(other.shape) : 'none';
    const reason = other
      ? `${name} is ${described(field.shape)}, ${written} is ${what}`
      : `${name} is ${described(field.shape)}, which ${value.quoted ? `'${written}'` : written} is not`;
    return this.error(
      value.position,
      reason,
      field.shape.kind === 'enum' ? namesOf(field.shape, value.text) : undefined,
    );
  }

  private error(position: number, reason: string, advice?: string): ArgumentError {
    return filterError(this.expression, position, reason, advice);
  }
}

function isInteger({ shape: { kind } }: Field): boolean {
  return kind === 'integer' || kind === 'bool' || kind === 'enum';
}

function namesOf({ values }: EnumShape, wanted: string): string {
  const names = values.map(({ name }) => name);
  const near = nearNames(wanted, names);
  return near.length > 0 ? `did you mean ${near.map(printable).join(' or ')}?` : `values: ${listed(names)}`;
}

function membersOf(name: string, shape: Field['shape']): string | undefined {
  if (!('fields' in shape)) return undefined;
  return `one of its members: ${listed(shape.fields.map((field) => `${name}.${field.name}`))}`;
}

function isPath(text: string): boolean {
  // Not a constant, as in scanner.ts.
  return /^[\p{L}_$][\p{L}\p{N}_$]*(?:\.[\p{L}_$][\p{L}\p{N}_$]*|\[\d+\])*$/u.test(text);
}
