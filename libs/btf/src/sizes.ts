import { printable } from '@ecli/core';
import type { Btf } from './btf.ts';
import { MOST_NESTED } from './limits.ts';
import { objectInvalid } from './object-invalid.ts';
import type { ArrayType, CompositeType, Member } from './types.ts';

/** BPF and every kernel that runs it with BTF have 64-bit pointers. */
const POINTER_BYTES = 8;
const MOST_BYTES = 0xffff_ffff;

/** Sizes of types, each layout checked once: members inside their struct, and no type inside itself. */
export class Sizes {
  /** By the id of a struct, union or array. */
  private readonly known = new Map<number, number>();

  constructor(private readonly btf: Pick<Btf, 'resolve'>) {}

  /** Returns the bytes that a value of type `id` takes. @throws OBJECT_INVALID */
  of(id: number): number {
    return this.measure(id, []);
  }

  /** `path` holds the structs, unions and arrays around the type. */
  private measure(id: number, path: readonly number[]): number {
    const type = this.btf.resolve(id);
    switch (type.kind) {
      case 'int':
      case 'float':
      case 'enum':
      case 'data_section':
        return type.size;
      case 'pointer':
        return POINTER_BYTES;
      case 'variable':
        return this.measure(type.type, extended(path, type.id));
      case 'struct':
      case 'union':
      case 'array':
        return this.known.get(type.id) ?? this.measureNested(type, path);
      default:
        throw objectInvalid(`BTF type ${id} (${printable(type.name)}): a ${spoken(type.kind)} has no size`);
    }
  }

  private measureNested(type: CompositeType | ArrayType, path: readonly number[]): number {
    const inside = extended(path, type.id);
    const size = type.kind === 'array' ? this.arraySize(type, inside) : this.compositeSize(type, inside);
    this.known.set(type.id, size);
    return size;
  }

  private arraySize(type: ArrayType, path: readonly number[]): number {
    const size = type.length * this.measure(type.element, path);
    if (size > MOST_BYTES) throw objectInvalid(`BTF type ${type.id}: an array of ${size} bytes`);
    return size;
  }

  private compositeSize(type: CompositeType, path: readonly number[]): number {
    for (const member of type.members) {
      if (!this.fits(member, type.size, path)) {
        throw objectInvalid(
          `BTF type ${type.id} (${printable(type.name)}): member ${printable(member.name)} ` +
            `at bit ${member.bitOffset} does not fit into ${type.size} bytes`,
        );
      }
    }
    return type.size;
  }

  private fits(member: Member, size: number, path: readonly number[]): boolean {
    const typeBits = this.measure(member.type, path) * 8;
    if (member.bitSize === 0) return member.bitOffset % 8 === 0 && member.bitOffset + typeBits <= size * 8;
    const { kind } = this.btf.resolve(member.type);
    const holdsBits = kind === 'int' || kind === 'enum';
    return holdsBits && member.bitSize <= typeBits && member.bitOffset + member.bitSize <= size * 8;
  }
}

function extended(path: readonly number[], id: number): readonly number[] {
  if (path.includes(id)) throw objectInvalid(`BTF type ${id}: it contains itself`);
  if (path.length >= MOST_NESTED) throw objectInvalid(`BTF type ${id}: nested more than ${MOST_NESTED} deep`);
  return [...path, id];
}

function spoken(kind: string): string {
  return kind.replaceAll('_', ' ');
}
