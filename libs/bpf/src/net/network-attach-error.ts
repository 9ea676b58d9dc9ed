import { EcliError, printable } from '@ecli/core';
import { Errno, errnoName } from '../errno.ts';
import { describe, featureMissing, type NamedProgram, outOfResources } from '../failures.ts';
import { type FeatureName, probeFeature } from '../features.ts';
import type { Heard } from '../messages.ts';
import { permissionDenied } from '../privileges.ts';
import { programInfoById } from '../program-info.ts';

/** An attachment that the kernel refused. */
export interface Refusal {
  readonly program: NamedProgram;
  /** For people: `eth0`, `cgroup /sys/fs/cgroup`. */
  readonly where: string;
  /** The negative errno. */
  readonly result: number;
  /** Without which the kernel can't attach it. */
  readonly feature?: FeatureName | undefined;
  /** What this place means by an error, where that is known. */
  readonly reason?: Reason | undefined;
  /** What libbpf passed on of the kernel's words. */
  readonly heard?: Pick<Heard<unknown>, 'lines' | 'details'>;
}

export interface Reason {
  /** In place of the errno. */
  readonly message: string;
  readonly hint?: string;
}

/** Makes the error of an attachment that the kernel refused: what is known of the place, then what holds for all. */
export function networkAttachError(refusal: Refusal): EcliError {
  const { program, where, result, reason, heard } = refusal;
  const details = heard?.details ?? '';
  const subject = describe(program);
  if (reason) {
    const { message, hint } = reason;
    return new EcliError(
      'ATTACH_FAILED',
      `${subject}: can't be attached to ${printable(where)}: ${message}`,
      {
        ...(hint !== undefined && { hint }),
        details,
      },
    );
  }
  return (
    featureAbsent(refusal, details) ??
    denied(refusal, details) ??
    outOfResources(subject, result, details) ??
    new EcliError('ATTACH_FAILED', `${subject}: can't be attached to ${printable(where)}: ${said(refusal)}`, {
      ...(-result === Errno.ENODEV && { hint: 'the interface went away meanwhile' }),
      details,
    })
  );
}

function featureAbsent({ program, feature }: Refusal, details: string): EcliError | undefined {
  if (feature === undefined || probeFeature(feature) !== 'no') return undefined;
  return featureMissing(describe(program), feature, { details });
}

function denied({ program, result }: Refusal, details: string): EcliError | undefined {
  if (-result !== Errno.EPERM && -result !== Errno.EACCES) return undefined;
  return permissionDenied('attaching', program.name, [program.section], details);
}

/** libbpf.c, nlattr.c: `Kernel error message: …` is what the kernel added to the number. */
function said({ result, heard }: Refusal): string {
  const line = heard?.lines.find((each) => each.startsWith('Kernel error message: '));
  const name = errnoName(result);
  return line === undefined ? name : `${printable(line.slice('Kernel error message: '.length))}: ${name}`;
}

/** Names a program that is attached where another was to be, for people. */
export function programById(id: number): string {
  const name = programInfoById(id)?.name;
  return name === undefined || name === '' ? `program ${id}` : `program ${id} (${printable(name)})`;
}
