import { EcliError, printable } from '@ecli/core';
import { Errno, errnoName } from './errno.ts';
import { type FeatureName, FEATURES } from './features.ts';
import { isBuiltWith } from './kernel-config.ts';

/** A program as messages name it. */
export interface NamedProgram {
  readonly name: string;
  readonly section: string;
}

/** `program on_exec (fentry/do_execve)` */
export function describe({ name, section }: NamedProgram): string {
  return `program ${printable(name)} (${printable(section)})`;
}

/** A hint that offers names; nothing where there are none. */
export function didYouMean(names: readonly string[]): { readonly hint?: string } {
  return names.length === 0 ? {} : { hint: `did you mean ${names.map(printable).join(' or ')}?` };
}

const REFUSERS = 'how it was started (/proc/cmdline), lockdown, or the virtual machine that it runs in';

/** The error of something that this kernel was built without, with the option that it takes. */
export function featureMissing(
  subject: string,
  feature: FeatureName,
  { hint, details }: { readonly hint?: string; readonly details: string },
): EcliError {
  const { title, since, config } = FEATURES[feature];
  const takes = `it takes Linux ${since} or newer, built with ${config}`;
  const remedy = isBuiltWith(config)
    ? `${takes}; this kernel is, so something else refuses: ${REFUSERS}`
    : takes;
  return new EcliError('FEATURE_UNSUPPORTED', `${subject}: this kernel has no ${title}`, {
    hint: hint === undefined ? remedy : `${remedy}\n${hint}`,
    details,
  });
}

/** The error of a call that failed because something has run out; undefined for any other. */
export function outOfResources(subject: string, result: number, details: string): EcliError | undefined {
  const remedy = REMEDIES.get(-result);
  if (remedy === undefined) return undefined;
  const [what, hint] = remedy;
  return new EcliError('LOAD_FAILED', `${subject}: ${what}: ${errnoName(result)}`, { hint, details });
}

const REMEDIES = new Map<number, readonly [what: string, hint: string]>([
  [Errno.EMFILE, ['this process has too many open files', 'raise the limit: ulimit -n 65536']],
  [Errno.ENFILE, ['the system has too many open files', 'raise the limit: sysctl fs.file-max']],
  [
    Errno.ENOMEM,
    [
      'the kernel has no memory for it',
      'smaller maps take less; before Linux 5.11 the limit is that of locked memory: ulimit -l unlimited',
    ],
  ],
]);
