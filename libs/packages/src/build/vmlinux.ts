import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EcliError, printableLines } from '@ecli/core';
import { openCacheFolder, writeAtomically } from './cache-folder.ts';
import { findTool, runTool } from './toolchain.ts';

export const KERNEL_BTF = '/sys/kernel/btf/vmlinux';
export const VMLINUX_HEADER = 'vmlinux.h';

export interface VmlinuxOptions {
  /** Takes the header when there is no cache to keep it in. */
  readonly workFolder: string;
  readonly diagnose?: (line: string) => void;
  readonly signal?: AbortSignal;
}

/**
 * Makes `vmlinux.h`, the types of the running kernel, and returns the folder that holds it. It is made once
 * for each kernel and kept in the user's cache by a digest of the kernel's BTF.
 *
 * @throws TOOL_MISSING without bpftool or without BTF in the kernel; BUILD_FAILED when bpftool fails
 */
export async function vmlinuxFolder({ workFolder, diagnose, signal }: VmlinuxOptions): Promise<string> {
  const btf = readKernelBtf();
  const cache = openCacheFolder('btf');
  const folder = cache ? join(cache, createHash('sha256').update(btf).digest('hex')) : workFolder;
  const header = join(folder, VMLINUX_HEADER);
  if (existsSync(header)) return folder;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const content = await dumpKernelTypes({ diagnose, signal });
  if (cache) writeAtomically(header, content);
  else writeFileSync(header, content);
  return folder;
}

function readKernelBtf(): Buffer {
  try {
    return readFileSync(KERNEL_BTF);
  } catch (cause) {
    throw new EcliError('TOOL_MISSING', `${KERNEL_BTF}: this kernel has no BTF to make vmlinux.h from`, {
      hint: 'use a kernel with CONFIG_DEBUG_INFO_BTF=y, or put a vmlinux.h beside the source',
      cause,
    });
  }
}

async function dumpKernelTypes(options: Pick<VmlinuxOptions, 'diagnose' | 'signal'>): Promise<Buffer> {
  const tool = findTool('bpftool');
  const args = ['btf', 'dump', 'file', KERNEL_BTF, 'format', 'c'];
  const { code, stdout, stderr } = await runTool({ tool, args, ...options });
  if (code === 0 && stdout.length > 0) return stdout;
  throw new EcliError('BUILD_FAILED', `${VMLINUX_HEADER}: bpftool failed`, { hint: printableLines(stderr) });
}
