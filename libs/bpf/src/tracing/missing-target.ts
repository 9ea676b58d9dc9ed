import { EcliError, nearNames, printable } from '@ecli/core';
import { describe, didYouMean, type NamedProgram } from '../failures.ts';
import { sectionTarget, sectionWord } from '../section-kind.ts';
import { nearTracepoints } from '../tracefs.ts';
import { binaryFunctions, staticTracepoints } from './binary-symbols.ts';
import { parseFunctionOffset } from './function-offset.ts';
import { globPattern } from './glob.ts';
import { kernelFunctions, nearKernelFunctions } from './kernel-functions.ts';
import { findBinary } from './user-binary.ts';
import { parseUprobeTarget, parseUsdtTarget } from './user-target.ts';

/**
 * Looks, after an attach failed, whether the target that a section names is there at all: libbpf and the kernel
 * tell that only by a number. Undefined where it is there, or can't be told.
 */
export function targetMissing(program: NamedProgram, details: string): EcliError | undefined {
  const missing = FINDERS[sectionWord(program.section)]?.(sectionTarget(program.section));
  if (missing === undefined || missing instanceof EcliError) return missing;
  const { what, near } = missing;
  return new EcliError('ATTACH_FAILED', `${describe(program)}: ${what}`, { ...didYouMean(near), details });
}

interface Missing {
  readonly what: string;
  /** What may have been meant. */
  readonly near: readonly string[];
}

type Finder = (target: string) => Missing | EcliError | undefined;

const FINDERS: Readonly<Record<string, Finder>> = {
  tp: missingTracepoint,
  tracepoint: missingTracepoint,
  raw_tp: missingTracepoint,
  raw_tracepoint: missingTracepoint,
  kprobe: missingKernelFunction,
  kretprobe: missingKernelFunction,
  'kprobe.multi': missingPattern,
  'kretprobe.multi': missingPattern,
  'kprobe.session': missingPattern,
  ksyscall: missingSystemCall,
  kretsyscall: missingSystemCall,
  uprobe: missingUserFunction,
  uretprobe: missingUserFunction,
  usdt: missingStaticTracepoint,
};

function missingTracepoint(target: string): Missing | undefined {
  const near = nearTracepoints(target);
  if (near.includes(target)) return undefined;
  return { what: `this kernel has no tracepoint ${printable(target)}`, near };
}

function missingKernelFunction(target: string): Missing | undefined {
  const name = parseFunctionOffset(target)?.function;
  const known = kernelFunctions();
  if (name === undefined || known.length === 0 || known.includes(name)) return undefined;
  return { what: `this kernel has no function ${printable(name)}`, near: nearKernelFunctions(name) };
}

function missingPattern(target: string): Missing | undefined {
  const known = kernelFunctions();
  const pattern = globPattern(target);
  if (known.length === 0 || known.some((name) => pattern.test(name))) return undefined;
  return {
    what: `this kernel has no function like ${printable(target)}`,
    near: nearKernelFunctions(target),
  };
}

/** `__x64_sys_openat`, `__arm64_sys_openat`, `sys_openat`: arch/…/include/asm/syscall_wrapper.h */
const SYSTEM_CALL = /^(?:__[a-z0-9]+_)?sys_(\w+)$/;

function missingSystemCall(target: string): Missing | undefined {
  const known = new Set(kernelFunctions().flatMap((name) => SYSTEM_CALL.exec(name)?.[1] ?? []));
  if (known.size === 0 || known.has(target)) return undefined;
  return {
    what: `this kernel has no system call ${printable(target)}`,
    near: nearNames(target, known),
  };
}

function missingUserFunction(target: string): Missing | EcliError | undefined {
  const { pid, binary, place } = parseUprobeTarget(target) ?? {};
  if (place?.function === undefined) return undefined;
  const name = place.function;
  return inBinary(binary, pid, (path) => {
    const known = new Set(binaryFunctions(path).map((each) => each.name));
    if (known.has(name)) return undefined;
    const what = `${printable(binary ?? path)} has no function ${printable(name)}`;
    const stripped = known.size === 0 ? ', nor any other: its symbols were stripped' : '';
    return { what: `${what}${stripped}`, near: nearNames(name, known) };
  });
}

function missingStaticTracepoint(target: string): Missing | EcliError | undefined {
  const { pid, binary, provider, name } = parseUsdtTarget(target) ?? {};
  if (provider === undefined || name === undefined) return undefined;
  const wanted = `${provider}:${name}`;
  return inBinary(binary, pid, (path) => {
    const known = new Set(staticTracepoints(path).map((each) => `${each.provider}:${each.name}`));
    if (known.has(wanted)) return undefined;
    const what = `${printable(binary ?? path)} has no static tracepoint ${printable(wanted)}`;
    return { what: known.size === 0 ? `${what}, nor any other` : what, near: nearNames(wanted, known) };
  });
}

/** Errors of reading the file are the answer where it isn't there or isn't ELF, and no answer otherwise. */
function inBinary(
  binary: string | undefined,
  pid: number | undefined,
  find: (path: string) => Missing | undefined,
): Missing | EcliError | undefined {
  try {
    return find(findBinary(binary, pid));
  } catch (error) {
    if (!(error instanceof EcliError)) return undefined;
    if (error.code !== 'OBJECT_INVALID') return error;
    return { what: `${printable(binary ?? '')} can't be read: ${error.message}`, near: [] };
  }
}
