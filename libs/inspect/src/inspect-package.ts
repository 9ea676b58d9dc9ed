import { type ObjectFile, parseObject, readBtfExt } from '@ecli/btf';
import { type Artifact, EcliError } from '@ecli/core';
import {
  type BtfArchive,
  isKernelBtf,
  type PackageDoc,
  type ProgramPackage,
  readPackage,
  type ReadOptions,
} from '@ecli/packages';
import { inspectExports, type PackageExport, packageExports } from './exports.ts';
import type { ArchiveEntry, Documentation, Inspection } from './inspection.ts';
import { thisMachine } from './machine.ts';
import { inspectMaps } from './maps.ts';
import { inspectPrograms } from './programs.ts';
import { inspectDataSections, inspectOptions, type PackageVariables, packageVariables } from './variables.ts';

/** A package taken apart: what inspecting, checking and declaring types start from. */
export interface OpenedPackage {
  readonly artifact: Artifact;
  readonly name: string;
  readonly package: ProgramPackage;
  readonly file: ObjectFile;
  readonly variables: PackageVariables;
  readonly exports: readonly PackageExport[];
  /** Why there are no exports, where nothing says of which type they are. */
  readonly untyped?: EcliError;
}

/** Reads an artifact of any format. Nothing native is loaded. @throws what readPackage throws */
export async function openPackage(artifact: Artifact, options: ReadOptions = {}): Promise<OpenedPackage> {
  const read = await readPackage(artifact, { ...options, untyped: true });
  const file = parseObject(read.object);
  const name = read.meta.bpf_skel.obj_name.replace(/(?<=.)_bpf$/, '');
  const variables = packageVariables(file, read.meta);
  const shown = exportsOf(name, read, file);
  return { artifact, name, package: read, file, variables, ...shown };
}

/** Nothing may say of which type the events are: all else can be told, and checked. */
function exportsOf(
  name: string,
  read: ProgramPackage,
  file: ObjectFile,
): Pick<OpenedPackage, 'exports' | 'untyped'> {
  try {
    return { exports: packageExports(name, read, file, thisMachine()) };
  } catch (error) {
    const isUntyped = read.meta.export_types.length === 0 && !read.meta.enable_multiple_export_types;
    if (!isUntyped || !(error instanceof EcliError)) throw error;
    return { exports: [], untyped: error };
  }
}

/** Says what is in a package. */
export function inspectPackage(opened: OpenedPackage): Inspection {
  const { artifact, name, file, variables, exports } = opened;
  const { object, meta, btfArchive: archive } = opened.package;
  const { bpf_skel: skeleton, eunomia_version: eunomiaVersion } = meta;
  const { reference, descriptor } = artifact;
  const relocations = [...readBtfExt(file).relocations.values()];
  return {
    name,
    reference,
    digest: descriptor.digest,
    mediaType: descriptor.mediaType,
    size: descriptor.size,
    objectSize: object.byteLength,
    ...licenseOf(file),
    ...documentationOf(skeleton.doc),
    ...(eunomiaVersion !== undefined && { eunomiaVersion }),
    btfTypes: file.btf.length - 1,
    coreRelocations: relocations.reduce((sum, { length }) => sum + length, 0),
    programs: inspectPrograms(file, skeleton.progs),
    maps: inspectMaps(file, thisMachine()),
    dataSections: inspectDataSections(file, variables),
    options: inspectOptions(variables),
    exports: inspectExports(exports, file),
    ...(opened.untyped && { untyped: opened.untyped.message }),
    ...(archive && { btfArchive: entriesOf(archive) }),
  };
}

function licenseOf({ elf }: ObjectFile): { readonly license?: string } {
  const section = elf.section('license');
  if (!section) return {};
  const end = section.data.indexOf(0);
  const bytes = end < 0 ? section.data : section.data.subarray(0, end);
  return { license: new TextDecoder().decode(bytes) };
}

function documentationOf(doc: PackageDoc | undefined): { readonly documentation?: Documentation } {
  const { version, brief, description, details } = doc ?? {};
  const documentation = {
    ...(version && { version }),
    ...(brief && { brief }),
    ...(description && { description }),
    ...(details && { details }),
  };
  return Object.keys(documentation).length === 0 ? {} : { documentation };
}

function entriesOf(archive: BtfArchive): readonly ArchiveEntry[] {
  return archive
    .files()
    .filter(({ path }) => isKernelBtf(path))
    .map(({ path, size }) => ({ path, size }));
}
