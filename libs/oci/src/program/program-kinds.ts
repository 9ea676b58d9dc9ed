import { MediaType } from '@ecli/core';
import { OciMediaType } from '../types.ts';

/** How one kind of program is stored in a registry. */
export interface ProgramKind {
  readonly layer: string;
  /** The type of the config; the empty one where the manifest has an `artifactType`. */
  readonly config: string;
  readonly artifactType?: string;
  /** The file that other tools save it as, given the program's name. */
  readonly title: (name: string) => string;
}

const TITLE_OF_PACKAGE = 'package.json';

const wasmKind: ProgramKind = {
  // The pair by which the first ecli, and most Wasm runtimes since, know a module; it comes without artifactType.
  layer: MediaType.wasmLayer,
  config: OciMediaType.wasmConfig,
  title: (name) => `${name}.wasm`,
};

/** What is pushed, by the media type that core has for it. */
export const PROGRAM_KINDS: Readonly<Record<string, ProgramKind>> = {
  [MediaType.package]: {
    layer: MediaType.package,
    config: OciMediaType.empty,
    artifactType: MediaType.package,
    title: () => TITLE_OF_PACKAGE,
  },
  [MediaType.object]: {
    layer: MediaType.object,
    config: OciMediaType.empty,
    artifactType: MediaType.object,
    title: (name) => `${name}.bpf.o`,
  },
  [MediaType.tar]: {
    layer: MediaType.tar,
    config: OciMediaType.empty,
    // A tar may hold anything; this one holds a package and BTF beside it.
    artifactType: 'application/vnd.eunomia.package.v1+tar',
    title: (name) => `${name}.tar`,
  },
  [MediaType.wasm]: wasmKind,
  [MediaType.wasmLayer]: wasmKind,
};

/** Layers that are programs and nothing else, and what they are where their bytes don't say otherwise. */
export const PROGRAM_LAYERS: Readonly<Record<string, string>> = {
  [MediaType.package]: MediaType.package,
  [MediaType.object]: MediaType.object,
  [MediaType.tar]: MediaType.tar,
  [MediaType.wasmLayer]: MediaType.wasm,
  [MediaType.wasm]: MediaType.wasm,
  // Inspektor Gadget (docs/spec/image.md of its repository).
  'application/vnd.gadget.ebpf.program.v1+binary': MediaType.object,
  // Bumblebee (spec/README.md of its repository).
  'application/ebpf.oci.image.program.v1+binary': MediaType.object,
};

/**
 * Layers that may hold anything: what tools push files as that weren't told more, and the layers of container
 * images, which are tars.
 */
export const VAGUE_LAYERS: ReadonlySet<string> = new Set([
  '',
  MediaType.unknown,
  'application/json',
  'text/plain',
  'application/vnd.oci.image.layer.v1.tar',
  'application/vnd.oci.image.layer.v1.tar+gzip',
  'application/vnd.docker.image.rootfs.diff.tar',
  'application/vnd.docker.image.rootfs.diff.tar.gzip',
  'application/x-gzip',
  'application/gzip',
  'application/x-elf',
]);
