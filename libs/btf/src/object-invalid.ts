import { EcliError, type EcliErrorOptions } from '@ecli/core';

/** Makes the error for bytes that are no sound ELF or BTF; `message` must have gone through `printable` where needed. */
export function objectInvalid(message: string, options?: EcliErrorOptions): EcliError {
  return new EcliError('OBJECT_INVALID', message, options);
}
