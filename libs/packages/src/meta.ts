import type { BtfArchive } from './btf-archive/btf-archive.ts';

/**
 * The `meta` of a JSON package: what the compiler said about an object. Keys keep the file's spelling
 * (`intepreter` included). Every object keeps keys it doesn't know, so that a package can be written back.
 */
export interface PackageMeta {
  readonly bpf_skel: Skeleton;
  readonly export_types: readonly ExportType[];
  readonly eunomia_version?: string;
  /** Pages of each CPU's perf buffer. */
  readonly perf_buffer_pages: number;
  readonly perf_buffer_time_ms: number;
  readonly poll_timeout_ms: number;
  readonly debug_verbose: boolean;
  readonly print_header: boolean;
  readonly enable_multiple_export_types: boolean;
}

export interface ExportType {
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** In the object's own BTF. */
  readonly type_id: number;
  readonly members: readonly { readonly name: string; readonly type: string }[];
}

export interface Skeleton {
  readonly obj_name: string;
  readonly data_sections: readonly DataSection[];
  readonly maps: readonly MapMeta[];
  readonly progs: readonly ProgramMeta[];
  readonly doc?: PackageDoc;
}

export interface PackageDoc {
  readonly version?: string;
  readonly brief?: string;
  readonly details?: string;
  readonly description?: string;
}

export interface DataSection {
  /** `.rodata`, `.data`, `.bss`, … */
  readonly name: string;
  readonly variables: readonly VariableMeta[];
}

export interface VariableMeta {
  readonly name: string;
  readonly type: string;
  readonly value?: unknown;
  readonly description?: string;
  readonly cmdarg?: CommandArgument;
}

export interface CommandArgument {
  readonly default?: unknown;
  readonly long?: string;
  readonly short?: string;
  readonly help?: string;
}

export interface MapMeta {
  readonly name: string;
  readonly ident: string;
  readonly mmaped: boolean;
  readonly sample?: SampleMeta;
  readonly export_config: ExportConfig;
  readonly intepreter: Interpreter;
}

export interface SampleMeta {
  /** Milliseconds between two readings. */
  readonly interval: number;
  readonly type: 'log2_hist' | 'linear_hist' | 'default_kv';
  readonly unit: string;
  readonly clear_map: boolean;
}

export type ExportConfig =
  | 'no_export'
  | 'default'
  | { readonly btf_type_id: number }
  | { readonly custom_members: readonly CustomMember[] };

export interface CustomMember {
  readonly name: string;
  /** Bytes. */
  readonly offset: number;
  readonly btf_type_id: number;
}

export type Interpreter = 'default_struct' | { readonly stack_trace: StackTraceMeta };

export interface StackTraceMeta {
  /** Field names of the exported struct by what they mean; an absent one has the entry's own name. */
  readonly field_map: Readonly<Partial<Record<StackTraceField, string>>>;
  readonly with_symbols: boolean;
}

export type StackTraceField = 'pid' | 'cpu_id' | 'comm' | 'kstack_sz' | 'ustack_sz' | 'kstack' | 'ustack';

export interface ProgramMeta {
  readonly name: string;
  /** The ELF section, which says how libbpf attaches it. */
  readonly attach: string;
  /** False: load only. */
  readonly link: boolean;
  readonly ifindex?: number;
  readonly flags?: number;
  readonly xdpopts?: { readonly old_prog_fd?: number };
  readonly tchook?: { readonly ifindex: number; readonly attach_point: string };
  readonly tcopts?: { readonly handle: number; readonly priority: number };
}

/** A program ready to load: the object's ELF bytes and what is known about them. */
export interface ProgramPackage {
  readonly object: Uint8Array;
  readonly meta: PackageMeta;
  /** Keys beside `bpf_object`, `bpf_object_size` and `meta`. */
  readonly extra?: Readonly<Record<string, unknown>>;
  /** What a tar holds beside the package: BTF for kernels that have none of their own. */
  readonly btfArchive?: BtfArchive;
}
