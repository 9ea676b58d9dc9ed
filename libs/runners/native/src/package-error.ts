import { EcliError, type ErrorCode, type LoadSpec, printable } from '@ecli/core';

/** What is wrong with the content of a package, and what helps where nobody knows better. */
const HINTS: ReadonlyMap<ErrorCode, string | undefined> = new Map([
  ['PACKAGE_INVALID', 'correct it there, or build the package again'],
  ['OBJECT_INVALID', 'the object is damaged, or made by a tool that ecli does not know: compile it again'],
  ['MEDIA_TYPE_UNSUPPORTED', undefined],
]);

/**
 * Puts the name that the user knows a package by before what is wrong with its content, and a hint to it: whoever
 * reads a part of it (its ELF, a variable) doesn't know what the part came in. Other errors stay as they are.
 */
export function naming({ name, artifact }: LoadSpec, error: unknown): unknown {
  if (!(error instanceof EcliError) || !HINTS.has(error.code)) return error;
  const { code, message, details, cause } = error;
  const hint = error.hint ?? HINTS.get(code);
  const isNamed = [name, artifact.path ?? name].some((known) => message.startsWith(`${printable(known)}: `));
  const named = isNamed ? message : `${printable(name)}: ${withoutStdin(message, artifact.reference)}`;
  return new EcliError(code, named, {
    cause,
    ...(hint !== undefined && { hint }),
    ...(details !== undefined && { details }),
  });
}

/** Standard input has a name for people, a reference, and a name that a compiler gives it. */
function withoutStdin(message: string, reference: string): string {
  return reference === '-' ? message.replace(/^(?:-|<stdin>): /, '') : message;
}
