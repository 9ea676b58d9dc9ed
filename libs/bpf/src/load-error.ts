import { EcliError, printable, VerifierRejectedError } from '@ecli/core';
import { Errno, errnoName } from './errno.ts';
import { describe, didYouMean, featureMissing, type NamedProgram, outOfResources } from './failures.ts';
import { probeFeature } from './features.ts';
import type { BpfMap } from './map.ts';
import { mayLoadPrograms, permissionDenied } from './privileges.ts';
import type { Heard } from './messages.ts';
import { type LoadReport, parseLoadReport } from './report.ts';
import { sectionKind, sectionTarget, sectionWord } from './section-kind.ts';
import { nearTargets } from './tracing/near-targets.ts';
import { explainRefusal, explanationLines } from './verifier/explanation.ts';

/** What is known of an object that failed to load. */
export interface FailedObject {
  readonly name: string;
  /** The BTF that was given in place of the kernel's own. */
  readonly btfName?: string | undefined;
  readonly programs: readonly NamedProgram[];
  readonly maps: readonly Pick<BpfMap, 'name' | 'type' | 'keySize' | 'valueSize' | 'maxEntries'>[];
}

/** Makes the error for an object that libbpf can't open. */
export function openError(name: string, { value: result, lines, details }: Heard<number>): EcliError {
  const exhausted = outOfResources(printable(name), result, details);
  if (exhausted) return exhausted;
  const reason = lines.at(-1);
  return new EcliError(
    'OBJECT_INVALID',
    `${printable(name)}: libbpf can't read this object: ${printable(reason ?? errnoName(result))}`,
    { hint: 'it must be an ELF file made by clang -target bpf -g', details },
  );
}

/** Makes the error for an object that didn't load, from what libbpf and the kernel said. */
export function loadError(object: FailedObject, { value: result, lines, details }: Heard<number>): EcliError {
  const report = parseLoadReport(lines);
  const program = object.programs.find(({ name }) => name === report.program);
  return (
    outOfDescriptors(subjectOf(object, report), result, lines, details) ??
    structOpsMapMissing(program, report, result, details) ??
    verifierRejected(report, details) ??
    typesMissing(object, report, details) ??
    refused(object, program, result, details) ??
    targetMissing(program, report, details) ??
    sectionUnknown(program, report, details) ??
    outOfResources(subjectOf(object, report), result, details) ??
    pinFailed(report, details) ??
    mapFailed(object, report, result, details) ??
    otherwise(object.name, report, result, details)
  );
}

/** libbpf.c: `Error in %s():%s(%d). Couldn't …` */
const PROBE_FAILED = /^Error in \w+\(\):.*\((\d+)\)\. /;

/**
 * libbpf takes a probe that failed for want of descriptors for a feature that the kernel lacks, works around it,
 * and what the verifier then says is beside the point.
 */
function outOfDescriptors(
  subject: string,
  result: number,
  lines: readonly string[],
  details: string,
): EcliError | undefined {
  const numbers = [-result, ...lines.map((line) => Number(PROBE_FAILED.exec(line)?.[1]))];
  const number = numbers.find((each) => each === Errno.EMFILE || each === Errno.ENFILE);
  return number === undefined ? undefined : outOfResources(subject, -number, details);
}

/** Adds to the error of an object that was to run on a network card what such a card takes. */
export function offloadError({ name }: { readonly name: string }, error: EcliError): EcliError {
  const { code, message, details } = error;
  return new EcliError(code, `${message}, on the network card of ${printable(name)}`, {
    hint:
      'drivers of few cards take programs, and with them array and hash maps only; ' +
      'in native mode the driver runs them on the processor, in generic mode the kernel',
    ...(details !== undefined && { details }),
    cause: error,
  });
}

/**
 * kernel/bpf/verifier.c, check_struct_ops_btf_id: libbpf takes from the map which function of which structure a
 * program is; the kernel answers ENOTSUPP where that isn't said, and the verifier says nothing.
 */
function structOpsMapMissing(
  program: NamedProgram | undefined,
  { verifierLog }: LoadReport,
  result: number,
  details: string,
): EcliError | undefined {
  if (!program || sectionWord(program.section) !== 'struct_ops' || -result !== Errno.ENOTSUPP)
    return undefined;
  if (explainRefusal(verifierLog) || probeFeature('struct_ops') === 'no') return undefined;
  const member = sectionTarget(program.section) || program.name;
  return new EcliError('LOAD_FAILED', `${describe(program)}: no struct_ops map of its object names it`, {
    hint:
      'the map says which function of which structure it is, for example ' +
      `SEC(".struct_ops") struct tcp_congestion_ops ops = { .${printable(member)} = (void *)${printable(program.name)} }`,
    details,
  });
}

function verifierRejected({ program, verifierLog }: LoadReport, details: string): EcliError | undefined {
  if (verifierLog.length === 0) return undefined;
  const explanation = explainRefusal(verifierLog);
  const hint = explanation && explanationLines(explanation).map(printable).join('\n');
  const subject = `program ${printable(program ?? '?')}`;
  const reason = explanation ? printable(explanation.reason) : 'without a word';
  return new VerifierRejectedError(
    `${subject}: the kernel's verifier rejected it: ${reason}`,
    verifierLog.join('\n'),
    { details, ...(hint !== undefined && hint !== '' && { hint }) },
  );
}

/** libbpf.c, btf.c: what is printed when CO-RE or a typed program needs BTF of the kernel and there's none. */
function typesMissing(
  { name, btfName }: FailedObject,
  { messages }: LoadReport,
  details: string,
): EcliError | undefined {
  if (btfName !== undefined && messages.some((line) => /^failed to (?:parse|get) target BTF/.test(line))) {
    return new EcliError('LOAD_FAILED', `${printable(btfName)}: can't be read as BTF`, {
      hint: 'it must be the BTF of this very kernel, as btfhub-archive and pahole make it',
      details,
    });
  }
  const missing = messages.some((line) =>
    /^failed to find valid kernel BTF|^Error loading vmlinux BTF/.test(line),
  );
  if (!missing) return undefined;
  return featureMissing(`${printable(name)}: relocates against the kernel's types`, 'btf', {
    hint: "or give this kernel's BTF from https://github.com/aquasecurity/btfhub-archive by --btf FILE or BTF_FILE_PATH",
    details,
  });
}

/**
 * EPERM is either a lack of rights or, where we have them, of the feature: some kernels refuse trampolines
 * and LSM programs that way, without a word of the verifier.
 */
function refused(
  { name, programs }: FailedObject,
  program: NamedProgram | undefined,
  result: number,
  details: string,
): EcliError | undefined {
  const feature = program && sectionKind(program.section).feature;
  if (program && feature && mayLoadPrograms() && probeFeature(feature) === 'no') {
    return featureMissing(describe(program), feature, { details });
  }
  if (-result !== Errno.EPERM && -result !== Errno.EACCES) return undefined;
  const sections = programs.map(({ section }) => section);
  return permissionDenied('loading', program?.name ?? name, sections, details);
}

function targetMissing(
  program: NamedProgram | undefined,
  { messages }: LoadReport,
  details: string,
): EcliError | undefined {
  const missing = messages.some((line) => line.includes('failed to find kernel BTF type ID of'));
  if (!program || !missing) return undefined;
  const target = sectionTarget(program.section);
  return new EcliError(
    'LOAD_FAILED',
    `${describe(program)}: this kernel has no ${printable(target)} to attach to`,
    {
      ...didYouMean(nearTargets(program.section)),
      details,
    },
  );
}

function sectionUnknown(
  program: NamedProgram | undefined,
  { messages }: LoadReport,
  details: string,
): EcliError | undefined {
  if (!program || !messages.some((line) => line.includes('missing BPF prog type'))) return undefined;
  return new EcliError('FEATURE_UNSUPPORTED', `${describe(program)}: libbpf knows no such kind of program`, {
    hint: 'sections are listed in https://docs.kernel.org/bpf/libbpf/program_types.html',
    details,
  });
}

function subjectOf({ name }: FailedObject, { map, program }: LoadReport): string {
  if (map !== undefined) return `map ${printable(map)}`;
  return program === undefined ? printable(name) : `program ${printable(program)}`;
}

/** libbpf.c, bpf_object__reuse_map, check_path, bpf_map__pin: what is said where a map has a path in bpffs. */
const PIN_FAILURE =
  /^couldn't reuse pinned map at '(?<path>.*)': parameter mismatch|is not on BPF FS|failed to (?:auto-)?pin|error reusing pinned map/;

function pinFailed({ map, messages }: LoadReport, details: string): EcliError | undefined {
  const reason = messages.find((line) => PIN_FAILURE.test(line));
  if (map === undefined || reason === undefined) return undefined;
  const path = PIN_FAILURE.exec(reason)?.groups?.['path'];
  const hint =
    path === undefined
      ? 'pinned maps live in bpffs: sudo mount -t bpf bpf /sys/fs/bpf'
      : `a map of another type or size has that name; where nothing needs it: sudo rm ${printable(path)}`;
  return new EcliError('LOAD_FAILED', `map ${printable(map)}: can't be pinned: ${printable(reason)}`, {
    hint,
    details,
  });
}

function mapFailed(
  { maps }: FailedObject,
  { map: name }: LoadReport,
  result: number,
  details: string,
): EcliError | undefined {
  if (name === undefined) return undefined;
  const map = maps.find((each) => each.name === name);
  const asked = map
    ? ` (${map.type}, keys of ${map.keySize} bytes, values of ${map.valueSize}, max_entries ${map.maxEntries})`
    : '';
  return new EcliError(
    'LOAD_FAILED',
    `map ${printable(name)}: the kernel can't create it: ${errnoName(result)}`,
    {
      hint: `its type, sizes or number of entries are not what this kernel takes${asked}`,
      details,
    },
  );
}

function otherwise(name: string, { messages }: LoadReport, result: number, details: string): EcliError {
  const reason = messages.at(-1);
  return new EcliError(
    'LOAD_FAILED',
    `${printable(name)}: can't be loaded: ${reason === undefined ? errnoName(result) : printable(reason)}`,
    { details },
  );
}
