import { dataSections, type ObjectFile } from '@ecli/btf';
import {
  compiledValue,
  findVariables,
  type PackageMeta,
  type ProgramOption,
  programOptions,
  statedValues,
  type Variable,
  type VariableValue,
} from '@ecli/packages';
import type { DataSectionInspection, OptionInspection } from './inspection.ts';

/** A program's variables, the options made of them, and what the package itself sets. */
export interface PackageVariables {
  readonly options: readonly ProgramOption[];
  /** What goes into the data sections before load, where no argument says otherwise. */
  readonly stated: readonly VariableValue[];
}

/** Finds the variables that a package lists. @throws PACKAGE_INVALID for one that its object doesn't have */
export function packageVariables(file: ObjectFile, { bpf_skel }: PackageMeta): PackageVariables {
  const options = programOptions(findVariables(bpf_skel.data_sections, dataSections(file)), file.btf);
  return { options, stated: statedValues(options) };
}

/** Describes data sections with the variables that the package lists in them. */
export function inspectDataSections(
  file: ObjectFile,
  variables: PackageVariables,
): readonly DataSectionInspection[] {
  return dataSections(file).map(({ name, size }) => ({
    name,
    size,
    variables: variables.options
      .filter(({ variable }) => variable.section.name === name)
      .map(({ variable, type, typeName }) => ({
        name: variable.name,
        type: typeName,
        size: variable.size,
        offset: variable.offset,
        ...(type && { value: type.format(valueOf(variable, variables)) }),
        ...(variable.meta.description !== undefined && { description: variable.meta.description }),
      })),
  }));
}

/** Describes the options that `ecli run REF --help` lists. */
export function inspectOptions(variables: PackageVariables): readonly OptionInspection[] {
  return variables.options.flatMap(({ variable, long, short, help, typeName, type }) => {
    if (!type || long === '') return [];
    return {
      long,
      ...(short !== undefined && { short }),
      type: typeName,
      default: type.format(valueOf(variable, variables)),
      ...(help !== undefined && { help }),
      variable: variable.name,
      flag: type.flag,
      ...(type.choices && { choices: type.choices }),
    };
  });
}

function valueOf(variable: Variable, { stated }: PackageVariables): Uint8Array {
  return stated.findLast((value) => value.variable === variable)?.bytes ?? compiledValue(variable);
}
