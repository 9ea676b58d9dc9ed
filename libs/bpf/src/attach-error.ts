import { EcliError, printable } from '@ecli/core';
import { errnoName } from './errno.ts';
export function attachError({ name }: { name: string }, result: number, lines: readonly string[]): EcliError {
  return new EcliError('ATTACH_FAILED', `${printable(name)}: ${errnoName(result)}`, {
    details: lines.join('\n'),
  });
}
