import { setImmediate as nextTurn } from 'node:timers/promises';
import { ObjectRelocations, type UnresolvedRelocation } from '@ecli/btf';
import { EcliError, printable } from '@ecli/core';
import type { OpenedPackage } from '../inspect-package.ts';
import { plural } from '../text.ts';
import type { KernelBtf } from './kernel-btf.ts';

/** Whether a kernel has all the types that a program depends on, by the kernel's BTF alone. */
export interface KernelCheck {
  readonly btf: string;
  readonly verdict: 'ok' | 'unresolved' | 'unreadable';
  readonly unresolved: readonly UnresolvedRelocation[];
  /** Why a file couldn't be read. */
  readonly problem?: string;
}

/** What kernels say of an object, as `ecli inspect --check --btf DIR --json` prints it. */
export interface KernelsCheck {
  /** Places in the object that depend on the kernel's types. */
  readonly coreRelocations: number;
  readonly kernels: readonly KernelCheck[];
}

/**
 * Resolves an object's CO-RE relocations against each kernel's BTF. Nothing is loaded. Each takes some tenths of a
 * second, and BTFHub has thousands: `signal` ends it between two of them.
 *
 * @throws OBJECT_INVALID, and the signal's reason
 */
export async function checkKernels(
  { file }: OpenedPackage,
  kernels: readonly KernelBtf[],
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<KernelsCheck> {
  const relocations = new ObjectRelocations(file);
  const checked: KernelCheck[] = [];
  for (const kernel of kernels) {
    await nextTurn();
    signal?.throwIfAborted();
    checked.push(checkKernel(relocations, kernel));
  }
  return { coreRelocations: relocations.count, kernels: checked };
}

function checkKernel(relocations: ObjectRelocations, { path, read }: KernelBtf): KernelCheck {
  try {
    const unresolved = relocations.unresolved(read());
    return { btf: path, verdict: unresolved.length === 0 ? 'ok' : 'unresolved', unresolved };
  } catch (error) {
    if (!(error instanceof EcliError)) throw error;
    return { btf: path, verdict: 'unreadable', unresolved: [], problem: error.message };
  }
}

/** Says to a person which kernels have what an object needs. */
export function kernelsText({ coreRelocations, kernels }: KernelsCheck): string {
  const lines = kernels.flatMap(({ btf, verdict, unresolved, problem }) => [
    `${verdict.padEnd('unresolved'.length)}  ${printable(btf)}`,
    ...(problem === undefined ? [] : [`    ${printable(problem)}`]),
    ...unresolved.flatMap(unresolvedLines).map((line) => `    ${printable(line)}`),
  ]);
  const good = kernels.filter(({ verdict }) => verdict === 'ok').length;
  const end = `${good} of ${plural(kernels.length, 'kernel')} ${good === 1 ? 'has' : 'have'} all that ${plural(coreRelocations, 'relocation')} ${coreRelocations === 1 ? 'asks' : 'ask'} for`;
  return `${[...lines, end].join('\n')}\n`;
}

function unresolvedLines({ program, access, reason, near, source }: UnresolvedRelocation): string[] {
  const place = source ? `near ${source.file}:${source.line}: ${source.text.trim()}` : '';
  const offered = near.length === 0 ? '' : `; it has ${near.join(', ')}`;
  return [`${program}: ${access}: ${reason}${offered}`, ...(place === '' ? [] : [`  ${place.trim()}`])];
}
