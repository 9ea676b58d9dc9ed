import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Btf, ObjectRelocations, parseObject, type UnresolvedRelocation } from '@ecli/btf';
import { ArgumentError, EcliError, printable, printableLines } from '@ecli/core';
import { type ArchivedFile, isKernelBtf } from '../btf-archive/btf-archive.ts';
import { archiveInFolder } from '../btf-archive/open-archive.ts';
import type { BuildOptions } from '../build.ts';
import type { TarEntry } from '../tar.ts';
import { findTool, runTool } from './toolchain.ts';

/** BTF of kernels to cut down, known to be there before anything is compiled. */
export interface KernelFolder {
  readonly path: string;
  readonly kernels: readonly ArchivedFile[];
  readonly bpftool: string;
}

/**
 * Looks at the folder of kernels that a build is to pack.
 *
 * @returns undefined where it is to pack none
 * @throws ARGUMENT_INVALID, ARTIFACT_NOT_FOUND, ARTIFACT_UNREADABLE, TOOL_MISSING
 */
export function openKernelFolder({ btfgen, btfhubArchive: path }: BuildOptions): KernelFolder | undefined {
  if (path === undefined && !btfgen) return undefined;
  if (path === undefined || path === '') {
    throw new ArgumentError('--btfgen: nothing says where the BTF of kernels is', ['--btfhub-archive'], {
      hint: "name a folder in BTFHub's layout, ID/VERSION_ID/ARCH/RELEASE.btf: --btfhub-archive FOLDER",
    });
  }
  const files = archiveInFolder(path).files();
  const kernels = files.filter((file) => isKernelBtf(file.path));
  if (kernels.length > 0) return { path, kernels, bpftool: findTool('bpftool') };
  const isCompressed = files.some((file) => file.path.endsWith('.btf.tar.xz'));
  throw new EcliError('ARTIFACT_NOT_FOUND', `${printable(path)}: no BTF of a kernel in it`, {
    hint: isCompressed
      ? "unpack BTFHub's files where they lie: find . -name '*.btf.tar.xz' -execdir tar -xf {} ';'"
      : 'it is to have files ID/VERSION_ID/ARCH/RELEASE.btf, as https://github.com/aquasecurity/btfhub-archive has',
  });
}

/** BTF cut down to what an object needs. */
export interface PackedKernels {
  /** By path, in BTFHub's layout. */
  readonly entries: readonly TarEntry[];
  /** Whole lines, escaped: the kernels where the object can't run. */
  readonly warnings: string;
}

/**
 * Cuts each kernel's BTF down to the types that an object is relocated against. Kernels that lack some are left
 * out, and told. As many at once as there are CPUs; the result does not depend on which is done first.
 *
 * @throws BUILD_FAILED when there is no kernel left, or bpftool fails; OUTPUT_FAILED; the reason of `signal`
 */
export async function packKernels(
  name: string,
  object: Uint8Array,
  folder: KernelFolder,
  options: Pick<BuildOptions, 'diagnose' | 'signal'>,
): Promise<PackedKernels> {
  const relocations = new ObjectRelocations(parseObject(object));
  if (relocations.count === 0) {
    return {
      entries: [],
      warnings: `${printable(name)}: depends on no kernel's types, and needs no BTF of one\n`,
    };
  }
  const workFolder = mkdtempSync(join(tmpdir(), `ecli-build-${process.pid}-`));
  try {
    const packed = await new KernelCutter(relocations, object, folder, workFolder, options).cutAll();
    const entries = packed.flatMap(({ entry }) => entry ?? []);
    const warnings = packed.map(({ warning = '' }) => warning).join('');
    if (entries.length > 0) return { entries, warnings };
    const message = `${printable(name)}: no kernel of ${printable(folder.path)} has what it needs`;
    throw new EcliError('BUILD_FAILED', message, { details: warnings.trimEnd() });
  } finally {
    rmSync(workFolder, { recursive: true, force: true });
  }
}

/** One kernel's BTF, or why it is none to pack. */
interface CutKernel {
  readonly entry?: TarEntry;
  readonly warning?: string;
}

class KernelCutter {
  private readonly objectPath: string;

  constructor(
    private readonly relocations: ObjectRelocations,
    object: Uint8Array,
    private readonly folder: KernelFolder,
    private readonly workFolder: string,
    private readonly options: Pick<BuildOptions, 'diagnose' | 'signal'>,
  ) {
    this.objectPath = join(workFolder, 'object.bpf.o');
    writeFileSync(this.objectPath, object);
  }

  async cutAll(): Promise<readonly CutKernel[]> {
    const { kernels } = this.folder;
    const cut: CutKernel[] = [];
    const rest = kernels.entries();
    // What fails first ends the others: nothing runs any more once this is over.
    const failure = new AbortController();
    const asked = this.options.signal;
    const signal = asked ? AbortSignal.any([asked, failure.signal]) : failure.signal;
    const worker = async (): Promise<void> => {
      try {
        for (const [index, kernel] of rest) cut[index] = await this.cut(kernel, index, signal);
      } catch (error) {
        failure.abort(error);
      }
    };
    await Promise.all(Array.from({ length: Math.min(availableParallelism(), kernels.length) }, worker));
    signal.throwIfAborted();
    return cut;
  }

  private async cut(kernel: ArchivedFile, index: number, signal: AbortSignal): Promise<CutKernel> {
    const problem = this.problemOf(kernel);
    if (problem !== undefined)
      return { warning: `${printable(kernel.path)}: left out: ${printable(problem)}\n` };
    const output = join(this.workFolder, `${index}.btf`);
    const { code, stderr } = await runTool({
      tool: this.folder.bpftool,
      args: ['gen', 'min_core_btf', join(this.folder.path, kernel.path), output, this.objectPath],
      diagnose: this.options.diagnose,
      signal,
    });
    if (code === 0) return { entry: { path: layoutPath(kernel.path), content: readFileSync(output) } };
    throw new EcliError('BUILD_FAILED', `${printable(kernel.path)}: bpftool can't cut this BTF down`, {
      hint: 'bpftool has gen min_core_btf from 5.17 on',
      details: printableLines(stderr.trimEnd()) || 'it said nothing',
    });
  }

  /** Why the object can't run on a kernel; undefined where it can. */
  private problemOf(kernel: ArchivedFile): string | undefined {
    try {
      const [unresolved] = this.relocations.unresolved(Btf.parse(kernel.read()));
      return unresolved && describeUnresolved(unresolved);
    } catch (error) {
      if (error instanceof EcliError) return error.message;
      throw error;
    }
  }
}

function describeUnresolved({ program, access, reason, near }: UnresolvedRelocation): string {
  const offered = near.length === 0 ? '' : `; it has ${near.join(', ')}`;
  return `${program}: ${access}: ${reason}${offered}`;
}

/** `ID/VERSION_ID/ARCH/RELEASE.btf`, less the folder that may be around it. */
function layoutPath(path: string): string {
  return path.split('/').slice(-4).join('/');
}
