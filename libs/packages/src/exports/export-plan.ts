import { type MapDefinition, mapDefinitions, type ObjectFile } from '@ecli/btf';
import { ArgumentError, EcliError, nearNames, printable } from '@ecli/core';
import type { MapMeta, PackageMeta, SampleMeta, StackTraceMeta } from '../meta.ts';
import { type ExportedType, exportedType } from './exported-type.ts';

/** A map whose content is shown, and what that is. */
export type ExportPlan<M extends NamedMap> = BufferExport<M> | SampledExport<M>;

/** A map as whoever plans has it: in the kernel, or only defined. */
export interface NamedMap {
  readonly name: string;
  /** As C spells it: `BPF_MAP_TYPE_RINGBUF`. */
  readonly type: string;
}

interface Export<M extends NamedMap> {
  readonly map: M;
  /** Of a buffer's samples, or of a sampled map's values. */
  readonly type: ExportedType;
  /** Set where the type's members are a stack and whose it is. */
  readonly stackTrace?: StackTraceMeta;
}

export interface BufferExport<M extends NamedMap> extends Export<M> {
  readonly kind: 'ring' | 'perf';
}

export interface SampledExport<M extends NamedMap> extends Export<M> {
  readonly kind: 'sampled';
  readonly sample: SampleMeta;
  /** Id of the type of the map's keys; undefined for a queue or a stack, which has none. */
  readonly keyType?: number;
}

/** Maps that programs send samples through. */
const BUFFERS: Readonly<Record<string, BufferExport<NamedMap>['kind']>> = {
  BPF_MAP_TYPE_RINGBUF: 'ring',
  BPF_MAP_TYPE_PERF_EVENT_ARRAY: 'perf',
};

/** How a map is shown that the user names and whose package doesn't say. */
const PLAIN_SAMPLE: SampleMeta = {
  interval: 1000,
  type: 'default_kv',
  unit: '(unit)',
  clear_map: false,
};

/** What plans are made of. */
interface Package<M extends NamedMap> {
  /** For people. */
  readonly program: string;
  readonly meta: PackageMeta;
  /** Finds the object's maps by name. */
  readonly object: { map(name: string): M | undefined };
  readonly file: ObjectFile;
}

/**
 * Chooses what a program shows: the maps that the user names; else, where the package exports several, those; else
 * of its maps the last that is a buffer or is sampled. None at all is fine: such a program just runs.
 *
 * @throws PACKAGE_INVALID naming the map that can't be shown; ARGUMENT_INVALID for a name that no map has
 */
export function planExports<M extends NamedMap>(
  from: Package<M>,
  named?: readonly string[],
): readonly ExportPlan<M>[] {
  return new ExportPlanner(from).plan(named);
}

class ExportPlanner<M extends NamedMap> {
  private readonly maps: readonly MapMeta[];
  private readonly definitions: ReadonlyMap<string, MapDefinition>;

  constructor(private readonly from: Package<M>) {
    this.maps = from.meta.bpf_skel.maps.filter(({ mmaped }) => !mmaped);
    this.definitions = new Map(mapDefinitions(from.file).map((definition) => [definition.name, definition]));
  }

  plan(named: readonly string[] | undefined): readonly ExportPlan<M>[] {
    if (named !== undefined) return [...new Set(named)].map((name) => this.planNamed(name));
    return this.exported().map((map) => this.planMap(map));
  }

  /** The maps that the package shows. */
  private exported(): readonly MapMeta[] {
    if (this.from.meta.enable_multiple_export_types) {
      return this.maps.filter(({ export_config }) => export_config !== 'no_export');
    }
    // All are looked up: a package that doesn't fit its object is refused whatever it shows.
    const found = this.maps.map((meta) => ({ meta, map: this.find(meta.name) }));
    const last = found.findLast(({ meta: { sample }, map }) => sample !== undefined || map.type in BUFFERS);
    return last ? [last.meta] : [];
  }

  private planNamed(name: string): ExportPlan<M> {
    const meta = this.maps.find((map) => map.name === name);
    if (!meta) throw this.noSuchMap(name);
    const isExported = this.exported().includes(meta);
    const isShown = meta.sample !== undefined || this.find(name).type in BUFFERS;
    return this.planMap(isShown ? meta : { ...meta, sample: PLAIN_SAMPLE }, isExported);
  }

  private planMap(meta: MapMeta, isExported = true): ExportPlan<M> {
    const map = this.find(meta.name);
    const definition = this.definitions.get(meta.name);
    const type = exportedType(meta, definition, this.from, isExported);
    const common = { map, type, ...stackTraceOf(meta) };
    const kind = BUFFERS[map.type];
    if (kind) return { ...common, kind };
    if (!meta.sample) throw unsampled(meta.name, map.type);
    const keyType = keyTypeOf(map, definition);
    return { ...common, kind: 'sampled', sample: meta.sample, ...(keyType !== undefined && { keyType }) };
  }

  private find(name: string): M {
    const map = this.from.object.map(name);
    if (map) return map;
    throw new EcliError(
      'PACKAGE_INVALID',
      `map ${printable(name)}: the package names it, its object doesn't have it`,
      { hint: 'the package and its object do not belong together: build the package again' },
    );
  }

  private noSuchMap(name: string): ArgumentError {
    const known = this.maps.map((map) => map.name);
    const [near] = nearNames(name, known);
    const offered =
      near === undefined ? `maps: ${known.map(printable).join(', ')}` : `did you mean ${printable(near)}?`;
    const hint = known.length === 0 ? 'it has no maps' : offered;
    return new ArgumentError(
      `--map ${printable(name)}: ${printable(this.from.program)} has no such map`,
      known,
      { hint },
    );
  }
}

function stackTraceOf({ intepreter }: MapMeta): { readonly stackTrace?: StackTraceMeta } {
  return intepreter === 'default_struct' ? {} : { stackTrace: intepreter.stack_trace };
}

/** Maps without keys: a value is put in at one end and taken out at one. */
const KEYLESS = ['BPF_MAP_TYPE_QUEUE', 'BPF_MAP_TYPE_STACK'];

function keyTypeOf({ name, type }: NamedMap, definition: MapDefinition | undefined): number | undefined {
  if (KEYLESS.includes(type)) return undefined;
  if (definition?.keyType !== undefined) return definition.keyType;
  throw new EcliError('PACKAGE_INVALID', `map ${printable(name)}: nothing says of which type its keys are`, {
    hint: 'give the map __type(key, …) in place of __uint(key_size, …), and build again',
  });
}

function unsampled(name: string, type: string): EcliError {
  return new EcliError(
    'PACKAGE_INVALID',
    `map ${printable(name)}: it is to be exported, but a ${type} has to be read again and again, and nothing says how`,
    { hint: 'write /// @sample {"interval": 1000, "type": "default_kv"} above the map, and build again' },
  );
}
