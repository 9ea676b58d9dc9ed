import { type Artifact, EcliError, MediaType, printable, sniff } from '@ecli/core';
import { archiveInTar } from './btf-archive/open-archive.ts';
import { compileSource } from './build.ts';
import { describeObject, withExportType } from './describe-object.ts';
import { parseJsonPackage } from './json-package.ts';
import type { ProgramPackage } from './meta.ts';

export interface ReadOptions {
  /** The struct of the object's BTF that its events are; for what can't tell by itself. */
  readonly exportType?: string;
  /** Takes an object whose events are of no known type, which can be looked at and not shown. */
  readonly untyped?: boolean;
  /** Takes one line of diagnostics: what a compiler is called with, and what it warns of. */
  readonly diagnose?: (line: string) => void;
  /** Ends a compiler when it is aborted. */
  readonly signal?: AbortSignal;
}

/**
 * Turns an artifact of any format into a program ready to load. Code that compiles is loaded only when
 * there is something to compile.
 *
 * @throws PACKAGE_INVALID, OBJECT_INVALID, BUILD_FAILED, TOOL_MISSING; MEDIA_TYPE_UNSUPPORTED
 */
export async function readPackage(artifact: Artifact, options: ReadOptions = {}): Promise<ProgramPackage> {
  const { content, reference: name } = artifact;
  switch (mediaTypeOf(artifact)) {
    case MediaType.package:
      return exporting(parseJsonPackage(content, name), name, options);
    case MediaType.tar:
      return exporting(parseTarPackage(content, name), name, options);
    case MediaType.object:
      return describeObject(content, { name, ...options });
    case MediaType.source:
      return compileArtifact(artifact, options);
    case MediaType.wasm:
    case MediaType.wasmLayer:
      throw new EcliError(
        'MEDIA_TYPE_UNSUPPORTED',
        `${printable(name)}: a Wasm module, which this version does not run`,
        { hint: 'JSON packages, BPF objects (.bpf.o) and sources (.bpf.c) run' },
      );
    default:
      throw new EcliError(
        'MEDIA_TYPE_UNSUPPORTED',
        `${printable(name)}: neither a JSON package, a BPF object nor a tar`,
        {
          hint: 'say what it is: -p json, -p object, -p c or -p tar',
        },
      );
  }
}

/** A source is compiled where it lies, among its headers; one without a file, in the current folder. */
function compileArtifact(
  { path, content, reference }: Artifact,
  options: ReadOptions,
): Promise<ProgramPackage> {
  if (path !== undefined) return compileSource(path, options);
  return compileSource(reference, { ...options, text: new TextDecoder().decode(content) });
}

function exporting(program: ProgramPackage, name: string, { exportType }: ReadOptions): ProgramPackage {
  return exportType === undefined ? program : withExportType(program, name, exportType);
}

/** The media type stated, or what the bytes say where none is or where it is known to be used for anything. */
function mediaTypeOf({ content, descriptor }: Artifact): string {
  const { mediaType } = descriptor;
  // Registries hold JSON packages under the Wasm layer's media type: the only one that pushers know.
  const vague: readonly string[] = ['', MediaType.unknown, MediaType.wasmLayer];
  return vague.includes(mediaType) ? sniff(content) : mediaType;
}

/** The package in a tar. */
export const PACKAGE_FILE = 'package.json';

/** A package and what lies beside it, which is looked at where a kernel has no BTF of its own. */
function parseTarPackage(content: Uint8Array, name: string): ProgramPackage {
  const btfArchive = archiveInTar(content, name);
  const file = btfArchive.files().find(({ path }) => path === PACKAGE_FILE);
  if (!file) throw new EcliError('PACKAGE_INVALID', `${printable(name)}: a tar without a ${PACKAGE_FILE}`);
  return { ...parseJsonPackage(file.read(), `${name}: ${PACKAGE_FILE}`), btfArchive };
}
