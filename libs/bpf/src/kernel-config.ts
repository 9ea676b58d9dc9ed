import { readFileSync } from 'node:fs';
import { release } from 'node:os';
import { gunzipSync } from 'node:zlib';

/** Whether this kernel's configuration has every option that a text names; false where it can't be read. */
export function isBuiltWith(text: string): boolean {
  const options = text.match(/CONFIG_\w+/g) ?? [];
  const config = kernelConfig();
  return options.length > 0 && options.every((option) => new RegExp(`^${option}=`, 'm').test(config));
}

/** What a kernel was built with, where it tells (CONFIG_IKCONFIG_PROC) or its package does; else empty. */
function kernelConfig(): string {
  try {
    return gunzipSync(readFileSync('/proc/config.gz')).toString('latin1');
  } catch {
    return read(`/boot/config-${release()}`);
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
