import { existsSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { type ObjectFile, parseObject } from '@ecli/btf';
import { EcliError, printable } from '@ecli/core';
import {
  eventsAreTyped,
  exportTypeNamed,
  knownExportTypes,
  structWord,
  unknownEvents,
} from '../export-types.ts';
import type { ExportType } from '../meta.ts';
import { objectNameOf, skeletonOf, stemOf } from '../skeleton.ts';
import { addCommentKeys, exportedStructs, type SourceText } from './comments.ts';
import { compileObject, type CompileSettings } from './compile.ts';
import { definedStructs } from './declarations.ts';
import { resolveExports } from './export-configs.ts';
import { readText } from './read-text.ts';
import { VMLINUX_HEADER } from './vmlinux.ts';

/** The version that packages carry as `eunomia_version`: that of this package. */
export const BUILDER_VERSION = '0.1.0';

/** What clang calls a source that has no file. */
export const STANDARD_INPUT = '<stdin>';

export interface SourceRequest extends Omit<CompileSettings, 'exports'> {
  /** The source's path, or `STANDARD_INPUT`. */
  readonly name: string;
  readonly text: string;
  /** The header whose structs are exported. Without one, a header beside the source with its name is taken. */
  readonly header?: string;
  /** The one struct to export instead. */
  readonly exportType?: string;
  /** Refuses a program whose events have no known type; it can be built, but not shown. */
  readonly toShow?: boolean;
}

export interface SourcePackage {
  readonly object: Uint8Array;
  /** As it is written: only what is not the default. */
  readonly meta: object;
  /** Absolute paths of all files that went in. */
  readonly dependencies: readonly string[];
  /** When the compiler began to read them, in milliseconds since the epoch. */
  readonly startedMs: number;
  /** Whole lines, escaped: what clang warned of, and what keeps events from being shown. */
  readonly warnings: string;
}

/**
 * Compiles a source and describes what came out, with what the source's comments say.
 *
 * @throws BUILD_FAILED, TOOL_MISSING; PACKAGE_INVALID when the events' type is not known
 */
export async function packageSource(request: SourceRequest): Promise<SourcePackage> {
  const { name, text } = request;
  const source: SourceText = { name, text };
  const wanted = wantedStructs(request, source);
  const isFile = name !== STANDARD_INPUT;
  const compiled = await compileObject(isFile ? { name } : { name, text }, {
    ...request,
    exports: wanted.structs,
  });
  const object = parseCompiled(compiled.object, name);
  const others = (): readonly string[] => ownStructs(request, compiled.dependencies);
  const exportTypes = exportTypesFrom(object, wanted, request, others);
  const skeleton = addCommentKeys(skeletonOf(object, objectNameOf(basename(name))), source);
  const { maps, several } = resolveExports(skeleton.maps, object, name);
  const unknown = exportTypes.length === 0 && !several ? unknownEvents(object, name, others()) : undefined;
  if (unknown && request.toShow) throw unknown;
  const meta = {
    bpf_skel: { ...skeleton, maps },
    export_types: exportTypes,
    eunomia_version: BUILDER_VERSION,
    ...(several && { enable_multiple_export_types: true }),
  };
  const doubt = wanted.marked || several || eventsAreTyped(object) ? '' : doubtOf(name, exportTypes);
  const warnings = [compiled.warnings, unknown ? `${unknown.message}\n${unknown.hint}\n` : '', doubt].join(
    '',
  );
  const { startedMs } = compiled;
  const dependencies = [...new Set([...compiled.dependencies, ...wanted.files])];
  return { object: compiled.object, meta, dependencies, startedMs, warnings };
}

/** An empty source, or flags such as -g0, make an object that says nothing of its types. */
function parseCompiled(bytes: Uint8Array, name: string): ObjectFile {
  try {
    return parseObject(bytes);
  } catch (error) {
    if (!(error instanceof EcliError)) throw error;
    const { code, hint, message } = error;
    throw new EcliError(code, `${printable(name)}: ${message}`, {
      ...(hint !== undefined && { hint }),
      cause: error,
    });
  }
}

/** What to say where the order in a header alone decides which struct the events are. */
function doubtOf(name: string, exportTypes: readonly ExportType[]): string {
  const [first, ...others] = exportTypes.map((type) => printable(type.name));
  if (others.length === 0) return '';
  return (
    `${printable(name)}: events are taken for struct ${first}, the first of its header; others: ${others.join(', ')}\n` +
    'where that is wrong, write /// @export above the one they are\n'
  );
}

interface WantedStructs {
  /** In order: of several, the first is what events are. */
  readonly structs: readonly string[];
  /** Whether the user has said which it is. */
  readonly marked: boolean;
  /** Absolute paths of the headers that were looked at for them. */
  readonly files: readonly string[];
}

function wantedStructs({ name, header, exportType }: SourceRequest, source: SourceText): WantedStructs {
  if (exportType !== undefined) return { structs: [structWord(exportType)], marked: true, files: [] };
  const path = header ?? headerBeside(name);
  const marked = exportedStructs(source);
  if (path === undefined) return { structs: marked, marked: marked.length > 0, files: [] };
  const text = readText(path);
  marked.push(...exportedStructs({ name: path, text }));
  const structs = [...new Set([...marked, ...definedStructs(text)])];
  return { structs, marked: marked.length > 0, files: [resolve(path)] };
}

/** `opens.h` for `opens.bpf.c`. */
export function headerBeside(source: string): string | undefined {
  if (source === STANDARD_INPUT) return undefined;
  const header = join(dirname(source), `${stemOf(basename(source))}.h`);
  return header !== source && existsSync(header) ? header : undefined;
}

/** The structs that a source and the headers in its folder define, for messages. */
function ownStructs({ name, text }: SourceRequest, dependencies: readonly string[]): string[] {
  const folder = `${resolve(name === STANDARD_INPUT ? '.' : dirname(name))}/`;
  const headers = dependencies.filter(
    (path) => path.startsWith(folder) && path !== resolve(name) && basename(path) !== VMLINUX_HEADER,
  );
  return [text, ...headers.map(readText)].flatMap(definedStructs);
}

function exportTypesFrom(
  object: ObjectFile,
  wanted: WantedStructs,
  request: SourceRequest,
  others: () => readonly string[],
): ExportType[] {
  const { name, header, exportType } = request;
  if (exportType !== undefined) return [exportTypeNamed(object, name, exportType, others())];
  const marked = wanted.structs.flatMap((struct) => object.btf.find('struct', struct) ?? []);
  if (header !== undefined && wanted.structs.length > 0 && marked.length === 0) {
    throw new EcliError(
      'BUILD_FAILED',
      `${printable(header)}: its structs (${wanted.structs.join(', ')}) are not in ${printable(name)}`,
      { hint: `add to the source: #include "${printable(basename(header))}"` },
    );
  }
  return knownExportTypes(object, marked);
}
