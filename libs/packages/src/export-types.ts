import { type Btf, type CompositeType, type MapDefinition, mapDefinitions, type ObjectFile } from '@ecli/btf';
import { EcliError, printable } from '@ecli/core';
import type { ExportType } from './meta.ts';
import { spellType } from './skeleton.ts';

/** Maps that carry events, whose shape has to be known to show them. */
const EVENT_MAPS = ['BPF_MAP_TYPE_RINGBUF', 'BPF_MAP_TYPE_PERF_EVENT_ARRAY'];

/** Variables that compilers add to keep an exported struct in BTF: `struct WORD *__eunomia_dummy_WORD_ptr`. */
const DUMMY = /^__eunomia_dummy_(\w+)_ptr$/;

/** The name of the variable that keeps `struct` in an object's BTF. */
export function dummyVariable(struct: string): string {
  return `__eunomia_dummy_${struct}_ptr`;
}

/**
 * Finds the types of an object's events: the struct asked for; else what the object itself tells. An object
 * without a map that carries events has none.
 *
 * @throws PACKAGE_INVALID listing the structs there are, when the one asked for is not, or none can be told and `untyped` isn't set
 */
export function exportTypesOf(
  object: ObjectFile,
  name: string,
  exportType: string | undefined,
  untyped: boolean,
): ExportType[] {
  if (exportType !== undefined) return [exportTypeNamed(object, name, exportType)];
  const types = knownExportTypes(object, markedStructs(object.btf));
  const unknown = types.length === 0 && !untyped ? unknownEvents(object, name) : undefined;
  if (unknown) throw unknown;
  return types;
}

/**
 * What to tell about an object whose events have no known type; undefined for one without events. `others`
 * are structs that could be meant though BTF doesn't have them: those of the object's source.
 */
export function unknownEvents(
  object: ObjectFile,
  name: string,
  others: readonly string[] = [],
): EcliError | undefined {
  const events = eventMapOf(object);
  if (!events) return undefined;
  const problem = `the type of the events in ${printable(events.name)} is not known`;
  return new EcliError('PACKAGE_INVALID', `${printable(name)}: ${problem}`, {
    hint: [...structsHint(object, others), MARK_HINT].join('\n'),
  });
}

/**
 * The export types that follow from structs which somebody marked and from the map that carries events,
 * whose own word on its values goes first.
 */
export function knownExportTypes(object: ObjectFile, marked: readonly CompositeType[]): ExportType[] {
  const { btf } = object;
  const events = eventMapOf(object);
  const value = events && valueStruct(btf, events);
  const structs = marked.filter((struct) => struct !== value?.struct).map(ofItsOwnName);
  return [...(value ? [value] : []), ...structs].map((named) => describeStruct(btf, named));
}

/** Whether the map that carries events says of which type they are. */
export function eventsAreTyped(object: ObjectFile): boolean {
  const events = eventMapOf(object);
  return events !== undefined && valueStruct(object.btf, events) !== undefined;
}

/** Describes the struct that the user names. @throws PACKAGE_INVALID listing the structs there are */
export function exportTypeNamed(
  object: ObjectFile,
  name: string,
  exportType: string,
  others: readonly string[] = [],
): ExportType {
  const word = structWord(exportType);
  const found = object.btf.find('struct', word) ?? object.btf.find('typedef', word);
  const named = found && namedStruct(object.btf, found.id);
  if (named) return describeStruct(object.btf, named);
  throw new EcliError(
    'PACKAGE_INVALID',
    `${printable(name)}: no struct ${printable(exportType)} in the object's BTF`,
    { hint: structsHint(object, others).join('\n') || MARK_HINT },
  );
}

/** The name of a struct without its keyword. @throws ARGUMENT_INVALID for what is no name */
export function structWord(exportType: string): string {
  const [, word] = /^(?:struct\s+)?([A-Za-z_]\w*)$/.exec(exportType.trim()) ?? [];
  if (word !== undefined) return word;
  throw new EcliError('ARGUMENT_INVALID', `${printable(exportType)}: not the name of a struct`);
}

/** The entry of `export_types` for a struct. @throws OBJECT_INVALID for an unsound layout */
function describeStruct(btf: Btf, { name, id, struct }: NamedStruct): ExportType {
  return {
    name,
    size: btf.sizeOf(struct.id),
    type_id: id,
    members: struct.members.map(({ name, type }) => ({ name, type: spellType(btf, type) })),
  };
}

/** The map whose events are shown: the last of its kind, as in packages that say no more. */
function eventMapOf(object: ObjectFile): MapDefinition | undefined {
  return mapDefinitions(object).findLast(({ type }) => EVENT_MAPS.includes(type));
}

/** The struct of a map's values, where `__type(value, …)` gives one with a name. */
function valueStruct(btf: Btf, { valueType }: MapDefinition): NamedStruct | undefined {
  return valueType === undefined ? undefined : namedStruct(btf, valueType);
}

/** A struct and the type that names it: itself, or the typedef of one without a name of its own. */
interface NamedStruct {
  readonly name: string;
  readonly id: number;
  readonly struct: CompositeType;
}

/** The struct that a type is; undefined for another type, and for a struct that nothing names. */
function namedStruct(btf: Btf, id: number): NamedStruct | undefined {
  const struct = btf.resolve(id);
  if (struct.kind !== 'struct') return undefined;
  if (struct.name !== '') return ofItsOwnName(struct);
  // Only qualifiers can stand before the typedef: resolve has gone this way.
  for (let type = btf.type(id); 'target' in type; type = btf.type(type.target)) {
    if (type.kind === 'typedef') return { name: type.name, id: type.id, struct };
  }
  return undefined;
}

function ofItsOwnName(struct: CompositeType): NamedStruct {
  return { name: struct.name, id: struct.id, struct };
}

function markedStructs(btf: Btf): CompositeType[] {
  return variableTypes(btf)
    .filter(({ variable }) => DUMMY.test(variable))
    .flatMap(({ type }) => structBehind(btf, type)?.struct ?? []);
}

function variableTypes(btf: Btf): { readonly variable: string; readonly type: number }[] {
  return btf.types.flatMap((type) =>
    type.kind === 'variable' ? [{ variable: type.name, type: type.type }] : [],
  );
}

/** The struct with a name that a type is or points to. */
function structBehind(btf: Btf, id: number): NamedStruct | undefined {
  const type = btf.resolve(id);
  return namedStruct(btf, type.kind === 'pointer' ? type.target : id);
}

const MOST_LISTED = 12;

const MARK_HINT =
  'mark the struct in the source, which also keeps it in BTF: write /// @export above it,\n' +
  'or __type(value, struct NAME) in the map, or give the header that defines it to ecli build';

/** The line that lists the structs there are; none without any. */
function structsHint(object: ObjectFile, others: readonly string[]): string[] {
  const names = [...new Set([...others, ...candidates(object)])].map(printable);
  if (names.length === 0) return [];
  const rest = names.length > MOST_LISTED ? `, and ${names.length - MOST_LISTED} more` : '';
  return [
    `say which struct it is: --export STRUCT, one of: ${names.slice(0, MOST_LISTED).join(', ')}${rest}`,
  ];
}

/** Structs that the source's own variables and maps name; the kernel's are in BTF too, and rarely meant. */
function candidates(object: ObjectFile): string[] {
  const { btf } = object;
  const values = mapDefinitions(object).flatMap((map) => valueStruct(btf, map) ?? []);
  const pointed = variableTypes(btf).flatMap(({ type }) => structBehind(btf, type) ?? []);
  const own = [...values, ...pointed];
  const structs: readonly { readonly name: string }[] =
    own.length > 0 ? own : btf.types.filter((type) => type.kind === 'struct');
  return structs.map(({ name }) => name).filter((name) => name !== '');
}
