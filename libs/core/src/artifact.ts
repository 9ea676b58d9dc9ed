import { EcliError } from './errors.ts';

/** Media types by which an artifact says what it is. The first two are one kind: upstream pushes the longer. */
export const MediaType = {
  wasm: 'application/wasm',
  wasmLayer: 'application/vnd.wasm.content.layer.v1+wasm',
  package: 'application/vnd.eunomia.package.v1+json',
  object: 'application/vnd.eunomia.object.v1+elf',
  source: 'text/x-bpf-c',
  tar: 'application/x-tar',
  unknown: 'application/octet-stream',
} as const;

/** Names and sizes content, as in the OCI image specification (descriptor.md). */
export interface Descriptor {
  readonly mediaType: string;
  /** `sha256:` and 64 lower-case hex digits. */
  readonly digest: string;
  /** Size in bytes. */
  readonly size: number;
}

/** Verified bytes of a program and where they came from. */
export interface Artifact {
  readonly reference: string;
  readonly descriptor: Descriptor;
  readonly content: Uint8Array;
  /** The file that holds the content, where it is one: a `.bpf.c` finds its headers beside itself. */
  readonly path?: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** Computes the digest of `content`: `sha256:` and hex. */
export function digestOf(content: Uint8Array): string {
  // Not imported: most starts ask for no digest, and crypto takes 1.5 ms to load.
  const { createHash } = process.getBuiltinModule('node:crypto');
  return `sha256:${createHash('sha256').update(content).digest('hex')}`;
}

/** Describes `content` as it is; its digest is computed when it is first asked for. */
export function descriptorOf(content: Uint8Array, mediaType: string): Descriptor {
  let digest: string | undefined;
  return {
    mediaType,
    get digest() {
      return (digest ??= digestOf(content));
    },
    size: content.byteLength,
  };
}

/**
 * Checks that `content` is what `descriptor` names, by size and digest.
 *
 * @throws DIGEST_MISMATCH naming both digests or both sizes
 */
export function verify(content: Uint8Array, descriptor: Descriptor): void {
  if (content.byteLength !== descriptor.size) {
    throw new EcliError(
      'DIGEST_MISMATCH',
      `${descriptor.digest}: ${content.byteLength} bytes came, ${descriptor.size} were promised`,
    );
  }
  const digest = digestOf(content);
  if (digest !== descriptor.digest) {
    throw new EcliError('DIGEST_MISMATCH', `${descriptor.digest}: the content has digest ${digest}`);
  }
}

/**
 * Tells by its first bytes what `content` is: `\0asm` is Wasm, `\x7fELF` an object, `{` a JSON package,
 * `ustar` at 257 a tar. Anything else is `MediaType.unknown`; sources of programs have no magic.
 */
export function sniff(content: Uint8Array): string {
  if (startsWith(content, [0x00, 0x61, 0x73, 0x6d])) return MediaType.wasm;
  if (startsWith(content, [0x7f, 0x45, 0x4c, 0x46])) return MediaType.object;
  if (isTar(content)) return MediaType.tar;
  if (firstVisibleByte(content) === 0x7b) return MediaType.package;
  return MediaType.unknown;
}

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

function startsWith(content: Uint8Array, magic: readonly number[]): boolean {
  return magic.every((byte, index) => content[index] === byte);
}

/** POSIX.1-1988 ustar and GNU tar both write `ustar` at offset 257 of the first header. */
function isTar(content: Uint8Array): boolean {
  return startsWith(content.subarray(257), [0x75, 0x73, 0x74, 0x61, 0x72]);
}

function firstVisibleByte(content: Uint8Array): number | undefined {
  const bom = startsWith(content, [0xef, 0xbb, 0xbf]) ? 3 : 0;
  for (let index = bom; index < content.length; index++) {
    const byte = content[index];
    if (byte !== 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d) return byte;
  }
  return undefined;
}
