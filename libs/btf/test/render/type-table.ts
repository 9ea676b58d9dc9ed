import { Btf } from '../../src/btf.ts';
import type { TypeSource } from '../../src/render/layout.ts';
import { spell } from '../../src/spell.ts';
import { Sizes } from '../../src/sizes.ts';
import type { ArrayType, BtfType, CompositeType, EnumType, IntType, ResolvedType } from '../../src/types.ts';

import { BtfBuilder } from '../btf-builder.ts';
import { encodeType } from '../encode-type.ts';

type Unnumbered<Type> = Type extends unknown ? Omit<Type, 'id'> : never;

/** Types made by hand, with the same questions answered as Btf answers them. */
export class TypeTable implements TypeSource {
  readonly types: BtfType[] = [{ kind: 'void', id: 0, name: 'void' }];
  private sizes = new Sizes(this);

  add(type: Unnumbered<BtfType>): number {
    const id = this.types.length;
    this.types.push({ ...type, id });
    return id;
  }

  int(name: string, size: number, signed: boolean, more: Partial<IntType> = {}): number {
    const rest = { bitOffset: 0, char: false, bool: false, ...more };
    return this.add({ kind: 'int', name, size, bits: size * 8, signed, ...rest });
  }

  char(): number {
    return this.int('char', 1, true);
  }

  bool(size = 1): number {
    return this.int('_Bool', size, false, { bool: true });
  }

  float(size: number): number {
    return this.add({ kind: 'float', name: size === 4 ? 'float' : 'double', size });
  }

  pointer(target = 0): number {
    return this.add({ kind: 'pointer', name: '', target });
  }

  array(element: number, length: number): number {
    return this.add({ kind: 'array', name: '', element, length } satisfies Omit<ArrayType, 'id'>);
  }

  string(size: number): number {
    return this.array(this.char(), size);
  }

  typedef(name: string, target: number): number {
    return this.add({ kind: 'typedef', name, target });
  }

  enum(name: string, size: number, signed: boolean, values: EnumType['values']): number {
    return this.add({ kind: 'enum', name, size, signed, values } satisfies Omit<EnumType, 'id'>);
  }

  composite(
    kind: 'struct' | 'union',
    name: string,
    size: number,
    members: readonly (readonly [name: string, type: number, bitOffset: number, bitSize?: number])[],
  ): number {
    const laidOut = members.map(([member, type, bitOffset, bitSize = 0]) => ({
      name: member,
      type,
      bitOffset,
      bitSize,
    }));
    return this.add({ kind, name, size, members: laidOut } satisfies Omit<CompositeType, 'id'>);
  }

  /** A struct whose members follow each other without gaps, so that few are aligned. */
  struct(name: string, members: readonly (readonly [name: string, type: number])[]): number {
    let size = 0;
    const placed = members.map(([member, type]) => {
      const offset = size;
      size += this.sizeOf(type);
      return [member, type, offset * 8] as const;
    });
    return this.composite('struct', name, size, placed);
  }

  /** The same types as Btf reads them from bytes. */
  btf(): Btf {
    const builder = new BtfBuilder();
    for (const type of this.types.slice(1)) encodeType(builder, type);
    return Btf.parse(builder.bytes());
  }

  type(id: number): BtfType {
    const type = this.types[id];
    if (!type) throw new Error(`the test has no type ${id}`);
    return type;
  }

  resolve(id: number): ResolvedType {
    const type = this.type(id);
    switch (type.kind) {
      case 'typedef':
      case 'const':
      case 'volatile':
      case 'restrict':
      case 'type_tag':
        return this.resolve(type.target);
      default:
        return type;
    }
  }

  sizeOf(id: number): number {
    return this.sizes.of(id);
  }

  spell(id: number): string {
    return spell(this, id);
  }
}
