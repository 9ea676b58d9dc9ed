import { type DataSectionLayout, isDataSectionName, type VariableLayout } from '@ecli/btf';
import { EcliError, printable } from '@ecli/core';
import type { DataSection, VariableMeta } from '../meta.ts';

/** A global variable: where it lies, and what its package says of it. */
export interface Variable extends VariableLayout {
  readonly section: DataSectionLayout;
  readonly meta: VariableMeta;
}

/** What a variable holds from load on. */
export interface VariableValue {
  readonly variable: Variable;
  readonly bytes: Uint8Array;
}

/** The compiler puts variables of these names beside export types to keep them in BTF; nobody sets them. */
const DUMMY_PREFIX = '__eunomia_dummy';

/** A global variable of this name, unless constant, is where a program counts the events that had no room. */
const LOSS_VARIABLE = 'lost_events';

/**
 * Finds in the object the variables that a package lists and a user may set.
 *
 * @throws PACKAGE_INVALID for one that isn't there
 */
export function findVariables(
  listed: readonly DataSection[],
  layouts: readonly DataSectionLayout[],
): readonly Variable[] {
  return listed
    .filter(({ name }) => isDataSectionName(name))
    .flatMap(({ name, variables }) =>
      variables
        .filter((meta) => !meta.name.startsWith(DUMMY_PREFIX) && !isLossVariable(meta.name, name))
        .map((meta) => findVariable(meta, name, layouts)),
    );
}

/** Whether a program counts its losses in the variable, which is for ecli to read and for nobody to set. */
export function isLossVariable(name: string, section: string): boolean {
  return name === LOSS_VARIABLE && !section.startsWith('.rodata');
}

function findVariable(
  meta: VariableMeta,
  sectionName: string,
  layouts: readonly DataSectionLayout[],
): Variable {
  const section = layouts.find(({ name }) => name === sectionName);
  const layout = section?.variables.find(({ name }) => name === meta.name);
  if (section && layout) return { ...layout, section, meta };
  throw new EcliError(
    'PACKAGE_INVALID',
    `variable ${printable(meta.name)}: the package has it in ${printable(sectionName)}, its object doesn't`,
    { hint: 'the package and its object do not belong together: build the package again' },
  );
}

/** The bytes with which the compiler left a variable. */
export function compiledValue({ section, offset, size }: Variable): Uint8Array {
  const bytes = new Uint8Array(size);
  bytes.set(section.data.subarray(offset, offset + size));
  return bytes;
}
