import { EcliError, printable } from '@ecli/core';
import type { Btf } from './btf.ts';
import type { CompositeType } from './types.ts';

/** What a package says of a type that it exports (an entry of `export_types`). */
export interface ExportTypeClaim {
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  readonly type_id: number;
  readonly members: readonly { readonly name: string }[];
}

const REBUILD = 'the package and its object do not belong together: build the package again';

/**
 * Returns the struct that `claim` names, once its name, its size and its members' names agree with BTF, and
 * its layout is sound.
 *
 * @throws PACKAGE_INVALID naming what disagrees; OBJECT_INVALID for an unsound layout
 */
export function checkExportType(btf: Btf, claim: ExportTypeClaim): CompositeType {
  const type = claimedType(btf, claim);
  if (type.size !== claim.size) {
    throw disagreement(claim, `the package says ${claim.size} bytes, the object's BTF says ${type.size}`);
  }
  checkMembers(claim, type);
  btf.sizeOf(type.id);
  return type;
}

function claimedType(btf: Btf, claim: ExportTypeClaim): CompositeType {
  if (!Number.isInteger(claim.type_id) || claim.type_id <= 0 || claim.type_id >= btf.length) {
    throw disagreement(
      claim,
      `type_id ${claim.type_id} is not among the ${btf.length} types of the object's BTF`,
    );
  }
  const named = btf.type(claim.type_id);
  const type = btf.resolve(claim.type_id);
  const isComposite = type.kind === 'struct' || type.kind === 'union';
  if (!isComposite || (named.name !== claim.name && type.name !== claim.name)) {
    const spelling = printable(btf.spell(claim.type_id));
    throw disagreement(
      claim,
      `type_id ${claim.type_id} is ${spelling} in the object's BTF${elsewhere(btf, claim)}`,
    );
  }
  return type;
}

function elsewhere(btf: Btf, { name }: ExportTypeClaim): string {
  const type = btf.find('struct', name);
  return type ? `, which has struct ${printable(name)} as type ${type.id}` : '';
}

function checkMembers(claim: ExportTypeClaim, type: CompositeType): void {
  const count = Math.max(claim.members.length, type.members.length);
  for (let index = 0; index < count; index++) {
    const claimed = claim.members[index]?.name;
    const actual = type.members[index]?.name;
    if (claimed === actual) continue;
    throw disagreement(
      claim,
      `member ${index + 1} is ${spoken(claimed)} in the package, ${spoken(actual)} in the object's BTF`,
    );
  }
}

function spoken(member: string | undefined): string {
  if (member === undefined) return 'missing';
  return member === '' ? 'anonymous' : printable(member);
}

function disagreement({ name }: ExportTypeClaim, problem: string): EcliError {
  return new EcliError('PACKAGE_INVALID', `export type ${printable(name)}: ${problem}`, { hint: REBUILD });
}
