import { arch } from 'node:os';
import { EcliError, printable } from '@ecli/core';
import type { Platform } from '../types.ts';

/** Node's names of architectures as Go spells them, which image-spec takes its own from. */
const GO_ARCHITECTURES: Readonly<Record<string, string>> = {
  x64: 'amd64',
  ia32: '386',
  mipsel: 'mipsle',
  loong64: 'loong64',
};

/** Other names that people give to architectures. */
const ALIASES: ReadonlyMap<string, string> = new Map([
  ['x86_64', 'amd64'],
  ['x86-64', 'amd64'],
  ['aarch64', 'arm64'],
  ['armhf', 'arm'],
]);

/** The platform of this machine; BPF programs are Linux's. */
export function ownPlatform(): Platform {
  const own = arch();
  return { os: 'linux', architecture: GO_ARCHITECTURES[own] ?? own };
}

/**
 * Reads a platform: `linux/arm64`, `linux/arm/v7`, or the architecture alone.
 *
 * @throws ARGUMENT_INVALID
 */
export function parsePlatform(text: string): Platform {
  const parts = text.toLowerCase().split('/');
  const [os = '', architecture = '', variant, ...rest] = parts.length === 1 ? ['linux', ...parts] : parts;
  if (rest.length > 0 || [os, architecture, variant ?? 'x'].some((part) => !/^[a-z0-9._-]+$/.test(part))) {
    throw new EcliError('ARGUMENT_INVALID', `${printable(text) || 'nothing'}: not a platform`, {
      hint: 'platforms are spelled OS/ARCHITECTURE or OS/ARCHITECTURE/VARIANT: linux/arm64',
    });
  }
  return {
    os,
    architecture: ALIASES.get(architecture) ?? architecture,
    ...(variant !== undefined && { variant }),
  };
}

/** Spells a platform as `parsePlatform` reads it. */
export function spellPlatform({ os, architecture, variant }: Platform): string {
  return [os, architecture, ...(variant === undefined ? [] : [variant])].join('/');
}
