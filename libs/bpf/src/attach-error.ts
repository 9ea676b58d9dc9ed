import { EcliError, printable } from '@ecli/core';
import { Errno, errnoName, LIBBPF_ERRNO_FORMAT } from './errno.ts';
import { describe, featureMissing, type NamedProgram, outOfResources } from './failures.ts';
import { probeFeature } from './features.ts';
import type { Heard } from './messages.ts';
import { permissionDenied } from './privileges.ts';
import { sectionKind, sectionTarget } from './section-kind.ts';
import { tracefsMounted } from './tracefs.ts';
import { targetMissing } from './tracing/missing-target.ts';

/** Makes the error for a program that libbpf couldn't attach, from its section and what libbpf said. */
export function attachError(program: NamedProgram, heard: Heard<number>): EcliError {
  const { value: result, lines, details } = heard;
  return (
    optionsNeeded(program, result, lines) ??
    featureAbsent(program, result, details) ??
    tracefsNeeded(program, result, details) ??
    denied(program, result, details) ??
    outOfResources(describe(program), result, details) ??
    absent(program, result, details) ??
    otherwise(program, heard)
  );
}

/** libbpf returns EOPNOTSUPP in silence for sections that don't say where to attach. */
function optionsNeeded(
  program: NamedProgram,
  result: number,
  lines: readonly string[],
): EcliError | undefined {
  if (-result !== Errno.EOPNOTSUPP || lines.length > 0 || sectionTarget(program.section) !== '')
    return undefined;
  const { needs = 'more than the section says' } = sectionKind(program.section);
  return new EcliError('FEATURE_UNSUPPORTED', `${describe(program)}: to attach it takes ${needs}`, {
    hint: `name it: --attach ${printable(program.name)}=…`,
  });
}

function featureAbsent(program: NamedProgram, result: number, details: string): EcliError | undefined {
  const { feature } = sectionKind(program.section);
  if (feature === undefined || feature === 'tracefs') return undefined;
  const unsupported = -result === Errno.EOPNOTSUPP || -result === Errno.ENOTSUPP;
  if (!unsupported && probeFeature(feature) !== 'no') return undefined;
  return featureMissing(describe(program), feature, { details });
}

/** Tracepoints have their numbers in tracefs, and kprobes of old kernels are made there. */
function tracefsNeeded(program: NamedProgram, result: number, details: string): EcliError | undefined {
  const { feature } = sectionKind(program.section);
  if (-result !== Errno.ENOENT || feature !== 'tracefs' || tracefsMounted()) return undefined;
  return new EcliError(
    'ATTACH_FAILED',
    `${describe(program)}: tracefs isn't mounted, which lists the tracepoints`,
    {
      hint: 'mount it: sudo mount -t tracefs tracefs /sys/kernel/tracing',
      details,
    },
  );
}

function denied(program: NamedProgram, result: number, details: string): EcliError | undefined {
  if (-result !== Errno.EPERM && -result !== Errno.EACCES) return undefined;
  return permissionDenied('attaching', program.name, [program.section], details);
}

/** What libbpf and the kernel answer where a target isn't there, by kinds. */
const ABSENT: readonly number[] = [
  Errno.ENOENT,
  Errno.ESRCH,
  Errno.EINVAL,
  Errno.ENOEXEC,
  Errno.EADDRNOTAVAIL,
  LIBBPF_ERRNO_FORMAT,
];

function absent(program: NamedProgram, result: number, details: string): EcliError | undefined {
  return ABSENT.includes(-result) ? targetMissing(program, details) : undefined;
}

/** libbpf's first message is the reason (`failed to find symbol 'f' in '/bin/true'`), the others follow from it. */
function otherwise(program: NamedProgram, { value: result, lines, details }: Heard<number>): EcliError {
  const reason = lines[0] === undefined ? '' : `: ${printable(lines[0])}`;
  return new EcliError(
    'ATTACH_FAILED',
    `${describe(program)}: can't be attached${reason}: ${errnoName(result)}`,
    {
      details,
    },
  );
}
