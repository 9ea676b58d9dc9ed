import { checkExportType, type CompositeType, type ObjectFile } from '@ecli/btf';
import type { BpfMap, BpfObject } from '@ecli/bpf';
import { EcliError, printable } from '@ecli/core';
import type { MapMeta, PackageMeta } from '@ecli/packages';

/** The buffer that is shown, and the type of the samples in it. */
export interface ExportPlan {
  readonly kind: 'ring' | 'perf';
  readonly map: BpfMap;
  readonly type: CompositeType;
}

const BUFFERS: Readonly<Record<string, ExportPlan['kind']>> = {
  BPF_MAP_TYPE_RINGBUF: 'ring',
  BPF_MAP_TYPE_PERF_EVENT_ARRAY: 'perf',
};

/**
 * Chooses what a program shows: of its maps the last that is a buffer or is sampled. Undefined when there is
 * none; such a program just runs.
 *
 * @throws FEATURE_UNSUPPORTED for ways of output that aren't there yet, PACKAGE_INVALID
 */
export function planExport(
  program: string,
  meta: PackageMeta,
  object: BpfObject,
  { btf }: ObjectFile,
): ExportPlan | undefined {
  const maps = meta.bpf_skel.maps.filter(({ mmaped }) => !mmaped);
  const found = maps.map((map) => ({ meta: map, map: findMap(map, object) }));
  if (meta.enable_multiple_export_types) {
    refuseSeveral(program, maps);
    return undefined; // no map is exported
  }
  const exported = found.findLast(({ meta: { sample }, map }) => sample !== undefined || map.type in BUFFERS);
  if (!exported) return undefined;
  refuseUnsupported(exported.meta);
  const kind = BUFFERS[exported.map.type];
  if (!kind) throw sampled(exported.meta.name);
  const [claim] = meta.export_types;
  if (!claim) throw untyped(program, exported.meta.name);
  return { kind, map: exported.map, type: checkExportType(btf, claim) };
}

function findMap({ name }: MapMeta, object: BpfObject): BpfMap {
  const map = object.map(name);
  if (map) return map;
  throw new EcliError(
    'PACKAGE_INVALID',
    `map ${printable(name)}: the package names it, its object doesn't have it`,
    {
      hint: 'the package and its object do not belong together: build the package again',
    },
  );
}

function refuseSeveral(program: string, maps: readonly MapMeta[]): void {
  const names = maps.filter(({ export_config }) => export_config !== 'no_export').map(({ name }) => name);
  if (names.length === 0) return;
  throw new EcliError(
    'FEATURE_UNSUPPORTED',
    `${printable(program)}: enable_multiple_export_types (${names.map(printable).join(', ')}) is not supported yet`,
    { hint: 'this version shows the one ring or perf buffer of a program' },
  );
}

function refuseUnsupported({ name, sample, intepreter }: MapMeta): void {
  if (sample) throw sampled(name);
  if (intepreter === 'default_struct') return;
  throw new EcliError(
    'FEATURE_UNSUPPORTED',
    `map ${printable(name)}: asks for stack traces (intepreter stack_trace), which are not supported yet`,
  );
}

function sampled(name: string): EcliError {
  return new EcliError(
    'FEATURE_UNSUPPORTED',
    `map ${printable(name)}: asks to be sampled (sample), which is not supported yet`,
    { hint: 'this version shows ring buffers and perf buffers' },
  );
}

function untyped(program: string, map: string): EcliError {
  return new EcliError(
    'PACKAGE_INVALID',
    `${printable(program)}: nothing says of which type the events of map ${printable(map)} are`,
    { hint: 'name the struct: --export STRUCT; or give the map __type(value, struct …) and build again' },
  );
}
