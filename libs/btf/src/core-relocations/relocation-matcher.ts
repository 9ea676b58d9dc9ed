import { nearNames } from '@ecli/core';
import type { Btf } from '../btf.ts';
import type { CoreRelocationKind } from '../btf-ext.ts';
import { objectInvalid } from '../object-invalid.ts';
import type { ArrayType, BtfType, CompositeType } from '../types.ts';
import { type AccessPath, type AccessStep, isEnumeratorKind, isTypeKind } from './access-path.ts';
import { CompatibleTypes, isComposite } from './compatible-types.ts';
import { essentialName } from './flavors.ts';

/** Whether a relocation comes to something on a kernel, and if not, why. */
export type Resolution =
  /** `constant`: what the instruction gets, where the program's way may depend on it. */
  | { readonly resolves: true; readonly constant?: bigint }
  | { readonly resolves: false; readonly reason: string; readonly near: readonly string[] };

/** What the kernel has for a path in one of its types. */
interface Match {
  /** What an instruction would get, and for a field where it lies; two candidates must come to the same. */
  readonly value: string;
  /** Of a field. */
  readonly place?: Place;
}

/** Relocations that come to 0 where the kernel has nothing like it, and so always resolve. */
const ALWAYS: ReadonlySet<CoreRelocationKind> = new Set([
  'field_exists',
  'type_id_local',
  'type_id_target',
  'type_exists',
  'type_size',
  'type_matches',
  'enumval_exists',
]);

/**
 * Resolves relocations against one kernel's types by libbpf's rules (relo_core.c, bpf_core_calc_relo_insn): among
 * all types of the same kind and name, flavours aside, those that have the path with types that fit; several must
 * agree on the outcome.
 */
export class RelocationMatcher {
  private readonly compatible: CompatibleTypes;
  private readonly candidates = new Map<string, number[]>();
  private steps = 0;

  /** `names` are those of all types that will be asked for, so that the kernel's types are walked once. */
  constructor(
    private readonly local: Btf,
    private readonly target: Btf,
    names: ReadonlySet<string>,
  ) {
    this.compatible = new CompatibleTypes(local, target);
    for (let id = 1; id < target.length; id++) {
      const name = essentialName(target.nameOf(id));
      if (!names.has(name)) continue;
      const ids = this.candidates.get(name);
      if (ids) ids.push(id);
      else this.candidates.set(name, [id]);
    }
  }

  /** `isAccess`: of an instruction that loads or stores the field itself, by its offset. */
  resolve(path: AccessPath, kind: CoreRelocationKind, isAccess: boolean): Resolution {
    if (kind !== 'type_id_local' && this.local.type(path.root).name === '') {
      return { resolves: false, reason: 'types without a name are not looked for', near: [] };
    }
    const candidates = this.candidatesOf(path.root);
    const matches = candidates.flatMap((id) => this.match(path, kind, id) ?? []);
    const values = new Set(matches.map(({ value }) => value));
    if (values.size > 1) {
      return {
        resolves: false,
        reason: 'ambiguous: the kernel has types of this name that disagree',
        near: [],
      };
    }
    const [{ place } = {}] = matches;
    const problem = isAccess && place && this.accessProblem(path, place);
    if (problem) return { resolves: false, reason: problem, near: [] };
    if (matches.length > 0 || ALWAYS.has(kind)) {
      return { resolves: true, ...constantOf(kind, matches[0]) };
    }
    if (candidates.length === 0) return this.noType(path);
    return this.noMember(path, candidates);
  }

  /** A load of another size would give another number, unless the number is unsigned, or an address. */
  private accessProblem({ type: own, isBits }: AccessPath, { type, bitSize }: Place): string | undefined {
    const ownSize = isBits ? 0 : sizeIn(this.local, own);
    const size = bitSize > 0 ? 0 : sizeIn(this.target, type);
    if (ownSize === size) return undefined;
    const kinds = [this.local.resolve(own), this.target.resolve(type)];
    if (size > 0 && ownSize > 0 && (kinds.every(isPointer) || kinds.every(isUnsigned))) return undefined;
    const has = bitSize > 0 ? `has ${bitSize} bits` : `is ${this.target.spell(type)}, of ${size} bytes`;
    return `the kernel's ${has}, and it is accessed as ${this.local.spell(own)}: only of unsigned integers and pointers may the size differ`;
  }

  private candidatesOf(root: number): number[] {
    const { kind, name } = this.local.type(root);
    const ids = this.candidates.get(essentialName(name)) ?? [];
    return ids.filter((id) => this.target.type(id).kind === kind);
  }

  private match(path: AccessPath, kind: CoreRelocationKind, id: number): Match | undefined {
    if (kind === 'type_matches') return this.compatible.matches(path.root, id) ? { value: '' } : undefined;
    if (isTypeKind(kind)) {
      if (!this.compatible.types(path.root, id)) return undefined;
      const value = kind === 'type_id_target' ? id : kind === 'type_size' ? this.target.sizeOf(id) : '';
      return { value: String(value) };
    }
    if (isEnumeratorKind(kind)) return this.matchEnumerator(path, kind, id);
    return this.matchField(path, kind, id);
  }

  private matchEnumerator(
    { enumerator = '' }: AccessPath,
    kind: CoreRelocationKind,
    id: number,
  ): Match | undefined {
    const type = this.target.resolve(id);
    if (type.kind !== 'enum') return undefined;
    const wanted = essentialName(enumerator);
    const found = type.values.find(({ name }) => essentialName(name) === wanted);
    return found && { value: kind === 'enumval_value' ? String(found.value) : '' };
  }

  private matchField({ index, steps }: AccessPath, kind: CoreRelocationKind, id: number): Match | undefined {
    let place: Place | undefined = { type: id, bit: index * sizeIn(this.target, id) * 8, bitSize: 0 };
    for (const step of steps) {
      place = step.kind === 'member' ? this.member(step, place) : this.element(step.index, place);
      if (!place) return undefined;
    }
    return { value: `${place.bit} ${this.aspect(kind, place)}`, place };
  }

  /** What of a field beside its place a relocation of this kind depends on. */
  private aspect(kind: CoreRelocationKind, { type, bitSize }: Place): string {
    if (kind === 'field_exists') return '';
    if (kind === 'field_signed') return String(isSigned(this.target.resolve(type)));
    if (kind === 'field_byte_offset' && bitSize === 0) return '';
    return `${bitSize} ${sizeIn(this.target, type)}`;
  }

  /** The first member of this name decides, in anonymous members too. */
  private member(step: Extract<AccessStep, { kind: 'member' }>, at: Place): Place | undefined {
    const type = this.target.resolve(at.type);
    const found = isComposite(type) ? this.memberNamed(type, step.name, at.bit, 0) : undefined;
    return found && this.compatible.fields(step.type, found.type) ? found : undefined;
  }

  private memberNamed(type: CompositeType, name: string, bit: number, depth: number): Place | undefined {
    this.step(depth);
    for (const member of type.members) {
      const at = bit + member.bitOffset;
      if (member.name === name) return { type: member.type, bit: at, bitSize: member.bitSize, holder: type };
      if (member.name !== '') continue;
      const inner = this.target.resolve(member.type);
      const found = isComposite(inner) ? this.memberNamed(inner, name, at, depth + 1) : undefined;
      if (found) return found;
    }
    return undefined;
  }

  /** A flexible array may be read past its length, which is 0. */
  private element(index: number, at: Place): Place | undefined {
    const type = this.target.resolve(at.type);
    if (type.kind !== 'array') return undefined;
    if (index >= type.length && !isFlexible(type, at)) return undefined;
    return { type: type.element, bit: at.bit + index * sizeIn(this.target, type.element) * 8, bitSize: 0 };
  }

  private noType({ root }: AccessPath): Resolution {
    const { kind, name } = this.local.type(root);
    const what = ['struct', 'union', 'enum'].includes(kind) ? `${kind} ` : '';
    return { resolves: false, reason: `the kernel has no ${what}${essentialName(name)}`, near: [] };
  }

  /** Says of the first candidate how far the path leads. */
  private noMember(path: AccessPath, [candidate = 0]: readonly number[]): Resolution {
    const no = (reason: string, near: readonly string[] = []): Resolution => ({
      resolves: false,
      reason,
      near,
    });
    if (path.enumerator !== undefined) {
      const type = this.target.resolve(candidate);
      const names = type.kind === 'enum' ? type.values.map(({ name }) => name) : [];
      return no(
        `the kernel's enum ${type.name} has no ${path.enumerator}`,
        nearNames(path.enumerator, names),
      );
    }
    let place: Place = { type: candidate, bit: 0, bitSize: 0 };
    for (const step of path.steps) {
      const next = step.kind === 'member' ? this.member(step, place) : this.element(step.index, place);
      if (next) {
        place = next;
        continue;
      }
      const type = this.target.resolve(place.type);
      const owner = nameOf(type, essentialName(this.local.type(path.root).name));
      if (step.kind === 'element')
        return no(`the kernel's ${owner} is no array with an element ${step.index}`);
      if (!isComposite(type)) return no(`the kernel's ${owner} has no members`);
      const other = this.memberNamed(type, step.name, 0, 0);
      if (other) {
        return no(
          `the kernel's ${owner}.${step.name} is ${this.target.spell(other.type)}, not ${this.local.spell(step.type)}`,
        );
      }
      return no(`the kernel's ${owner} has no ${step.name}`, nearNames(step.name, this.memberNames(type, 0)));
    }
    return no('the kernel has nothing that fits');
  }

  /** Structs may hold each other without a name as often as they like. */
  private step(depth: number): void {
    if (depth <= DEEPEST && ++this.steps <= MOST_STEPS) return;
    throw objectInvalid('BTF: members without a name nested too deep or too often');
  }

  private memberNames(type: CompositeType, depth: number): string[] {
    this.step(depth);
    return type.members.flatMap(({ name, type: id }) => {
      if (name !== '') return [name];
      const inner = this.target.resolve(id);
      return isComposite(inner) ? this.memberNames(inner, depth + 1) : [];
    });
  }
}

/** Where nothing matches it is 0 for all that ask; else 1 for what exists, and a size. */
function constantOf(kind: CoreRelocationKind, match: Match | undefined): { readonly constant?: bigint } {
  if (!match) return ALWAYS.has(kind) && kind !== 'type_id_local' ? { constant: 0n } : {};
  if (kind === 'type_size') return { constant: BigInt(match.value) };
  return kind.endsWith('_exists') || kind === 'type_matches' ? { constant: 1n } : {};
}

const DEEPEST = 32;
/** Structs looked into for members; a large object against a kernel takes some thousands. */
const MOST_STEPS = 1_000_000;
const SIZED: ReadonlySet<string> = new Set(['int', 'float', 'enum', 'pointer', 'struct', 'union', 'array']);

/** A value in a type of the kernel. */
interface Place {
  readonly type: number;
  readonly bit: number;
  readonly bitSize: number;
  /** The struct whose member it is. */
  readonly holder?: CompositeType;
}

function sizeIn(btf: Btf, id: number): number {
  const { kind } = btf.resolve(id);
  return SIZED.has(kind) ? btf.sizeOf(id) : 0;
}

function isPointer({ kind }: BtfType): boolean {
  return kind === 'pointer';
}

function isUnsigned(type: BtfType): boolean {
  return type.kind === 'int' && !type.signed;
}

function isSigned(type: BtfType): boolean {
  return (type.kind === 'int' || type.kind === 'enum') && type.signed;
}

function isFlexible({ length }: ArrayType, { holder, type }: Place): boolean {
  return length === 0 && holder?.members.at(-1)?.type === type;
}

function nameOf({ kind, name }: BtfType, root: string): string {
  if (name === '') return root;
  return kind === 'struct' || kind === 'union' || kind === 'enum' ? `${kind} ${name}` : name;
}
