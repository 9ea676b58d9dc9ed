import { ArgumentError, printable } from '@ecli/core';
import type { AttachRequest } from './attachment.ts';

/** Where a program goes, as a section says it: the user's word for the place counts in place of the section's. */
export function sectionOf({ program, kind, asked }: AttachRequest): string {
  return asked === undefined ? program.section : `${kind}/${asked}`;
}

/** What stands behind the kind in `sectionOf`. */
export function targetOf({ target, asked }: AttachRequest): string {
  return asked ?? target;
}

/** What the kernel's numbers of processes, maps and programs fit into; a larger one would be cut to another's. */
const LARGEST_ID = 0xffffffff;

/** Reads the number of a process, a map or a program; undefined for anything else. */
export function parseId(text: string): number | undefined {
  const id = /^\d+$/.test(text) ? Number(text) : 0;
  return id > 0 && id <= LARGEST_ID ? id : undefined;
}

/**
 * The error of a program that nothing says enough about, or that the user names a place for that isn't one;
 * `grammar` is what `--attach` takes for it.
 */
export function placeNeeded({ program, asked }: AttachRequest, grammar: string): ArgumentError {
  const name = printable(program.name);
  const hint = `--attach ${name}=${grammar}`;
  if (asked !== undefined)
    return new ArgumentError(`--attach ${name}=${printable(asked)}: is no ${grammar}`, []);
  return new ArgumentError(
    `program ${name} (section ${printable(program.section)}): its section doesn't say where to attach it`,
    [],
    { hint: `name the place: ${hint}` },
  );
}
