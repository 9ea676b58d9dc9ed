import type { Btf } from '../btf.ts';
import type { BtfType, CompositeType, EnumType, FunctionPrototypeType } from '../types.ts';
import { essentialName } from './flavors.ts';

/** As deep as the kernel and libbpf follow types (`BPF_CORE_TYPES_…_LEVEL`, `MAX_RESOLVE_DEPTH`). */
const DEEPEST = 32;

/** A type of the object's BTF and one of the kernel's. */
type Comparison = (local: number, target: number, depth?: number) => boolean;

/**
 * The rules by which libbpf takes a type of the kernel for one of the program (libbpf's relo_core.c), with the
 * two sets of types that they are about.
 */
export class CompatibleTypes {
  /** What has been compared, since types may hold each other again and again. */
  private readonly known = new Map<string, boolean>();

  constructor(
    private readonly local: Btf,
    private readonly target: Btf,
  ) {}

  /** For a member's type: structs are all alike, as their members are matched one by one where they matter. */
  readonly fields: Comparison = (localId, targetId, depth = DEEPEST) => {
    const local = this.local.resolve(localId);
    const target = this.target.resolve(targetId);
    if (isComposite(local) && isComposite(target)) return true;
    if (local.kind !== target.kind || depth === 0) return false;
    switch (local.kind) {
      case 'pointer':
      case 'float':
      case 'int':
        return true;
      case 'forward':
      case 'enum':
        return namesMatch(local, target, true);
      case 'array':
        return target.kind === 'array' && this.fields(local.element, target.element, depth - 1);
      default:
        return false;
    }
  };

  /** For `bpf_core_type_exists` and the like: the same kinds all the way, whatever is in structs. */
  readonly types: Comparison = (localId, targetId, depth = DEEPEST) =>
    this.once(`types ${localId} ${targetId}`, () => this.compareTypes(localId, targetId, depth));

  private once(comparison: string, compare: () => boolean): boolean {
    const known = this.known.get(comparison);
    if (known !== undefined) return known;
    const result = compare();
    this.known.set(comparison, result);
    return result;
  }

  private compareTypes(localId: number, targetId: number, depth: number): boolean {
    const local = this.local.resolve(localId);
    const target = this.target.resolve(targetId);
    if (local.kind !== target.kind || depth === 0) return false;
    switch (local.kind) {
      case 'void':
      case 'struct':
      case 'union':
      case 'enum':
      case 'forward':
      case 'int':
        return true;
      case 'pointer':
        return target.kind === 'pointer' && this.types(local.target, target.target, depth - 1);
      case 'array':
        return target.kind === 'array' && this.types(local.element, target.element, depth - 1);
      case 'function_prototype':
        return this.prototypes(local, target, (one, other) => this.types(one, other, depth - 1));
      default:
        return false;
    }
  }

  /** For `bpf_core_type_matches`: members, enumerators, sizes and signs too; behind a pointer only names. */
  matches(localId: number, targetId: number, behindPointer = false, depth = DEEPEST): boolean {
    const comparison = `${behindPointer ? 'pointers' : 'matches'} ${localId} ${targetId}`;
    return this.once(comparison, () => this.compareMatches(localId, targetId, behindPointer, depth));
  }

  private compareMatches(localId: number, targetId: number, behindPointer: boolean, depth: number): boolean {
    const local = this.local.resolve(localId);
    const target = this.target.resolve(targetId);
    if (depth === 0 || !namesMatch(local, target)) return false;
    const inside = (one: number, other: number): boolean =>
      this.matches(one, other, behindPointer, depth - 1);
    switch (local.kind) {
      case 'void':
        return target.kind === 'void';
      case 'forward':
        if (target.kind === 'forward') return local.of === target.of;
        return behindPointer && target.kind === local.of;
      case 'enum':
        return target.kind === 'enum' && enumeratorsMatch(local, target);
      case 'struct':
      case 'union':
        return this.compositesMatch(local, target, behindPointer, inside);
      case 'int':
        return target.kind === 'int' && local.size === target.size && local.signed === target.signed;
      case 'pointer':
        return target.kind === 'pointer' && this.matches(local.target, target.target, true, depth - 1);
      case 'array':
        return (
          target.kind === 'array' && local.length === target.length && inside(local.element, target.element)
        );
      case 'function_prototype':
        return this.prototypes(local, target, inside);
      default:
        return false;
    }
  }

  private compositesMatch(
    local: CompositeType,
    target: BtfType,
    behindPointer: boolean,
    compare: (one: number, other: number) => boolean,
  ): boolean {
    if (behindPointer)
      return target.kind === local.kind || (target.kind === 'forward' && target.of === local.kind);
    if (target.kind !== local.kind || local.members.length > target.members.length) return false;
    return local.members.every((member) =>
      target.members.some((other) => namesMatch(member, other) && compare(member.type, other.type)),
    );
  }

  private prototypes(
    local: FunctionPrototypeType,
    target: BtfType,
    compare: (one: number, other: number) => boolean,
  ): boolean {
    if (target.kind !== 'function_prototype') return false;
    const { parameters } = target;
    return (
      local.parameters.length === parameters.length &&
      local.parameters.every(({ type }, index) => compare(type, parameters[index]?.type ?? 0)) &&
      compare(local.returns, target.returns)
    );
  }
}

export function isComposite(type: BtfType): type is CompositeType {
  return type.kind === 'struct' || type.kind === 'union';
}

interface Named {
  readonly name: string;
}

/** Flavours don't count; with `orNone`, nor does a name that one of the two lacks. */
function namesMatch(local: Named, target: Named, orNone = false): boolean {
  if (orNone && (local.name === '' || target.name === '')) return true;
  return essentialName(local.name) === essentialName(target.name);
}

function enumeratorsMatch(local: EnumType, target: EnumType): boolean {
  if (local.size !== target.size || local.values.length > target.values.length) return false;
  return local.values.every((value) => target.values.some((other) => namesMatch(value, other)));
}
