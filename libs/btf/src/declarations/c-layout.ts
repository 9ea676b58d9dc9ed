import type { TypeSource } from '../render/layout.ts';
import type { CompositeType, Member } from '../types.ts';
import { isCBits } from './c-scalars.ts';

/** What to write between the braces of a struct or union so that a compiler lays it out as BTF says. */
export interface CLayout {
  /** Whether it takes `__attribute__((packed))`. */
  readonly packed: boolean;
  /** Bytes; what a compiler aligns it to. */
  readonly alignment: number;
  readonly parts: readonly CPart[];
}

export type CPart =
  /** `hole`: bits before it that the compiler leaves by itself. */
  | { readonly kind: 'member'; readonly member: Member; readonly hole: number }
  /** Nothing in C lies where BTF has this member: it overlaps another, or stands past the start of a union. */
  | { readonly kind: 'misplaced'; readonly member: Member }
  | { readonly kind: 'bytes'; readonly bytes: number }
  | { readonly kind: 'bits'; readonly bits: number };

/**
 * Works out how C would place members, by the rules of the System V ABI (which BPF, x86-64 and arm64 share here):
 * an ordinary member at the next multiple of its alignment; a bit-field at the next bit, but not across a
 * boundary of its type's size unless packed.
 */
export class CLayouts {
  private readonly known = new Map<number, CLayout>();

  constructor(private readonly btf: Pick<TypeSource, 'resolve' | 'sizeOf'>) {}

  of(type: CompositeType): CLayout {
    const known = this.known.get(type.id);
    if (known) return known;
    const natural = this.place(type, false);
    const layout = natural ?? this.place(type, true) ?? { packed: true, alignment: 1, parts: [] };
    this.known.set(type.id, layout);
    return layout;
  }

  /** Bytes that a compiler aligns a value of type `id` to. */
  alignmentOf(id: number): number {
    const type = this.btf.resolve(id);
    switch (type.kind) {
      case 'struct':
      case 'union':
        return this.of(type).alignment;
      case 'array':
        return this.alignmentOf(type.element);
      default:
        return Math.max(1, this.btf.sizeOf(id));
    }
  }

  /** Undefined where it can't be done without packing. */
  private place(type: CompositeType, packed: boolean): CLayout | undefined {
    const placement = new Placement(type, packed);
    for (const member of type.members) {
      const alignment = packed ? 1 : this.alignmentOf(member.type);
      const bits = this.btf.sizeOf(member.type) * 8;
      if (!placement.add(member, bits, alignment * 8, isCBits(this.btf.resolve(member.type), member.bitSize)))
        return undefined;
    }
    return placement.finish();
  }
}

/** Members placed one after another; all positions are in bits. */
class Placement {
  private readonly parts: CPart[] = [];
  private alignment = 8;
  /** Where the next member may begin; in a union, how far the longest goes. */
  private end = 0;

  constructor(
    private readonly type: CompositeType,
    private readonly packed: boolean,
  ) {}

  /** False: a compiler would put it elsewhere, unless it is packed. */
  add(member: Member, typeBits: number, alignment: number, canBeBits: boolean): boolean {
    const { bitOffset, bitSize } = member;
    const isBits = bitSize > 0;
    if (this.type.kind === 'union') return this.addToUnion(member, typeBits, alignment, canBeBits);
    if (bitOffset < this.end || (isBits && !canBeBits)) return this.misplaced(member);
    const start = isBits ? bitOffset : Math.ceil(this.end / alignment) * alignment;
    if (isBits && !this.packed && (bitOffset % typeBits) + bitSize > typeBits) return false;
    if (!this.packed && bitOffset % alignment !== 0 && !isBits) return false;
    const fits = isBits ? bitOffset === this.end : start === bitOffset;
    if (!fits) this.fill(bitOffset, isBits);
    this.parts.push({ kind: 'member', member, hole: bitOffset - this.end });
    this.alignment = Math.max(this.alignment, alignment);
    this.end = bitOffset + (bitSize || typeBits);
    return true;
  }

  finish(): CLayout | undefined {
    const size = this.type.size * 8;
    if (size % this.alignment !== 0) return undefined;
    const natural = Math.ceil(this.end / this.alignment) * this.alignment;
    if (natural > size) return undefined;
    if (natural < size && this.type.kind === 'union') this.parts.push({ kind: 'bytes', bytes: size / 8 });
    else if (natural < size) this.fill(size, false);
    return { packed: this.packed, alignment: this.alignment / 8, parts: this.parts };
  }

  private addToUnion(member: Member, typeBits: number, alignment: number, canBeBits: boolean): boolean {
    const isBits = member.bitSize > 0;
    if (member.bitOffset !== 0 || (isBits && !canBeBits)) return this.misplaced(member);
    this.parts.push({ kind: 'member', member, hole: 0 });
    this.alignment = Math.max(this.alignment, alignment);
    this.end = Math.max(this.end, member.bitSize || typeBits);
    return true;
  }

  private misplaced(member: Member): true {
    this.parts.push({ kind: 'misplaced', member });
    return true;
  }

  /** Writes out the gap up to `to`: whole bytes as an array, bits as bit-fields without a name. */
  private fill(to: number, isBits: boolean): void {
    const toByte = Math.ceil(this.end / 8) * 8;
    if (isBits && this.end % 8 !== 0) this.bits(Math.min(to, toByte) - this.end);
    else this.end = toByte;
    const bytes = Math.floor((to - this.end) / 8);
    if (bytes > 0) {
      this.parts.push({ kind: 'bytes', bytes });
      this.end += bytes * 8;
    }
    if (isBits) this.bits(to - this.end);
  }

  private bits(bits: number): void {
    if (bits > 0) this.parts.push({ kind: 'bits', bits });
    this.end += Math.max(bits, 0);
  }
}
