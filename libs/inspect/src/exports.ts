import {
  cDeclarations,
  type Field,
  jsonSchema,
  type Layout,
  type MapDefinition,
  mapDefinitions,
  type ObjectFile,
} from '@ecli/btf';
import {
  type ExportPlan,
  planExports,
  type ProgramPackage,
  sampledLayout,
  sampleLayout,
} from '@ecli/packages';
import type { ExportInspection } from './inspection.ts';
import { isPerCpu, type Machine } from './map-memory.ts';

/** A map that is shown, and what its lines of JSON are made of. */
export interface PackageExport {
  readonly plan: ExportPlan<MapDefinition>;
  readonly layout: Layout;
}

/** Finds what a package shows and lays it out. @throws PACKAGE_INVALID */
export function packageExports(
  name: string,
  { meta }: ProgramPackage,
  file: ObjectFile,
  machine: Machine,
): readonly PackageExport[] {
  const definitions = new Map(mapDefinitions(file).map((map) => [map.name, map]));
  const object = { map: (wanted: string) => definitions.get(wanted) };
  return planExports({ program: name, meta, object, file }).map((plan) => ({
    plan,
    layout: layoutOfExport(plan, file, machine),
  }));
}

function layoutOfExport(plan: ExportPlan<MapDefinition>, { btf }: ObjectFile, { cpus }: Machine): Layout {
  if (plan.kind !== 'sampled') return withoutStacks(sampleLayout(plan, btf), plan);
  const { type, keySize, valueSize } = plan.map;
  return sampledLayout(plan, btf, { keySize, valueSize, ...(isPerCpu(type) && { cpus }) });
}

/** In lines of JSON stacks are arrays of frames, and not what the sample has. */
function withoutStacks(layout: Layout, { stackTrace }: ExportPlan<MapDefinition>): Layout {
  if (!stackTrace) return layout;
  const { field_map: names } = stackTrace;
  const stacks = (['kstack', 'kstack_sz', 'ustack', 'ustack_sz'] as const).map(
    (entry) => names[entry] ?? entry,
  );
  return { ...layout, fields: layout.fields.filter(({ name }: Field) => !stacks.includes(name)) };
}

/** Describes exports: their types in C, and their lines of JSON as a schema. */
export function inspectExports(
  exports: readonly PackageExport[],
  { btf }: ObjectFile,
): readonly ExportInspection[] {
  return exports.map(({ plan, layout }) => {
    const { map, kind, type, stackTrace } = plan;
    const schema = jsonSchema(layout, { stacks: stackTrace !== undefined });
    return {
      map: map.name,
      kind,
      ...(plan.kind === 'sampled' && { sample: sampleOf(plan.sample) }),
      ...(stackTrace && { stackTrace: true }),
      type: type.name,
      size: layout.size,
      c: cDeclarations(btf, typesOf(plan)),
      jsonSchema: exports.length > 1 ? inMap(map.name, schema) : schema,
    };
  });
}

function sampleOf({
  interval,
  type,
  unit,
  clear_map,
}: Extract<ExportPlan<MapDefinition>, { kind: 'sampled' }>['sample']): NonNullable<
  ExportInspection['sample']
> {
  return { intervalMs: interval, type, unit, clearMap: clear_map };
}

function typesOf(plan: ExportPlan<MapDefinition>): number[] {
  const { type } = plan;
  const own = 'id' in type ? [type.id] : type.members.map(({ btf_type_id }) => btf_type_id);
  return plan.kind === 'sampled' && plan.keyType !== undefined ? [plan.keyType, ...own] : own;
}

/** Of several exports each line says which it is of: `{"map":{…}}`. */
function inMap(
  map: string,
  { $schema, $defs, ...schema }: ReturnType<typeof jsonSchema>,
): ExportInspection['jsonSchema'] {
  return {
    $schema,
    type: 'object',
    properties: { [map]: schema },
    required: [map],
    additionalProperties: false,
    ...($defs !== undefined && { $defs }),
  };
}
