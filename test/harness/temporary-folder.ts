import { afterAll } from '@jest/globals';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Makes a folder that every user can read, and that goes when the tests of the file or group have run. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'ecli-test-'));
  chmodSync(folder, 0o755);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
