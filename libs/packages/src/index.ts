/**
 * Program formats: turns an artifact's bytes into a ProgramPackage (the object's ELF bytes and what is
 * known about them), and a `.bpf.c` into a package.
 *
 *     Artifact ──readPackage──▶ ProgramPackage ◀──build── .bpf.c + .h
 *
 * Read meta.ts for the words, read-package.ts for the entry, json-package.ts for the format; build/ is
 * loaded only when something is compiled.
 */
export {
  type ArchivedBtf,
  type ArchivedFile,
  type BtfArchive,
  checkBtfHeader,
  chooseBtf,
  isKernelBtf,
} from './btf-archive/btf-archive.ts';
export { type KernelIdentity, runningKernel } from './btf-archive/kernel-identity.ts';
export { archiveInFolder, archiveInTar } from './btf-archive/open-archive.ts';
export { build, type BuildOptions, type BuildResult, type CompileOptions, compileSource } from './build.ts';
export { describeObject, type DescribeOptions } from './describe-object.ts';
export { sampleLayout } from './exports/export-layout.ts';
export {
  type BufferExport,
  type ExportPlan,
  type NamedMap,
  planExports,
  type SampledExport,
} from './exports/export-plan.ts';
export type { ExportedType } from './exports/exported-type.ts';
export { sampledLayout } from './exports/sampled-layout.ts';
export { MAX_OBJECT_SIZE, parseJsonPackage, stringifyJsonPackage } from './json-package.ts';
export type * from './meta.ts';
export type { ArgumentType } from './options/argument-types.ts';
export { type ParsedArguments, parseArguments } from './options/arguments.ts';
export { type ProgramOption, programOptions, statedValues } from './options/program-options.ts';
export {
  compiledValue,
  findVariables,
  isLossVariable,
  type Variable,
  type VariableValue,
} from './options/variables.ts';
export { usageText } from './options/usage.ts';
export { type ReadOptions, readPackage } from './read-package.ts';
export { writeTar } from './tar-writer.ts';
