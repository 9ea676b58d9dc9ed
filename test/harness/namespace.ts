import { execFileSync } from 'node:child_process';
import { dirname } from 'node:path';
import { repository } from './repository.ts';

/*
 * Each function here returns a command to put before another: it changes what the machine looks like in a
 * mount namespace of its own, so nothing outside notices and all ends with the process.
 */

/** Runs as the user "nobody", who can read the repository wherever it lies; it stands at `folder`. */
export function asOrdinaryUser(folder: string): string[] {
  const script =
    'mount --bind "$1" "$2"; shift 2; exec setpriv --reuid 65534 --regid 65534 --clear-groups "$@"';
  return inNamespace(script, repository, folder);
}

/** Runs where the kernel offers no BTF. */
export function withoutKernelBtf(emptyFolder: string): string[] {
  return inNamespace('mount --bind "$1" /sys/kernel/btf; shift; exec "$@"', emptyFolder);
}

/**
 * Runs where a shared library, such as libbpf.so.1, is not installed: a folder of links to all others lies
 * over the library's folder. `emptyFolder` holds both.
 */
export function withoutLibrary(name: string, emptyFolder: string): string[] {
  const script = [
    'set -e',
    'libraries="$1" name="$2" folder="$3"; shift 3',
    'mount -t tmpfs tmpfs "$folder"',
    'mkdir "$folder/all" "$folder/links"',
    'mount --bind "$libraries" "$folder/all"',
    'ln -s "$folder"/all/* "$folder/links"',
    'rm -f "$folder/links/$name"*',
    'mount --bind "$folder/links" "$libraries"',
    'exec "$@"',
  ];
  return inNamespace(script.join('\n'), dirname(libraryPath(name)), name, emptyFolder);
}

function inNamespace(script: string, ...args: readonly string[]): string[] {
  return ['unshare', '--mount', 'sh', '-c', script, 'sh', ...args];
}

function libraryPath(name: string): string {
  const cache = execFileSync('/sbin/ldconfig', ['-p'], { encoding: 'utf8' });
  const path = cache
    .split('\n')
    .find((line) => line.trim().startsWith(`${name} `))
    ?.split(' => ')[1];
  if (!path) throw new Error(`${name} is not installed`);
  return path;
}
