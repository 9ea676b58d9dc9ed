import { EcliError } from '@ecli/core';
import { existsSync } from 'node:fs';

/** Makes sure that a process is there to attach to. @throws ATTACH_FAILED */
export function requireProcess(pid: number): void {
  if (existsSync(`/proc/${pid}`)) return;
  throw new EcliError('ATTACH_FAILED', `process ${pid}: isn't running`, {
    hint: 'pgrep(1) finds the number of a process by its name',
  });
}
