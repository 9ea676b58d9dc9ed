import { EcliError, type ErrorCode, type LoadSpec, printable } from '@ecli/core';

/** What is wrong with the content of a package. */
const CODES: ReadonlySet<ErrorCode> = new Set([
  'PACKAGE_INVALID',
  'OBJECT_INVALID',
  'MEDIA_TYPE_UNSUPPORTED',
]);

/**
 * Puts the name that the user knows a package by before what is wrong with its content: whoever reads a part
 * of it (its ELF, a variable) doesn't know what the part came in. Other errors stay as they are.
 */
export function naming({ name, artifact }: LoadSpec, error: unknown): unknown {
  if (!(error instanceof EcliError) || !CODES.has(error.code)) return error;
  const { code, message, hint, details, cause } = error;
  const isNamed = [name, artifact.path ?? name].some((known) => message.startsWith(`${printable(known)}: `));
  if (isNamed) return error;
  return new EcliError(code, `${printable(name)}: ${withoutStdin(message, artifact.reference)}`, {
    cause,
    ...(hint !== undefined && { hint }),
    ...(details !== undefined && { details }),
  });
}

/** Standard input has a name for people, a reference, and a name that a compiler gives it. */
function withoutStdin(message: string, reference: string): string {
  return reference === '-' ? message.replace(/^(?:-|<stdin>): /, '') : message;
}
