import type { Btf } from '../btf.ts';
import { type CoreRelocation, readBtfExt, type SourceLine } from '../btf-ext.ts';
import { SymbolType } from '../elf-file.ts';
import type { ObjectFile } from '../object-file.ts';
import { type AccessPath, accessPath } from './access-path.ts';
import { essentialName } from './flavors.ts';
import { reachableCode } from './reachable-code.ts';
import { RelocationMatcher } from './relocation-matcher.ts';

/** A relocation of an object that a kernel can't give, of an instruction that can run there. */
export interface UnresolvedRelocation {
  /** The program or function whose instruction it is. */
  readonly program: string;
  /** As C has it: `task_struct.__state`. */
  readonly access: string;
  readonly kind: CoreRelocation['kind'];
  readonly reason: string;
  /** What the kernel has that it may have been renamed to. */
  readonly near: readonly string[];
  /** Where it is, or shortly after: compilers give the instruction that is relocated no line of its own. */
  readonly source?: SourceLine;
}

interface KnownRelocation extends CoreRelocation {
  readonly path: AccessPath;
  readonly program: string;
  readonly source: SourceLine | undefined;
}

/** A section of instructions with all that is relocated in it. */
interface RelocatedSection {
  readonly code: Uint8Array;
  /** Where its functions begin. */
  readonly entries: readonly number[];
  readonly relocations: readonly KnownRelocation[];
}

/** All relocations of an object, ready to be resolved against any number of kernels. */
export class ObjectRelocations {
  private readonly sections: readonly RelocatedSection[];
  private readonly names: ReadonlySet<string>;

  /** @throws OBJECT_INVALID */
  constructor(private readonly file: ObjectFile) {
    const { btf, elf } = file;
    const { lines, relocations } = readBtfExt(file);
    const functions = functionsBySection(file);
    this.sections = [...relocations].map(([name, all]) => {
      const section = elf.section(name);
      const own = (section && functions.get(section.index)) ?? [];
      const sources = (lines.get(name) ?? []).filter(({ line }) => line > 0).sort(byOffset);
      return {
        code: section?.data ?? new Uint8Array(0),
        entries: own.map(({ offset }) => offset),
        relocations: all.map((relocation) => ({
          ...relocation,
          path: accessPath(btf, relocation),
          program: functionAt(own, relocation.offset)?.name ?? name,
          source: lastUpTo(sources, relocation.offset),
        })),
      };
    });
    const types = this.sections.flatMap(({ relocations: each }) => each.map(({ type }) => type));
    this.names = new Set(types.map((type) => essentialName(btf.type(type).name)));
  }

  get count(): number {
    return this.sections.reduce((sum, { relocations }) => sum + relocations.length, 0);
  }

  /**
   * Finds those that the kernel whose types are `target` can't give, each once for a line of source. Code that
   * can't run on that kernel, since the program asked (`bpf_core_field_exists` and its kin) and jumped past it,
   * may have what it likes: the verifier doesn't look at it either.
   */
  unresolved(target: Btf): readonly UnresolvedRelocation[] {
    const matcher = new RelocationMatcher(this.file.btf, target, this.names);
    return this.sections.flatMap((section) => unresolvedIn(section, matcher));
  }
}

function unresolvedIn(
  { code, entries, relocations }: RelocatedSection,
  matcher: RelocationMatcher,
): readonly UnresolvedRelocation[] {
  const resolved = relocations.map((each) => ({
    ...each,
    resolution: matcher.resolve(each.path, each.kind, isAccess(code, each.offset)),
  }));
  if (resolved.every(({ resolution }) => resolution.resolves)) return [];
  const constants = new Map(
    resolved.flatMap(({ offset, resolution }) => {
      const constant = resolution.resolves ? resolution.constant : undefined;
      return constant === undefined ? [] : [[offset, constant] as const];
    }),
  );
  const reachable = reachableCode(code, entries, constants);
  const found = new Map<string, UnresolvedRelocation>();
  for (const { path, kind, program, source, offset, resolution } of resolved) {
    const key = `${program} ${path.text} ${source?.file} ${source?.line}`;
    if (resolution.resolves || !reachable.has(offset) || found.has(key)) continue;
    const { reason, near } = resolution;
    found.set(key, { program, access: path.text, kind, reason, near, ...(source && { source }) });
  }
  return [...found.values()];
}

/** `code & 7`: BPF_LDX, BPF_ST, BPF_STX of linux/include/uapi/linux/bpf_common.h and bpf.h. */
const ACCESSES: readonly number[] = [1, 2, 3];

function isAccess(code: Uint8Array, offset: number): boolean {
  return ACCESSES.includes((code[offset] ?? 0) & 7);
}

/** A function in its section. */
interface CodeRange {
  readonly name: string;
  readonly offset: number;
  readonly size: number;
}

function functionsBySection({ elf }: ObjectFile): ReadonlyMap<number, readonly CodeRange[]> {
  const found = new Map<number, CodeRange[]>();
  for (const { name, type, section, value, size } of elf.symbols) {
    if (type !== SymbolType.FUNC) continue;
    const known = found.get(section);
    if (known) known.push({ name, offset: value, size });
    else found.set(section, [{ name, offset: value, size }]);
  }
  for (const functions of found.values()) functions.sort(byOffset);
  return found;
}

function functionAt(functions: readonly CodeRange[], offset: number): CodeRange | undefined {
  const found = lastUpTo(functions, offset);
  return found && offset < found.offset + found.size ? found : undefined;
}

function byOffset(one: { readonly offset: number }, other: { readonly offset: number }): number {
  return one.offset - other.offset;
}

/** Of items that are sorted by offset, the last that stands at `offset` or before. */
function lastUpTo<T extends { readonly offset: number }>(items: readonly T[], offset: number): T | undefined {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((items[middle]?.offset ?? 0) <= offset) low = middle + 1;
    else high = middle;
  }
  return items[low - 1];
}
