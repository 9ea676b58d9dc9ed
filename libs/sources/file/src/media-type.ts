import { MediaType, sniff } from '@ecli/core';

const BY_SUFFIX: readonly (readonly [suffix: string, mediaType: string])[] = [
  ['.json', MediaType.package],
  ['.wasm', MediaType.wasm],
  ['.o', MediaType.object],
  ['.tar', MediaType.tar],
];

/**
 * Tells what `content` is: C by its name, for it has no magic; all else by its bytes, which can't be wrong,
 * then by its name, so that a broken package.json is called a broken package and not an unknown file.
 */
export function mediaTypeOf(content: Uint8Array, name: string): string {
  if (name.endsWith('.c')) return MediaType.source;
  const sniffed = sniff(content);
  if (sniffed !== MediaType.unknown) return sniffed;
  return BY_SUFFIX.find(([suffix]) => name.endsWith(suffix))?.[1] ?? MediaType.unknown;
}

/** Tells by a file's name alone whether it may be a program. */
export function isProgramName(name: string): boolean {
  return name.endsWith('.bpf.c') || BY_SUFFIX.some(([suffix]) => name.endsWith(suffix));
}
