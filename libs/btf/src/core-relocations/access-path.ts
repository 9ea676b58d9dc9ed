import type { Btf } from '../btf.ts';
import type { CoreRelocation, CoreRelocationKind } from '../btf-ext.ts';
import { objectInvalid } from '../object-invalid.ts';

/** One step from a type into it: a member with a name, or an element of an array. */
export type AccessStep =
  | { readonly kind: 'member'; readonly name: string; readonly type: number }
  | { readonly kind: 'element'; readonly index: number };

/** What a relocation asks for, by the object's own types. */
export interface AccessPath {
  /** Id of the type that the kernel is searched for, as the program names it. */
  readonly root: number;
  /** How many of `root` lie before the one that is meant: `p[2].member`. */
  readonly index: number;
  /** Empty unless a field is asked for. */
  readonly steps: readonly AccessStep[];
  /** Id of the type of what the path leads to. */
  readonly type: number;
  /** A bit-field: instructions can't load it alone. */
  readonly isBits: boolean;
  /** Set where an enumerator is asked for. */
  readonly enumerator?: string;
  /** As C would have it: `task_struct.mm.pgd`, `bpf_func_id: BPF_FUNC_loop`. */
  readonly text: string;
}

/** Members of members of members: libbpf's BPF_CORE_SPEC_MAX_LEN. */
const MOST_STEPS = 64;

/** Follows a relocation's indices through the object's own types. @throws OBJECT_INVALID where they lead nowhere */
export function accessPath(btf: Btf, { type: root, access, kind }: CoreRelocation): AccessPath {
  const indices = access.split(':').map(Number);
  if (!/^\d+(?::\d+)*$/.test(access) || indices.length > MOST_STEPS) throw invalid(access, 'not indices');
  const name = btf.type(root).name;
  const [index = 0, ...rest] = indices;
  if (isTypeKind(kind)) return { ...ofType(root), text: name };
  if (isEnumeratorKind(kind)) return enumeratorPath(btf, root, index, access);
  const { steps, type, isBits } = follow(btf, root, rest, access);
  const text = steps.reduce(
    (path, step) => (step.kind === 'member' ? `${path}.${step.name}` : `${path}[${step.index}]`),
    index === 0 ? name : `${name}[${index}]`,
  );
  return { root, index, steps, type, isBits, text };
}

export function isTypeKind(kind: CoreRelocationKind): boolean {
  return kind.startsWith('type_');
}

export function isEnumeratorKind(kind: CoreRelocationKind): boolean {
  return kind.startsWith('enumval_');
}

function ofType(root: number): Omit<AccessPath, 'text'> {
  return { root, index: 0, steps: [], type: root, isBits: false };
}

function enumeratorPath(btf: Btf, root: number, index: number, access: string): AccessPath {
  const type = btf.resolve(root);
  const value = type.kind === 'enum' ? type.values[index] : undefined;
  if (!value) throw invalid(access, `there is no such enumerator in ${type.kind}`);
  return { ...ofType(root), enumerator: value.name, text: `${btf.type(root).name}: ${value.name}` };
}

/** Members without a name are passed through: kernels differ in what is anonymous. */
function follow(
  btf: Btf,
  root: number,
  indices: readonly number[],
  access: string,
): Pick<AccessPath, 'steps' | 'type' | 'isBits'> {
  const steps: AccessStep[] = [];
  let id = root;
  let isBits = false;
  for (const index of indices) {
    const type = btf.resolve(id);
    if (type.kind === 'struct' || type.kind === 'union') {
      const member = type.members[index];
      if (!member) throw invalid(access, `${type.kind} ${type.id} has no member ${index}`);
      if (member.name !== '') steps.push({ kind: 'member', name: member.name, type: member.type });
      id = member.type;
      isBits = member.bitSize > 0;
    } else if (type.kind === 'array') {
      steps.push({ kind: 'element', index });
      id = type.element;
      isBits = false;
    } else {
      throw invalid(access, `type ${type.id} has nothing inside`);
    }
  }
  return { steps, type: id, isBits };
}

function invalid(access: string, problem: string): Error {
  return objectInvalid(`BTF.ext: relocation ${JSON.stringify(access)}: ${problem}`);
}
