import type { JsonSchema } from '@ecli/btf';

/**
 * What is in a program package, as `ecli inspect --json` prints it. Keys are added to, never renamed; what a
 * package doesn't say is absent.
 */
export interface Inspection {
  readonly name: string;
  readonly reference: string;
  readonly digest: string;
  readonly mediaType: string;
  /** Bytes of the package as it came. */
  readonly size: number;
  /** Bytes of the ELF object in it. */
  readonly objectSize: number;
  /** From the object's `license` section, which the kernel reads; absent where there is none. */
  readonly license?: string;
  readonly documentation?: Documentation;
  /** The compiler that made the package. */
  readonly eunomiaVersion?: string;
  /** How many types the object's BTF has. */
  readonly btfTypes: number;
  /** Instructions that depend on the kernel's types. */
  readonly coreRelocations: number;
  readonly programs: readonly ProgramInspection[];
  readonly maps: readonly MapInspection[];
  readonly dataSections: readonly DataSectionInspection[];
  readonly options: readonly OptionInspection[];
  readonly exports: readonly ExportInspection[];
  /** Why there are no exports, where nothing says of which type the events are. */
  readonly untyped?: string;
  /** The kernels' BTF that a tar package brings along. */
  readonly btfArchive?: readonly ArchiveEntry[];
}

export interface Documentation {
  readonly version?: string;
  readonly brief?: string;
  readonly description?: string;
  readonly details?: string;
}

export interface ProgramInspection {
  readonly name: string;
  readonly section: string;
  /** The first word of its section, by its longer name: `tracepoint`, `kprobe`, `xdp`. */
  readonly kind: string;
  /** What it attaches to, where the section says it. */
  readonly target?: string;
  /** False: it is loaded and attached to nothing. */
  readonly link: boolean;
  /** Of the program itself, without the functions that it calls; eight bytes each. */
  readonly instructions: number;
}

export interface MapInspection {
  readonly name: string;
  /** As C spells it: `BPF_MAP_TYPE_HASH`. */
  readonly type: string;
  readonly keyType?: string;
  readonly valueType?: string;
  /** Bytes. */
  readonly keySize: number;
  readonly valueSize: number;
  /** For a ring buffer, its size in bytes. */
  readonly maxEntries: number;
  readonly flags: readonly string[];
  /** Set where the map is kept in bpffs under its name. */
  readonly pinned?: true;
  /** About the most memory that the kernel takes for it, in bytes; absent where that depends on what else there is. */
  readonly memory?: number;
  /** CPUs of this machine that `memory` counts, for maps with a value for each. */
  readonly cpus?: number;
}

export interface DataSectionInspection {
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  readonly variables: readonly VariableInspection[];
}

export interface VariableInspection {
  readonly name: string;
  readonly type: string;
  /** Bytes. */
  readonly size: number;
  readonly offset: number;
  /** What it holds unless an option changes it; absent for types that no option can have. */
  readonly value?: string;
  readonly description?: string;
}

/** An argument of the program, as `ecli run REF --help` lists it. */
export interface OptionInspection {
  readonly long: string;
  readonly short?: string;
  readonly type: string;
  readonly default: string;
  readonly help?: string;
  readonly variable: string;
  /** True for one that needs no value. */
  readonly flag: boolean;
  readonly choices?: readonly string[];
}

export interface ExportInspection {
  readonly map: string;
  readonly kind: 'ring' | 'perf' | 'sampled';
  /** How a sampled map is read and shown. */
  readonly sample?: {
    readonly intervalMs: number;
    readonly type: string;
    readonly unit: string;
    readonly clearMap: boolean;
  };
  /** Set where events are stack traces. */
  readonly stackTrace?: true;
  /** The C type of the events, or of the map's values. */
  readonly type: string;
  /** Bytes of one event, or of a key and its values. */
  readonly size: number;
  /** The types in C, with what they are made of. */
  readonly c: string;
  /** What `ecli run --json` prints for each; of several exports inside an object whose one key is the map. */
  readonly jsonSchema: JsonSchema;
}

export interface ArchiveEntry {
  readonly path: string;
  /** Bytes. */
  readonly size: number;
}
