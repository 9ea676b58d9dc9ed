import type { GeneratorValue } from 'fast-check';
import fc from 'fast-check';
import type { Field, Layout, Shape } from '../../src/render/layout.ts';

/** A filter as text, and what it means, as plainly as can be. */
export interface DrawnFilter {
  readonly text: string;
  readonly holds: (sample: Uint8Array) => boolean;
}

/** A scalar anywhere in a sample, by a path that can be written. */
interface Member {
  readonly path: string;
  readonly shape: Shape;
  readonly bit: number;
  readonly width: number;
}

type Value = bigint | number | string;

/** C's, less those that mean something else in a filter. */
const NAME = /^(?!(?:and|or|not|true|false)$)[a-z_]\w*$/;
const OPERATORS = ['==', '!=', '<', '<=', '>', '>='] as const;

/** The members that a filter can name: those whose names are C's, and each name's first. */
export function membersOf({ fields }: Layout): Member[] {
  return fields.flatMap((field, index) => {
    const first = fields.findIndex(({ name }) => name === field.name);
    return first === index && NAME.test(field.name) ? inside(field, field.name, field.bitOffset) : [];
  });
}

function inside({ shape, bitSize }: Pick<Field, 'shape' | 'bitSize'>, path: string, bit: number): Member[] {
  switch (shape.kind) {
    case 'array':
      return Array.from({ length: shape.length }, (_, index) => {
        return inside(
          { shape: shape.element, bitSize: 0 },
          `${path}[${index}]`,
          bit + index * shape.stride * 8,
        );
      }).flat();
    case 'struct':
    case 'union':
    case 'record':
      return membersOf({ spelling: '', size: shape.size, fields: shape.fields }).map((member) => ({
        ...member,
        path: `${path}.${member.path}`,
        bit: bit + member.bit,
      }));
    default:
      return [{ path, shape, bit, width: bitSize || shape.size * 8 }];
  }
}

/** Draws filters about `members`, whose literals are often what `sample` holds or next to it. */
export class FilterDrawer {
  constructor(
    private readonly draw: GeneratorValue,
    private readonly members: readonly Member[],
    private readonly sample: Uint8Array,
  ) {}

  filter(depth = 3): DrawnFilter {
    const kind = depth === 0 ? 'test' : this.one('test', 'test', 'and', 'or', 'not', 'parentheses');
    if (kind === 'test') return this.test();
    const first = this.filter(depth - 1);
    if (kind === 'parentheses') return { ...first, text: `(${this.space()}${first.text}${this.space()})` };
    if (kind === 'not') {
      const text = `${this.one('!', 'not ', '! ')}(${first.text})`;
      return { text, holds: (sample) => !first.holds(sample) };
    }
    const second = this.filter(depth - 1);
    if (kind === 'and') {
      const text = `(${first.text})${this.one('&&', ' && ', ' and ')}(${second.text})`;
      return { text, holds: (sample) => first.holds(sample) && second.holds(sample) };
    }
    // Without parentheses: `&&` binds closer.
    const text = `${first.text}${this.one(' || ', ' or ')}${second.text}`;
    return { text: `(${text})`, holds: (sample) => first.holds(sample) || second.holds(sample) };
  }

  private test(): DrawnFilter {
    const member = this.draw(oneOf<Member>, this.members);
    switch (member.shape.kind) {
      case 'string':
        return this.text(member);
      case 'float':
        return this.float(member);
      default:
        return this.draw(fc.nat, { max: 4 }) === 0 ? this.bits(member) : this.integer(member);
    }
  }

  private integer(member: Member): DrawnFilter {
    const other = this.draw(oneOf<Member>, this.members);
    if (mayStandFor(other, member) && this.draw(fc.nat, { max: 3 }) === 0) {
      return this.compared(member, other.path, (sample) => valueOf(other, sample));
    }
    const { least, greatest } = rangeOf(member);
    const near = (valueOf(member, this.sample) as bigint) + this.one(0n, 0n, -1n, 1n);
    const random = this.draw(fc.bigInt, { min: least, max: greatest });
    const literal = near < least || near > greatest ? random : this.one(near, near, random);
    return this.compared(member, this.spelled(member, literal), () => literal);
  }

  private spelled({ shape }: Member, literal: bigint): string {
    const named = shape.kind === 'enum' && shape.values.find(({ value }) => value === literal);
    const isOnly =
      named && shape.values.findIndex(({ name }) => name === named.name) === shape.values.indexOf(named);
    if (isOnly && NAME.test(named.name)) return this.one(named.name, `'${named.name}'`);
    if (shape.kind === 'bool') return this.one(String(literal !== 0n), String(literal));
    const magnitude = literal < 0n ? -literal : literal;
    const digits = this.one(10, 16) === 10 ? String(magnitude) : `0x${magnitude.toString(16)}`;
    return (literal < 0n ? '-' : '') + digits;
  }

  private bits(member: Member): DrawnFilter {
    const most = member.shape.kind === 'bool' ? 1n : (1n << BigInt(member.width)) - 1n;
    const mask = this.draw(fc.bigInt, { min: 0n, max: most });
    return {
      text: `${member.path}${this.space()}&${this.space()}${mask}`,
      holds: (sample) => ((valueOf(member, sample) as bigint) & mask) !== 0n,
    };
  }

  private float(member: Member): DrawnFilter {
    const own = valueOf(member, this.sample) as number;
    const drawn = this.one(own, this.draw(fc.double, { noNaN: true, noDefaultInfinity: true }));
    const literal = Number.isFinite(drawn) ? drawn : 0;
    const value = member.shape.size === 4 ? Math.fround(literal) : literal;
    return this.compared(member, String(literal), () => value);
  }

  private text(member: Member): DrawnFilter {
    const own = valueOf(member, this.sample) as string;
    const drawn = this.one(own, own.slice(0, -1), own.slice(1), this.draw(fc.string, { maxLength: 3 }));
    const literal = drawn.replaceAll('\ufffd', '').replaceAll('\0', '');
    const equals = this.one('==', '!=', '~', '!~');
    if (equals.endsWith('~')) return this.pattern(member, literal, equals);
    const quoted = this.one(
      `'${literal.replace(/['"\\]/g, '\\$&')}'`,
      `"${literal.replace(/['"\\]/g, '\\$&')}"`,
    );
    return {
      text: `${member.path}${this.space()}${equals}${this.space()}${quoted}`,
      holds: (sample) =>
        (rawText(member, sample) === Buffer.from(literal).toString('latin1')) === (equals === '=='),
    };
  }

  private pattern(member: Member, literal: string, operator: string): DrawnFilter {
    const escaped = literal.replace(/[\\^$.*+?()[\]{}|'"]/g, '\\$&');
    const source = this.one('', '^') + escaped + this.one('', '', '.', '(x|y)*') + this.one('', '$');
    return {
      text: `${member.path}${operator}'${source}'`,
      holds: (sample) => new RegExp(source).test(valueOf(member, sample) as string) === (operator === '~'),
    };
  }

  private compared(member: Member, right: string, other: (sample: Uint8Array) => Value): DrawnFilter {
    const operator = this.draw(oneOf<(typeof OPERATORS)[number]>, OPERATORS);
    return {
      text: `${member.path}${this.space()}${operator}${this.space()}${right}${this.one('', ' ')}`,
      holds: (sample) => {
        const [a, b] = [valueOf(member, sample), other(sample)];
        switch (operator) {
          case '==':
            return a === b;
          case '!=':
            return a !== b;
          case '<':
            return a < b;
          case '<=':
            return a <= b;
          case '>':
            return a > b;
          case '>=':
            return a >= b;
        }
      },
    };
  }

  private space(): string {
    return this.one('', ' ', '  ');
  }

  private one<T>(...choices: readonly T[]): T {
    return this.draw(oneOf<T>, choices);
  }
}

/** Whether the path of `other`, compared with the integer `member`, means that member and fits. */
function mayStandFor(other: Member, { shape }: Member): boolean {
  if (other.shape.kind === 'string' || other.shape.kind === 'float') return false;
  return shape.kind !== 'enum' || !shape.values.some(({ name }) => name === other.path);
}

function oneOf<T>(choices: readonly T[]): fc.Arbitrary<T> {
  return fc.constantFrom(...choices);
}

export function valueOf(member: Member, sample: Uint8Array): Value {
  const { shape, bit, width } = member;
  switch (shape.kind) {
    case 'string':
      return Buffer.from(rawText(member, sample), 'latin1').toString();
    case 'float': {
      const bytes = Buffer.from(sample.subarray(bit / 8, bit / 8 + shape.size));
      return shape.size === 4 ? bytes.readFloatLE() : bytes.readDoubleLE();
    }
    default: {
      let value = 0n;
      for (let index = width - 1; index >= 0; index--) {
        const at = bit + index;
        value = (value << 1n) | BigInt(((sample[at >> 3] ?? 0) >> (at & 7)) & 1);
      }
      if (shape.kind === 'bool') return value === 0n ? 0n : 1n;
      return 'signed' in shape && shape.signed ? BigInt.asIntN(width, value) : value;
    }
  }
}

function rawText({ shape, bit }: Member, sample: Uint8Array): string {
  const text = Buffer.from(sample.subarray(bit / 8, bit / 8 + shape.size)).toString('latin1');
  return text.replace(/\0[^]*/, '');
}

function rangeOf({ shape, width }: Member): { least: bigint; greatest: bigint } {
  if (shape.kind === 'bool') return { least: 0n, greatest: 1n };
  const bits = BigInt(width);
  return 'signed' in shape && shape.signed
    ? { least: -(1n << (bits - 1n)), greatest: (1n << (bits - 1n)) - 1n }
    : { least: 0n, greatest: (1n << bits) - 1n };
}
