import type { ProgramPackage } from './meta.ts';

/** What to build, and how; the command line of `ecli build` and `ecc`, in words. */
export interface BuildOptions {
  /** A `.bpf.c`. */
  readonly source: string;
  /** The header whose structs are exported. Without one, `NAME.h` beside the source is taken. */
  readonly header?: string;
  /** The source is a header: its own structs are exported. */
  readonly headerOnly?: boolean;
  /** Made when it isn't there. Default: the source's folder. */
  readonly outputDirectory?: string;
  /** Default: json. */
  readonly format?: 'json' | 'yaml';
  /** Writes `ewasm-skel.h` too. */
  readonly wasmHeader?: boolean;
  /** More arguments for clang, each a word or several with the shell's quotes. */
  readonly additionalCflags?: readonly string[];
  readonly clang?: string;
  readonly llvmStrip?: string;
  /** Writes `package.tar` too: the package, and of each kernel in `btfhubArchive` the BTF that it needs there. */
  readonly btfgen?: boolean;
  /** A folder with BTF of kernels in BTFHub's layout; naming one asks for `btfgen`. */
  readonly btfhubArchive?: string;
  /** Takes one line of diagnostics: each command that is run. */
  readonly diagnose?: (line: string) => void;
  /** Ends the compiler when it is aborted; the build then fails with its reason and leaves nothing behind. */
  readonly signal?: AbortSignal;
}

export interface BuildResult {
  /** The files written, in this order: the object, the skeleton, the package, the tar, the header for Wasm. */
  readonly files: readonly string[];
  readonly package: ProgramPackage;
  /** Whole lines for the user, escaped; empty when there is nothing to say. */
  readonly warnings: string;
}

/**
 * Compiles a `.bpf.c` into a package. Files appear whole and only once all is well. The same source and the
 * same tools give the same bytes.
 *
 * @throws BUILD_FAILED with clang's own words as details, TOOL_MISSING with what installs it,
 *   ARGUMENT_INVALID, ARTIFACT_NOT_FOUND, ARTIFACT_UNREADABLE, OUTPUT_FAILED
 */
export async function build(options: BuildOptions): Promise<BuildResult> {
  const { buildPackage } = await import('./build/build-package.ts');
  return buildPackage(options);
}

/** A source to run at once. */
export interface CompileOptions {
  /** The text of a source that came without a file; `path` is only its name then. */
  readonly text?: string;
  /** The one struct that its events are. */
  readonly exportType?: string;
  /** Takes an object whose events are of no known type, which can be looked at and not shown. */
  readonly untyped?: boolean;
  readonly diagnose?: (line: string) => void;
  /** As that of a build. */
  readonly signal?: AbortSignal;
}

/**
 * Compiles the `.bpf.c` at `path`, or takes what an earlier run made of it from the user's cache: as long as
 * the source, all that it includes, the tools and the kernel are the same.
 *
 * @throws BUILD_FAILED, TOOL_MISSING, PACKAGE_INVALID
 */
export async function compileSource(path: string, options: CompileOptions = {}): Promise<ProgramPackage> {
  const { compileCached } = await import('./build/compile-cached.ts');
  return compileCached(path, options);
}
