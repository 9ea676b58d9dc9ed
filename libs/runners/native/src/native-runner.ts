import { type LoadSpec, MediaType, type Program, type Runner } from '@ecli/core';

/** What readPackage makes a program of; bytes that say nothing of themselves are for it to judge. */
const MEDIA_TYPES: readonly string[] = [
  MediaType.package,
  MediaType.object,
  MediaType.source,
  MediaType.tar,
  MediaType.unknown,
];

/** Runs JSON packages, BPF objects and BPF sources on this machine's kernel. */
export class NativeRunner implements Runner {
  readonly name = 'native';
  readonly takes = 'JSON packages, BPF objects (.bpf.o), sources (.bpf.c), and tars that hold a package';

  supports({ artifact, endpoint }: LoadSpec): boolean {
    return endpoint === undefined && MEDIA_TYPES.includes(artifact.descriptor.mediaType);
  }

  /** Loads nothing when the arguments ask for help: the program then tells how it is used. */
  async load(spec: LoadSpec): Promise<Program> {
    // libbpf and the readers are found only when something is run: `ecli --version` must not pay for them.
    const { loadProgram } = await import('./load-program.ts');
    return loadProgram(spec);
  }
}
