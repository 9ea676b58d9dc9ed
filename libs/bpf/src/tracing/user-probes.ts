import { EcliError, printable } from '@ecli/core';
import { bindings } from '../bindings.ts';
import { describe } from '../failures.ts';
import type { BpfLink, Link } from '../link.ts';
import { createOpts } from '../opts.ts';
import type { BpfProgram } from '../program.ts';
import { binaryFunctions } from './binary-symbols.ts';
import { globPattern } from './glob.ts';
import type { ProbeOptions } from './kernel-probes.ts';
import { createUprobeMultiLink } from './uprobe-multi-link.ts';

/** Programs in all processes: pid_t of bpf_program__attach_uprobe_opts. */
const ALL_PROCESSES = -1;

/** Where in a file, and in which processes that run it. */
export interface UserFunction {
  /** A path, as findBinary gives it. */
  readonly binary: string;
  /** Undefined where `offset` is one in the file. */
  readonly function?: string | undefined;
  /** Bytes behind the function's start. */
  readonly offset: number;
  /** One process only. */
  readonly pid?: number | undefined;
}

/**
 * Attaches to a function of a program or library, in all processes that run it now and later, or in one.
 *
 * @throws ATTACH_FAILED with near names for a function that isn't there, PERMISSION_DENIED, FEATURE_UNSUPPORTED
 */
export function attachUprobe(
  program: BpfProgram,
  target: UserFunction,
  { atReturn, section }: ProbeOptions,
): BpfLink {
  // struct bpf_uprobe_opts:  0 size_t sz   8 size_t ref_ctr_offset   16 __u64 bpf_cookie   24 bool retprobe
  //                         32 const char *func_name
  const opts = createOpts(40);
  const { libbpf, addressOf } = bindings();
  const name = target.function === undefined ? undefined : cString(target.function);
  opts.writeUInt8(atReturn ? 1 : 0, 24);
  if (name) opts.writeBigUInt64LE(BigInt(addressOf(name)), 32);
  const { pid = ALL_PROCESSES, binary, offset } = target;
  return program.attachBy(
    (pointer) => libbpf.bpf_program__attach_uprobe_opts(pointer, pid, binary, offset, opts),
    section,
  );
}

/** Attaches to a static tracepoint (USDT) of a program or library, in all processes or in one. */
export function attachUsdt(
  program: BpfProgram,
  target: { binary: string; provider: string; name: string; pid?: number | undefined },
  { section }: Pick<ProbeOptions, 'section'>,
): BpfLink {
  const { libbpf } = bindings();
  const { pid = ALL_PROCESSES, binary, provider, name } = target;
  return program.attachBy(
    (pointer) => libbpf.bpf_program__attach_usdt(pointer, pid, binary, provider, name, 0),
    section,
  );
}

/** Attaches to all functions of a program or library that a pattern (`mem*`) matches, by one link. */
export function attachUprobes(
  program: BpfProgram,
  { binary, pattern, pid }: { binary: string; pattern: string; pid?: number | undefined },
  { atReturn, section }: ProbeOptions,
): Link {
  const offsets = matchingOffsets(binary, pattern);
  if (offsets.length === 0) {
    throw new EcliError(
      'ATTACH_FAILED',
      `${describe({ name: program.name, section })}: ${printable(binary)} has no function like ${printable(pattern)}`,
    );
  }
  return program.linkBy(
    () =>
      createUprobeMultiLink({
        descriptor: program.fd,
        attachType: program.attachType,
        binary,
        offsets,
        atReturn,
        pid,
      }),
    section,
  );
}

function matchingOffsets(binary: string, pattern: string): number[] {
  const matches = globPattern(pattern);
  const functions = binaryFunctions(binary).filter(({ name }) => matches.test(name));
  return [...new Set(functions.map(({ offset }) => offset))];
}

function cString(text: string): Buffer {
  return Buffer.from(`${text}\0`);
}
