import { release } from 'node:os';
import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  type BpfObject,
  explainRefusal,
  type FindSource,
  openObject,
  parseLoadReport,
  setVariables,
  type VerifierStatistics,
  verifierStatistics,
} from '@ecli/bpf';
import { type ProgramDefinition, programDefinitions, readBtfExt, type SourceLine } from '@ecli/btf';
import { EcliError, VerifierRejectedError } from '@ecli/core';
import type { OpenedPackage } from '../inspect-package.ts';
import type { CheckFailure, ObjectCheck, ProgramCheck } from './program-check.ts';

export interface CheckOptions {
  /** A BTF file to relocate against instead of the running kernel's own. */
  readonly btfPath?: string;
  readonly diagnose?: (line: string) => void;
  /** Ends the check between two programs. */
  readonly signal?: AbortSignal;
}

/** BPF_LOG_STATS: statistics alone. BPF_LOG_LEVEL1: each instruction of the path that was refused as well. */
const STATISTICS = 4;
const INSTRUCTIONS = 1;
/** struct bpf_insn */
const INSTRUCTION_BYTES = 8;

/**
 * Has the kernel verify each program by itself, so that one that is refused doesn't hide the others. Nothing is
 * attached or pinned, and programs and maps are freed again.
 *
 * @throws OBJECT_INVALID, DEPENDENCY_MISSING, and the signal's reason; what becomes of single programs is in the result
 */
export async function checkPrograms(opened: OpenedPackage, options: CheckOptions = {}): Promise<ObjectCheck> {
  const checker = new Checker(opened, options);
  const programs: ProgramCheck[] = [];
  for (const program of programDefinitions(opened.file)) {
    await nextTurn();
    options.signal?.throwIfAborted();
    programs.push(checker.check(program));
  }
  return { kernel: release(), programs };
}

class Checker {
  private readonly lines: ReadonlyMap<string, readonly SourceLine[]>;

  constructor(
    private readonly opened: OpenedPackage,
    private readonly options: CheckOptions,
  ) {
    this.lines = readBtfExt(opened.file).lines;
  }

  check(program: ProgramDefinition): ProgramCheck {
    const start = performance.now();
    const { type, error, statistics } = this.load(program, STATISTICS);
    const timeMs = Math.round((performance.now() - start) * 10) / 10;
    return {
      name: program.name,
      section: program.section,
      type,
      verdict: verdictOf(error),
      instructions: program.size / INSTRUCTION_BYTES,
      timeMs,
      ...(statistics && { verifier: statistics }),
      ...(error && { failure: this.explain(program, error) }),
    };
  }

  private load(program: ProgramDefinition, logLevel: number): Attempt {
    const said: string[] = [];
    const object = this.open((line) => said.push(line));
    try {
      for (const each of object.programs) each.setAutoload(each.name === program.name);
      for (const map of object.maps) map.forgetPinning();
      setVariables(object, this.opened.variables.stated);
      const loaded = object.program(program.name);
      loaded?.setLogLevel(logLevel);
      const error = attempt(() => object.load());
      said.forEach((line) => this.options.diagnose?.(line));
      return {
        type: loaded?.type ?? 'BPF_PROG_TYPE_UNSPEC',
        error,
        statistics: verifierStatistics(parseLoadReport(said).verifierLog),
      };
    } finally {
      object.close();
    }
  }

  private open(diagnose: (line: string) => void): BpfObject {
    const { object, meta } = this.opened.package;
    const { btfPath } = this.options;
    return openObject(object, {
      name: meta.bpf_skel.obj_name,
      verbose: true,
      diagnose,
      ...(btfPath !== undefined && { btfPath }),
    });
  }

  /** A log with statistics alone ends in the reason, and lacks the way to it: the kernel is asked once more. */
  private explain(program: ProgramDefinition, error: EcliError): CheckFailure {
    if (!(error instanceof VerifierRejectedError)) return failureOf(error);
    const again = this.load(program, INSTRUCTIONS).error;
    const rejected = again instanceof VerifierRejectedError ? again : error;
    const log = rejected.verifierLog;
    const explanation = explainRefusal(log.split('\n'), this.sourceOf(program));
    return { ...failureOf(rejected), ...(explanation && { explanation }), log };
  }

  /** Instructions of the program come first and in the object's order; those of functions that it calls follow. */
  private sourceOf({ section, offset, size }: ProgramDefinition): FindSource {
    const lines = (this.lines.get(section) ?? []).filter(({ line }) => line > 0);
    return (instruction) => {
      const at = instruction * INSTRUCTION_BYTES;
      if (at >= size) return undefined;
      const found = lines.findLast((line) => line.offset <= offset + at);
      if (!found || found.offset < offset) return undefined;
      return { text: found.text.trim(), file: found.file, line: found.line };
    };
  }
}

interface Attempt {
  readonly type: string;
  readonly error: EcliError | undefined;
  readonly statistics: VerifierStatistics | undefined;
}

function attempt(load: () => void): EcliError | undefined {
  try {
    load();
    return undefined;
  } catch (error) {
    if (error instanceof EcliError) return error;
    throw error;
  }
}

function verdictOf(error: EcliError | undefined): ProgramCheck['verdict'] {
  switch (error?.code) {
    case undefined:
      return 'ok';
    case 'VERIFIER_REJECTED':
      return 'refused';
    case 'FEATURE_UNSUPPORTED':
      return 'unsupported';
    default:
      return 'failed';
  }
}

function failureOf({ code, message, hint }: EcliError): CheckFailure {
  return { code, message, ...(hint !== undefined && { hint }) };
}
