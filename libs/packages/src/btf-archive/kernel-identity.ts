import { readFileSync } from 'node:fs';
import { machine, release } from 'node:os';

/** A kernel as BTFHub files its BTF. */
export interface KernelIdentity {
  /** `ID` of os-release: `ubuntu`. What a system is like (`ID_LIKE`) says nothing of its kernel. */
  readonly id: string | undefined;
  /** `VERSION_ID` of os-release, `20.04`; rolling systems have none. */
  readonly versionId: string | undefined;
  /** `x86_64`, `arm64`. */
  readonly architecture: string;
  /** As `uname -r` says it. */
  readonly release: string;
}

/** os-release(5): the first one that is there counts. */
const OS_RELEASE_FILES = ['/etc/os-release', '/usr/lib/os-release'];

/** BTFHub's names of architectures where they differ from what uname(2) says. */
const ARCHITECTURES: Readonly<Record<string, string>> = { aarch64: 'arm64' };

/** Says which kernel runs here. */
export function runningKernel(osReleaseFiles: readonly string[] = OS_RELEASE_FILES): KernelIdentity {
  const values = parseOsRelease(firstReadable(osReleaseFiles));
  const architecture = machine();
  return {
    id: values.get('ID'),
    versionId: values.get('VERSION_ID'),
    architecture: ARCHITECTURES[architecture] ?? architecture,
    release: release(),
  };
}

function firstReadable(paths: readonly string[]): string {
  for (const path of paths) {
    try {
      return readFileSync(path, 'utf8');
    } catch {
      // A system without the file at all has neither ID nor VERSION_ID, which a miss then says.
    }
  }
  return '';
}

/** Reads lines of shell assignments: `KEY=value`, quoted where the value needs it. Empty values count as none. */
export function parseOsRelease(text: string): ReadonlyMap<string, string> {
  const lines = text.matchAll(
    /^(?<key>[A-Z][A-Z0-9_]*)=(?:"(?<double>(?:\\.|[^"\\])*)"|'(?<single>[^']*)'|(?<plain>\S*))/gm,
  );
  return new Map(
    Array.from(
      lines,
      ({ groups: { key = '', double, single, plain = '' } = {} }) =>
        [key, double?.replace(/\\(.)/g, '$1') ?? single ?? plain] as const,
    ).filter(([, value]) => value !== ''),
  );
}
