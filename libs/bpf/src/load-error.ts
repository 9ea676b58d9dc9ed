import { EcliError, printable } from '@ecli/core';
import { errnoName } from './errno.ts';
export function openError(name: string, result: number, lines: readonly string[]): EcliError {
  return new EcliError('OBJECT_INVALID', `${printable(name)}: ${errnoName(result)}`, {
    details: lines.join('\n'),
  });
}
export function loadError({ name }: { name: string }, result: number, lines: readonly string[]): EcliError {
  return new EcliError('LOAD_FAILED', `${printable(name)}: ${errnoName(result)}`, {
    details: lines.join('\n'),
  });
}
