import { decodeType } from './btf-decoder.ts';
import { KIND_LAYOUTS } from './btf-kinds.ts';
import { BtfReader } from './btf-reader.ts';
import { MOST_MODIFIERS } from './limits.ts';
import { objectInvalid } from './object-invalid.ts';
import { checkReferences } from './references.ts';
import { Sizes } from './sizes.ts';
import { spell, type SpellOptions } from './spell.ts';
import type { BtfType, ResolvedType, TypeOfKind } from './types.ts';

const VOID: BtfType = { kind: 'void', id: 0, name: 'void' };

/**
 * The types of an object or a kernel. Parsing only finds where each type lies; a type is decoded when it is
 * first asked for and is the same object ever after. The bytes are borrowed and must not change.
 */
export class Btf {
  private readonly decoded = new Map<number, BtfType>([[0, VOID]]);
  private readonly sizes = new Sizes(this);

  private constructor(private readonly reader: BtfReader) {}

  /** Reads a `.BTF` section or a file such as /sys/kernel/btf/vmlinux. @throws OBJECT_INVALID */
  static parse(bytes: Uint8Array): Btf {
    return new Btf(new BtfReader(bytes));
  }

  /** Checks all that types refer to, for readers that don't check themselves. @throws OBJECT_INVALID */
  checkReferences(): void {
    checkReferences(this.reader);
  }

  /** Returns the name of a type that exists without decoding the type: for walks over all of them. */
  nameOf(id: number): string {
    return this.reader.name(id);
  }

  /** Returns the string at `offset` of BTF's strings, which `.BTF.ext` refers to. @throws OBJECT_INVALID */
  string(offset: number): string {
    return this.reader.strings.get(offset);
  }

  /** How many types there are, void included: ids go from 0 to `length` - 1. */
  get length(): number {
    return this.reader.count;
  }

  /** All types by id; [0] is void. Decodes every one: for a single type use `type`. @throws OBJECT_INVALID */
  get types(): readonly BtfType[] {
    return Array.from({ length: this.length }, (_, id) => this.type(id));
  }

  /** Returns the type `id`. @throws OBJECT_INVALID when there is none or its record is unsound */
  type(id: number): BtfType {
    const known = this.decoded.get(id);
    if (known) return known;
    if (!Number.isInteger(id) || id < 0 || id >= this.length) {
      throw objectInvalid(`BTF: there is no type ${id} among ${this.length}`);
    }
    const type = decodeType(this.reader, id);
    this.decoded.set(id, type);
    return type;
  }

  /** Looks through typedefs, qualifiers and type tags. @throws OBJECT_INVALID when they go in a circle */
  resolve(id: number): ResolvedType {
    let type = this.type(id);
    for (let hop = 0; hop <= MOST_MODIFIERS; hop++) {
      switch (type.kind) {
        case 'typedef':
        case 'const':
        case 'volatile':
        case 'restrict':
        case 'type_tag':
          type = this.type(type.target);
          break;
        default:
          return type;
      }
    }
    throw objectInvalid(`BTF type ${id}: its typedefs or qualifiers go in a circle`);
  }

  /**
   * Returns the bytes that a value of type `id` takes. What it returns for a struct, union or array vouches for
   * the layout: members lie inside, and nothing contains itself.
   *
   * @throws OBJECT_INVALID for such a layout, and for types without a size
   */
  sizeOf(id: number): number {
    return this.sizes.of(id);
  }

  /** Finds the first type of `kind` with `name`. @throws OBJECT_INVALID when its record is unsound */
  find<Kind extends BtfType['kind']>(kind: Kind, name: string): TypeOfKind<Kind> | undefined {
    if (name.includes('\0')) return undefined;
    const wanted = Buffer.from(name);
    const { reader } = this;
    for (let id = 1; id < this.length; id++) {
      if (KIND_LAYOUTS[reader.kind(id)]?.kind !== kind) continue;
      // The layout just said that the type's kind is `kind`, which the type checker can't see.
      if (reader.strings.equals(reader.nameOffset(id), wanted)) return this.type(id) as TypeOfKind<Kind>;
    }
    return undefined;
  }

  /**
   * Spells a type as C does: `long long`, `char[100]`, `struct event *`, `enum event_type`. The text is not
   * fit for a terminal yet: names come from the file.
   *
   * @throws OBJECT_INVALID when the spelling would not end
   */
  spell(id: number, options?: SpellOptions): string {
    return spell(this, id, options);
  }
}
