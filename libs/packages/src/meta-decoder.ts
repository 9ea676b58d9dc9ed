import {
  array,
  arrayOrNull,
  boolean,
  type Decoder,
  fieldsOf,
  integer,
  mismatch,
  object,
  oneOf,
  optional,
  string,
  text,
  unknown,
  withDefault,
} from './decoder.ts';
import type {
  CommandArgument,
  CustomMember,
  DataSection,
  ExportConfig,
  ExportType,
  Interpreter,
  MapMeta,
  PackageDoc,
  PackageMeta,
  ProgramMeta,
  SampleMeta,
  Skeleton,
  StackTraceMeta,
  VariableMeta,
} from './meta.ts';

const MAX_U32 = 0xffff_ffff;
const MAX_S32 = 0x7fff_ffff;
const u32 = integer(0, MAX_U32);
const s32 = integer(-MAX_S32 - 1, MAX_S32);

export const packageDoc = object<PackageDoc>({
  version: optional(text),
  brief: optional(text),
  details: optional(text),
  description: optional(text),
});

const commandArgument = object<CommandArgument>({
  default: unknown,
  long: optional(string),
  short: optional(string),
  help: optional(text),
});

export const variableMeta = object<VariableMeta>({
  name: string,
  type: string,
  value: unknown,
  description: optional(text),
  cmdarg: optional(commandArgument),
});

const dataSection = object<DataSection>({ name: string, variables: arrayOrNull(variableMeta) });

const sample = object<SampleMeta>({
  // Whoever samples the map refuses what is no interval, and can name the map.
  interval: s32,
  type: withDefault(oneOf('log2_hist', 'linear_hist', 'default_kv'), 'default_kv'),
  unit: withDefault(text, '(unit)'),
  clear_map: withDefault(boolean, false),
});

const customMember = object<CustomMember>({ name: string, offset: u32, btf_type_id: u32 });

const exportConfig: Decoder<ExportConfig> = (value, path) => {
  if (value === 'no_export' || value === 'default') return value;
  const expected = '"no_export", "default", {"btf_type_id": …} or {"custom_members": […]}';
  const fields = choiceOf(value, path, expected);
  if ('btf_type_id' in fields) return object<{ btf_type_id: number }>({ btf_type_id: u32 })(value, path);
  if ('custom_members' in fields) {
    return object<{ custom_members: readonly CustomMember[] }>({ custom_members: array(customMember) })(
      value,
      path,
    );
  }
  throw mismatch(path, expected, value);
};

const stackTrace = object<StackTraceMeta>({
  field_map: withDefault(
    object<StackTraceMeta['field_map']>({
      pid: optional(string),
      cpu_id: optional(string),
      comm: optional(string),
      kstack_sz: optional(string),
      ustack_sz: optional(string),
      kstack: optional(string),
      ustack: optional(string),
    }),
    {},
  ),
  with_symbols: withDefault(boolean, true),
});

const interpreter: Decoder<Interpreter> = (value, path) => {
  if (value === 'default_struct') return value;
  const expected = '"default_struct" or {"stack_trace": {…}}';
  if (!('stack_trace' in choiceOf(value, path, expected))) throw mismatch(path, expected, value);
  return object<{ stack_trace: StackTraceMeta }>({ stack_trace: stackTrace })(value, path);
};

function choiceOf(value: unknown, path: string, expected: string): Readonly<Record<string, unknown>> {
  if (typeof value === 'string' || typeof value !== 'object') throw mismatch(path, expected, value);
  return fieldsOf(value, path);
}

const mapFields = object<MapMeta>({
  name: string,
  ident: string,
  mmaped: withDefault(boolean, false),
  sample: optional(sample),
  export_config: withDefault(exportConfig, 'no_export'),
  intepreter: withDefault(interpreter, 'default_struct'),
});

/** The key was born misspelt and packages have it so; `interpreter` is taken for it. */
export const mapMeta: Decoder<MapMeta> = (value, path) => {
  const { interpreter: corrected, ...fields } = fieldsOf(value, path);
  return mapFields(corrected === undefined ? value : { intepreter: corrected, ...fields }, path);
};

export const programMeta = object<ProgramMeta>({
  name: string,
  attach: string,
  link: boolean,
  ifindex: optional(s32),
  flags: optional(u32),
  xdpopts: optional(object<NonNullable<ProgramMeta['xdpopts']>>({ old_prog_fd: optional(s32) })),
  tchook: optional(
    object<NonNullable<ProgramMeta['tchook']>>({
      ifindex: withDefault(s32, 1),
      attach_point: withDefault(string, 'BPF_TC_INGRESS'),
    }),
  ),
  tcopts: optional(
    object<NonNullable<ProgramMeta['tcopts']>>({
      handle: withDefault(u32, 1),
      priority: withDefault(u32, 1),
    }),
  ),
});

const skeleton = object<Skeleton>({
  obj_name: string,
  data_sections: arrayOrNull(dataSection),
  maps: arrayOrNull(mapMeta),
  progs: arrayOrNull(programMeta),
  doc: optional(packageDoc),
});

const exportType = object<ExportType>({
  name: string,
  size: u32,
  type_id: u32,
  members: array(object<ExportType['members'][number]>({ name: string, type: string })),
});

/** The shape of `meta`, and the values of the keys that a package may leave out. */
export const packageMeta: Decoder<PackageMeta> = object<PackageMeta>({
  bpf_skel: skeleton,
  export_types: arrayOrNull(exportType),
  eunomia_version: optional(text),
  perf_buffer_pages: withDefault(integer(1, MAX_S32), 64),
  perf_buffer_time_ms: withDefault(integer(0, MAX_S32), 10),
  poll_timeout_ms: withDefault(integer(0, MAX_S32), 100),
  debug_verbose: withDefault(boolean, false),
  print_header: withDefault(boolean, false),
  enable_multiple_export_types: withDefault(boolean, false),
});
