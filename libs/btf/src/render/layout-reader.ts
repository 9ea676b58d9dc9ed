import { EcliError, type EcliErrorOptions, printable } from '@ecli/core';
import type { ArrayType, CompositeType, EnumType, IntType, Member, ResolvedType } from '../types.ts';
import type { CompositeShape, EnumShape, Field, RecordShape, Shape, TypeSource } from './layout.ts';

const LARGEST_SAMPLE_BYTES = 1 << 20;
const DEEPEST = 32;
const MOST_FIELDS = 16_384;
const LONGEST_NAME = 4_096;
/** Characters of the names of all enums together. */
const LONGEST_ENUM_TEXT = 1 << 20;
/** Characters of a path in an error. */
const LONGEST_PATH = 200;

/** Turns types into shapes. A struct, union or enum has one shape however often it occurs. */
export class LayoutReader {
  private readonly known = new Map<number, Shape>();
  private fieldCount = 0;
  private enumText = 0;

  constructor(private readonly btf: TypeSource) {}

  /** The fields of a struct, or one named by the type. Arguments as for `shapeOf`. */
  record(id: number, path: string, depth: number): RecordShape {
    const shape = this.shapeOf(id, path, depth);
    const { size, height } = shape;
    if (shape.kind === 'struct') return { kind: 'record', size, height, fields: shape.fields, isLone: false };
    const only: Field = { name: this.btf.spell(id), shape, bitOffset: 0, bitSize: 0 };
    return { kind: 'record', size, height: height + 1, fields: [only], isLone: true };
  }

  /**
   * The shape of a type whose layout is sound. `path` names the value in errors; `depth` counts the records,
   * composites and arrays around it.
   *
   * @throws PACKAGE_INVALID, and what Btf.sizeOf throws
   */
  shapeOf(id: number, path: string, depth: number): Shape {
    const shape = this.shape(id, path, depth);
    this.btf.sizeOf(id);
    return shape;
  }

  private shape(id: number, path: string, depth: number): Shape {
    const type = this.btf.resolve(id);
    const known = this.known.get(type.id);
    const shape = known ?? this.make(type, path, depth);
    if (depth + shape.height > DEEPEST) throw tooDeep(path);
    this.known.set(type.id, shape);
    return shape;
  }

  private make(type: ResolvedType, path: string, depth: number): Shape {
    if (depth > DEEPEST) throw tooDeep(path);
    switch (type.kind) {
      case 'int':
        return integer(type, path);
      case 'pointer':
        return { kind: 'integer', size: 8, height: 0, signed: false };
      case 'enum':
        return this.enumeration(type, path);
      case 'float':
        if (type.size === 4 || type.size === 8) return { kind: 'float', size: type.size, height: 0 };
        throw invalid(path, `a float of ${type.size} bytes can't be shown`);
      case 'array':
        return this.array(type, path, depth);
      case 'struct':
      case 'union':
        return this.composite(type, path, depth);
      default:
        throw invalid(path, `a value of type ${describe(type)} can't be shown`);
    }
  }

  /** Enumerators are taken at the enum's own width: compilers write those of a one-byte enum as 32 bits. */
  private enumeration({ size, signed, ...type }: EnumType, path: string): EnumShape {
    this.enumText = type.values.reduce((length, { name }) => length + name.length, this.enumText);
    if (this.enumText > LONGEST_ENUM_TEXT) {
      throw invalid(path, `enums with ${this.enumText} characters of names can't be shown`);
    }
    const values = type.values.map(({ name, value }) => ({ name, value: atWidth(value, size, signed) }));
    return { kind: 'enum', name: type.name, size, height: 0, signed, values };
  }

  private array(type: ArrayType, path: string, depth: number): Shape {
    const element = this.btf.resolve(type.element);
    if (isChar(element)) return { kind: 'string', size: type.length, height: 0 };
    const shape = this.shape(type.element, `${path}[]`, depth + 1);
    return {
      kind: 'array',
      size: shape.size * type.length,
      height: shape.height + 1,
      element: shape,
      length: type.length,
      stride: shape.size,
    };
  }

  private composite(type: CompositeType, path: string, depth: number): CompositeShape {
    const fields: Field[] = [];
    for (const member of type.members) {
      const added = this.fields(member, path, depth + 1);
      this.fieldCount += added.length;
      // Asked for each member: a few anonymous structs may hold all too many members again and again.
      if (this.fieldCount > MOST_FIELDS) throw invalid(path, `more than ${MOST_FIELDS} members`);
      fields.push(...added);
    }
    const height = fields.reduce((highest, { shape }) => Math.max(highest, shape.height), 0) + 1;
    return { kind: type.kind, size: type.size, height, name: checkedName(type.name, path), fields };
  }

  /** What `member` adds to the composite that has it. */
  private fields(member: Member, path: string, depth: number): readonly Field[] {
    const name = checkedName(member.name, path);
    if (name === '') return this.unnamedFields(member, path, depth);
    const shape = this.shape(member.type, `${path}.${printable(name)}`, depth);
    return [{ name, shape, bitOffset: member.bitOffset, bitSize: member.bitSize }];
  }

  private unnamedFields(member: Member, path: string, depth: number): readonly Field[] {
    const { kind } = this.btf.resolve(member.type);
    if (kind !== 'struct' && kind !== 'union') return [];
    const shape = this.shape(member.type, path, depth);
    if (shape.kind !== 'struct' && shape.kind !== 'union') return [];
    return shape.fields.map((field) => ({ ...field, bitOffset: field.bitOffset + member.bitOffset }));
  }
}

function integer(type: IntType, path: string): Shape {
  const { size, signed } = type;
  if (![1, 2, 4, 8, 16].includes(size)) throw invalid(path, `an integer of ${size} bytes can't be shown`);
  if (type.bool) return { kind: 'bool', size, height: 0 };
  return { kind: 'integer', size, height: 0, signed };
}

function atWidth(value: bigint, size: number, signed: boolean): bigint {
  return signed ? BigInt.asIntN(size * 8, value) : BigInt.asUintN(size * 8, value);
}

/** Compilers rarely set BTF_INT_CHAR, so the name decides as well. */
function isChar(type: ResolvedType): boolean {
  return type.kind === 'int' && type.size === 1 && !type.bool && (type.char || type.name === 'char');
}

function checkedName(name: string, path: string): string {
  if (name.length <= LONGEST_NAME) return name;
  throw invalid(path, `a name of ${name.length} characters is too long (${LONGEST_NAME})`);
}

function describe(type: ResolvedType): string {
  const kind = type.kind.replaceAll('_', ' ');
  return type.name === '' || type.kind === 'void' ? kind : `${kind} ${printable(type.name)}`;
}

function tooDeep(path: string): EcliError {
  return invalid(path, `nested more than ${DEEPEST} levels deep`);
}

/** @throws PACKAGE_INVALID when no event is as large */
export function expectSampleSize(size: number, path: string): void {
  if (size <= LARGEST_SAMPLE_BYTES) return;
  throw invalid(path, `${size} bytes are more than one event can have (${LARGEST_SAMPLE_BYTES})`);
}

/** The error for a type, or the member at `path`, that can't be shown. */
export function invalid(path: string, reason: string, options?: EcliErrorOptions): EcliError {
  const subject = path.length > LONGEST_PATH ? `${path.slice(0, LONGEST_PATH)}…` : path;
  return new EcliError('PACKAGE_INVALID', `${subject}: ${reason}`, options);
}
