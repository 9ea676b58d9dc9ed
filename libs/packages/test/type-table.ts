import type { BtfType } from '@ecli/btf';
import type { TypeLookup } from '../src/options/argument-types.ts';

type Unnumbered<T> = T extends BtfType ? Omit<T, 'id' | 'name'> & { readonly name?: string } : never;

/** A few types by hand, with what of Btf the arguments ask for. Doesn't model: cycles, functions, structs' layout. */
export class TypeTable implements TypeLookup {
  private readonly types: BtfType[] = [{ kind: 'void', id: 0, name: 'void' }];

  add(type: Unnumbered<BtfType>): number {
    const id = this.types.length;
    this.types.push({ name: '', ...type, id });
    return id;
  }

  int(name: string, size: number, signed: boolean, bool = false): number {
    return this.add({ kind: 'int', name, size, bits: size * 8, bitOffset: 0, signed, char: false, bool });
  }

  array(element: number, length: number): number {
    return this.add({ kind: 'array', element, length });
  }

  type(id: number): BtfType {
    const type = this.types[id];
    if (!type) throw new Error(`no type ${id}`);
    return type;
  }

  resolve(id: number): ReturnType<TypeLookup['resolve']> {
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
    const type = this.resolve(id);
    if (type.kind === 'array') return this.sizeOf(type.element) * type.length;
    return 'size' in type ? type.size : 8;
  }

  spell(id: number): string {
    const type = this.type(id);
    switch (type.kind) {
      case 'array':
        return `${this.spell(type.element)}[${type.length}]`;
      case 'pointer':
        return `${this.spell(type.target)} *`;
      case 'const':
      case 'volatile':
        return this.spell(type.target);
      case 'struct':
      case 'enum':
        return `${type.kind} ${type.name}`;
      default:
        return type.name;
    }
  }
}
