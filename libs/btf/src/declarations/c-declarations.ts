import { objectInvalid } from '../object-invalid.ts';
import type { TypeSource } from '../render/layout.ts';
import type { ArrayType, BtfType, CompositeType, EnumType, FunctionPrototypeType, Member } from '../types.ts';
import { CLayouts, type CPart } from './c-layout.ts';
import { joined, suffixed } from './c-declarators.ts';
import { constant, modeOf } from './c-enums.ts';
import { CNames, identifier } from './c-names.ts';
import { spellEnumStorage, spellFloat, spellInt } from './c-scalars.ts';

/** An intricate or hostile type could go on without end: anonymous types are written out wherever they occur. */
const MOST_LINES = 20_000;
const MOST_STEPS = 200_000;

const INDENT = '    ';
/** Where comments begin, as long as the declarations leave room. */
const COMMENT_COLUMN = 44;

/**
 * Declares types in C, with all that they are made of before them, so that the text compiles by itself and gives
 * types of the same layout. Comments tell each member's offset and size in bytes (a bit-field's bit after a
 * colon), and the bytes that no member uses. What is only pointed to is not declared.
 *
 * @throws OBJECT_INVALID for types that contain themselves or would not end
 */
export function cDeclarations(btf: TypeSource, ids: readonly number[]): string {
  const printer = new Printer(btf);
  for (const id of ids) {
    btf.sizeOf(id);
    printer.require(id);
  }
  return printer.text();
}

/** What stands around a name, from the type that a declaration ends in: `int`, and `(*NAME)[4]`. */
interface Declaration {
  readonly base: BtfType;
  readonly qualifiers: readonly string[];
  readonly declarator: string;
}

/** What a member's comment counts from, and how deep it stands. */
interface Context {
  readonly depth: number;
  /** Bits from the start of the outermost type, where its members are seen from there. */
  readonly bit: number;
  /** The names of the members around, which those of an anonymous member share. */
  readonly names?: CNames;
}

class Printer {
  private readonly blocks: string[] = [];
  /** The types whose values are declared, and the typedefs of which at least the name is. */
  private readonly required = new Set<number>();
  private readonly named = new Set<number>();
  private readonly tags = new CNames();
  private readonly words = new CNames();
  private readonly layouts: CLayouts;
  private lines = 0;
  private steps = 0;

  constructor(private readonly btf: TypeSource) {
    this.layouts = new CLayouts(btf);
  }

  text(): string {
    return this.blocks.map((block, index) => `${block}\n${this.gapAfter(index)}`).join('');
  }

  /** Typedefs of one line stand together. */
  private gapAfter(index: number): string {
    const [block = '', next] = this.blocks.slice(index, index + 2);
    const isLast = next === undefined;
    return isLast || (!block.includes('\n') && !next.includes('\n')) ? '' : '\n';
  }

  /** Declares what a value of type `id` needs. */
  require(id: number): void {
    this.step();
    const type = this.btf.type(id);
    switch (type.kind) {
      case 'typedef':
        return once(this.required, type.id, () => {
          this.require(type.target);
          this.requireNames(type.id);
        });
      case 'const':
      case 'volatile':
      case 'restrict':
      case 'type_tag':
        return this.require(type.target);
      case 'array':
        return this.require(type.element);
      case 'pointer':
        return this.requireNames(type.target);
      case 'struct':
      case 'union':
        return once(this.required, type.id, () => {
          for (const { type: member } of type.members) this.require(member);
          if (type.name !== '') this.blocks.push(`${this.composite(type, { depth: 0, bit: 0 })};`);
        });
      case 'enum':
        return once(this.required, type.id, () => {
          if (type.name !== '' && type.values.length > 0) this.blocks.push(`${this.enumeration(type, 0)};`);
        });
      default:
    }
  }

  /** Declares what must be known of a type that is only pointed to: typedefs, and types without a name. */
  private requireNames(id: number): void {
    this.step();
    const type = this.btf.type(id);
    switch (type.kind) {
      case 'typedef':
        return once(this.named, type.id, () => {
          this.requireNames(type.target);
          const declaration = this.declare(type.target, this.words.of(type.id, type.name));
          this.blocks.push(`typedef ${this.spell(declaration, { depth: 0, bit: 0 })};`);
        });
      case 'const':
      case 'volatile':
      case 'restrict':
      case 'type_tag':
      case 'pointer':
        return this.requireNames(type.target);
      case 'array':
        return this.require(type.element);
      case 'function_prototype':
        this.requireNames(type.returns);
        return type.parameters.forEach((parameter) => this.requireNames(parameter.type));
      case 'struct':
      case 'union':
        return type.name === '' ? this.require(id) : undefined;
      case 'enum':
        // An enum can't be declared without its values.
        return this.require(id);
      default:
    }
  }

  /** From the outside in, as spell.ts does; `declarator` is what stands around the name so far. */
  private declare(id: number, declarator: string, qualifiers: readonly string[] = []): Declaration {
    this.step();
    const type = this.btf.type(id);
    switch (type.kind) {
      case 'pointer':
        return this.declare(type.target, `*${joined(qualifiers.join(' '), declarator)}`);
      case 'array':
        return this.declare(type.element, suffixed(declarator, this.bounds(type)), qualifiers);
      case 'function_prototype':
        return this.declare(type.returns, suffixed(declarator, `(${this.parameters(type)})`));
      case 'const':
      case 'volatile':
      case 'restrict':
        return this.declare(type.target, declarator, [...new Set([...qualifiers, type.kind])]);
      case 'type_tag':
        return this.declare(type.target, declarator, qualifiers);
      default:
        return { base: type, qualifiers, declarator };
    }
  }

  private bounds({ length }: ArrayType): string {
    return `[${length}]`;
  }

  private parameters({ parameters }: FunctionPrototypeType): string {
    if (parameters.length === 0) return 'void';
    return parameters
      .map(({ type }) =>
        type === 0 ? '...' : this.spell(this.declare(type, ''), { depth: 0, bit: 0 }).replace(/\s+/g, ' '),
      )
      .join(', ');
  }

  private spell({ base, qualifiers, declarator }: Declaration, context: Context): string {
    return joined([...qualifiers.filter(isForBase), this.base(base, context)].join(' '), declarator);
  }

  private base(type: BtfType, context: Context): string {
    switch (type.kind) {
      case 'int':
        return spellInt(type);
      case 'float':
        return spellFloat(type);
      case 'typedef':
        return this.words.of(type.id, type.name);
      case 'enum':
        if (type.values.length === 0) return spellEnumStorage(type);
        return type.name === '' ? this.enumeration(type, context.depth) : `enum ${this.tag(type)}`;
      case 'struct':
      case 'union':
        return type.name === '' || context.names
          ? this.composite(type, context)
          : `${type.kind} ${this.tag(type)}`;
      case 'forward':
        return `${type.of} ${this.tag(type)}`;
      default:
        return 'void';
    }
  }

  private tag({ id, name }: BtfType): string {
    return this.tags.of(id, name);
  }

  private composite(type: CompositeType, { depth, bit, names = new CNames() }: Context): string {
    const { packed, parts } = this.layouts.of(type);
    const tag = type.name === '' || depth > 0 ? '' : ` ${this.tag(type)}`;
    const inside = { depth: depth + 1, bit, names };
    const lines = parts.flatMap((part) => this.part(part, inside));
    if (depth === 0) lines.push(`${INDENT}/* size: ${type.size} */`);
    const end = `${INDENT.repeat(depth)}}${packed ? ' __attribute__((packed))' : ''}`;
    return [`${type.kind}${tag} {`, ...lines, end].join('\n');
  }

  private part(part: CPart, context: Required<Context>): readonly string[] {
    this.line();
    const indent = INDENT.repeat(context.depth);
    switch (part.kind) {
      case 'bytes':
        return [`${indent}unsigned char ${context.names.of(part, '_unused')}[${part.bytes}];`];
      case 'bits':
        return [`${indent}unsigned char : ${part.bits};`];
      case 'misplaced':
        return [
          `${indent}/* ${identifier(part.member.name)}: not where C would have it, at bit ${part.member.bitOffset} */`,
        ];
      case 'member': {
        const hole = part.hole >= 8 ? [`${indent}/* ${Math.floor(part.hole / 8)} bytes unused */`] : [];
        return [...hole, this.member(part.member, context)];
      }
    }
  }

  private member(member: Member, { depth, bit, names }: Required<Context>): string {
    const { name, type, bitOffset, bitSize } = member;
    const at = bit + bitOffset;
    const resolved = this.btf.resolve(type);
    const isDirect = this.declare(type, '').base === resolved;
    // C has a struct or union without a name, but a typedef of one then declares nothing. It has bit-fields without
    // a name too, but aligns nothing to them; no compiler tells of those.
    const isNameless = name === '' && isDirect && (resolved.kind === 'struct' || resolved.kind === 'union');
    // A new object each time: one anonymous type may be written several times into the same struct.
    const declaration = this.declare(type, isNameless ? '' : names.of({}, name || '_unnamed'));
    const context = { depth, bit: isDirect ? at : 0, ...(isNameless && { names }) };
    const text = this.spell(declaration, context);
    const [first = '', ...rest] =
      `${INDENT.repeat(depth)}${text}${bitSize > 0 ? ` : ${bitSize}` : ''};`.split('\n');
    const lines = [first, ...rest];
    const last = lines.length - 1;
    return lines
      .with(last, `${(lines[last] ?? '').padEnd(COMMENT_COLUMN)} /* ${this.place(member, at)} */`)
      .join('\n');
  }

  private place({ type, bitSize }: Member, at: number): string {
    const offset = Math.floor(at / 8);
    const size = this.btf.sizeOf(type);
    if (bitSize === 0) return `${String(offset).padStart(5)} ${String(size).padStart(5)}`;
    const unit = Math.floor(at / (size * 8)) * size;
    return `${String(unit).padStart(5)}:${String(at - unit * 8).padStart(2)} ${String(size).padStart(2)}`;
  }

  private enumeration(type: EnumType, depth: number): string {
    const tag = type.name === '' ? '' : ` ${this.tag(type)}`;
    const indent = INDENT.repeat(depth + 1);
    const values = type.values.map((each) => {
      this.line();
      const value = constant(each.value, type);
      return `${indent}${this.words.of(each, each.name)} = ${value},`;
    });
    return [`enum${tag} {`, ...values, `${INDENT.repeat(depth)}}${modeOf(type)}`].join('\n');
  }

  private line(): void {
    if (++this.lines > MOST_LINES)
      throw objectInvalid(`BTF: more than ${MOST_LINES} lines of C declarations`);
  }

  private step(): void {
    if (++this.steps > MOST_STEPS) throw objectInvalid('BTF: types too intricate to declare in C');
  }
}

/** Marks `id` first, so that types that point to each other end. */
function once(done: Set<number>, id: number, declare: () => void): void {
  if (done.has(id)) return;
  done.add(id);
  declare();
}

/** A `restrict` belongs to a pointer; elsewhere C refuses it. */
function isForBase(qualifier: string): boolean {
  return qualifier !== 'restrict';
}
