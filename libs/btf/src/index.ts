/**
 * What an object file says about itself, read without native code. Bytes of ELF become sections and symbols
 * (ElfFile), bytes of BTF become types (Btf), and both together the data sections, maps and programs of a BPF
 * object. render/ turns a type into compiled functions that write a sample of it as a row of text, JSON or CSV;
 * filter/ turns expressions over its members into compiled tests and sort keys.
 *
 *     .bpf.o ──▶ ElfFile ──▶ Btf ──▶ data sections, maps, programs
 *                             └────▶ RowRenderer ──▶ bytes of text, JSON or CSV
 *
 * Read types.ts first, then btf.ts. All that is read is checked: whatever the bytes, the worst is an EcliError
 * with OBJECT_INVALID.
 */
export type * from './types.ts';
export { Btf } from './btf.ts';
export {
  type BtfExt,
  type CoreRelocation,
  type CoreRelocationKind,
  readBtfExt,
  type SourceLine,
} from './btf-ext.ts';
export {
  dataSections,
  type DataSectionLayout,
  isDataSectionName,
  type VariableLayout,
} from './data-sections.ts';
export { ObjectRelocations, type UnresolvedRelocation } from './core-relocations/object-relocations.ts';
export { cDeclarations } from './declarations/c-declarations.ts';
export { jsonSchema, type JsonSchema } from './declarations/json-schema.ts';
export { type TypeScriptExport, typeScriptTypes } from './declarations/typescript.ts';
export {
  EM_BPF,
  ElfFile,
  type ElfRelocation,
  type ElfSection,
  type ElfSymbol,
  SectionFlag,
  SectionType,
  SymbolBinding,
  SymbolType,
} from './elf-file.ts';
export { checkExportType, type ExportTypeClaim } from './export-type.ts';
export { type MapDefinition, mapDefinitions } from './map-definitions.ts';
export { mapTypeName } from './map-types.ts';
export { type ObjectFile, parseObject } from './object-file.ts';
export { type ProgramDefinition, programDefinitions } from './program-definitions.ts';
export type { SpellOptions } from './spell.ts';
export { compileCsvRow, type CsvRowRenderer } from './render/csv-row.ts';
export { fieldAt } from './render/field-path.ts';
export { compileFilter, type SampleFilter } from './filter/sample-filter.ts';
export { compileSortKey, type SortKey } from './filter/sort-key.ts';
export { compileJsonRow } from './render/json-row.ts';
export {
  entryLayout,
  type EntryTypes,
  type Field,
  type Layout,
  layoutOf,
  layoutOfMembers,
  type PlacedMember,
  type Shape,
} from './render/layout.ts';
export {
  type RowOptions,
  type RowRenderer,
  type SampleMemory,
  sampleMemory,
  type StampedRowRenderer,
  type TextRowRenderer,
} from './render/renderer.ts';
export { compileScreenRow, type ScreenRowOptions, type ScreenRowRenderer } from './render/screen-row.ts';
export { flattened, selectFields } from './render/select-fields.ts';
export { compileTextRow } from './render/text-row.ts';
