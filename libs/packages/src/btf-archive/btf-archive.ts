import { EcliError, printable } from '@ecli/core';
import type { KernelIdentity } from './kernel-identity.ts';
import { nearestFirst } from './nearest-kernels.ts';

/** BTF of many kernels, in the layout of BTFHub: `ID/VERSION_ID/ARCH/RELEASE.btf`, at the root or in a folder. */
export interface BtfArchive {
  /** For people: the tar or the folder. */
  readonly name: string;
  /** Lists the archive, which may be large: only once somebody wants to know. */
  files(): readonly ArchivedFile[];
}

export interface ArchivedFile {
  /** In the archive. Only ever compared and shown: whoever wrote the archive chose it. */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** @throws ARTIFACT_UNREADABLE */
  read(): Uint8Array;
}

/** BTF of a kernel out of an archive. */
export interface ArchivedBtf {
  /** For people: the archive and the path in it. */
  readonly name: string;
  readonly content: Uint8Array;
}

/** How an archive calls the BTF of a kernel that is ready to use. */
export const BTF_SUFFIX = '.btf';
/** What BTFHub publishes: each file in a compressed tar of its own. */
const COMPRESSED = /\.btf\.tar\.\w+$/;

/** Near kernels that a miss tells. */
const MOST_OFFERED = 12;

/**
 * Takes the BTF of `kernel` out of an archive.
 *
 * @throws ARTIFACT_NOT_FOUND naming what was looked for and what is there, nearest first; OBJECT_INVALID for what
 *   is no BTF; ARTIFACT_UNREADABLE
 */
export function chooseBtf(archive: BtfArchive, kernel: KernelIdentity): ArchivedBtf {
  const wanted = layoutPath(archive, kernel);
  const files = archive.files();
  // In a tar, what comes later replaces what came before.
  const found = files.findLast(({ path }) => isAt(path, `${wanted}${BTF_SUFFIX}`));
  if (!found) throw miss(archive, kernel, wanted, files);
  const name = `${archive.name}: ${found.path}`;
  const content = found.read();
  checkBtfHeader(content, name);
  return { name, content };
}

/** Whether a path in an archive is that of a kernel's BTF: four names and more before them. */
export function isKernelBtf(path: string): boolean {
  return path.endsWith(BTF_SUFFIX) && path.split('/').length >= 4;
}

function layoutPath(archive: BtfArchive, { id, versionId, architecture, release }: KernelIdentity): string {
  const absent = id === undefined ? 'ID' : versionId === undefined ? 'VERSION_ID' : undefined;
  if (absent === undefined) return [id, versionId, architecture, release].join('/');
  throw new EcliError(
    'ARTIFACT_NOT_FOUND',
    `${printable(archive.name)}: /etc/os-release has no ${absent} to find this kernel's BTF by`,
    { hint: "name this kernel's BTF itself: --btf FILE" },
  );
}

function isAt(path: string, wanted: string): boolean {
  return path === wanted || path.endsWith(`/${wanted}`);
}

function miss(
  archive: BtfArchive,
  kernel: KernelIdentity,
  wanted: string,
  files: readonly ArchivedFile[],
): EcliError {
  const compressed = files.find(
    ({ path }) => COMPRESSED.test(path) && isAt(path.replace(COMPRESSED, ''), wanted),
  );
  if (compressed) {
    const message = `${printable(archive.name)}: ${printable(compressed.path)}: compressed, as BTFHub ships it`;
    return new EcliError('ARTIFACT_NOT_FOUND', message, { hint: 'unpack it where it lies: tar -xf FILE' });
  }
  const message = `${printable(archive.name)}: no BTF of this kernel, which would be ${printable(wanted)}${BTF_SUFFIX}`;
  return new EcliError('ARTIFACT_NOT_FOUND', message, { hint: offered(kernel, files) });
}

function offered(kernel: KernelIdentity, files: readonly ArchivedFile[]): string {
  const kernels = nearestFirst(kernel, files.map(({ path }) => path).filter(isKernelBtf));
  const more = kernels.length - MOST_OFFERED;
  return [
    kernels.length === 0
      ? 'it has no BTF of any kernel (ID/VERSION_ID/ARCH/RELEASE.btf)'
      : 'it has, nearest first:',
    ...kernels.slice(0, MOST_OFFERED).map((path) => `  ${printable(path)}`),
    ...(more > 0 ? [`  and ${more} more`] : []),
    "name this kernel's BTF itself: --btf FILE",
  ].join('\n');
}

/** `struct btf_header` (uapi/linux/btf.h): `__u16 magic`, and `__u32 hdr_len` at 4. */
const MAGIC = 0xeb9f;
const HEADER_SIZE = 24;

/** Refuses what is no BTF of this machine, which libbpf would refuse less clearly. @throws OBJECT_INVALID */
export function checkBtfHeader(content: Uint8Array, name: string): void {
  const view = new DataView(content.buffer, content.byteOffset, content.byteLength);
  if (content.byteLength >= HEADER_SIZE && view.getUint16(0, true) === MAGIC) return;
  const isForeign = content.byteLength >= HEADER_SIZE && view.getUint16(0, false) === MAGIC;
  const problem = isForeign ? 'BTF of the other byte order' : 'not BTF: it does not begin with 0xeb9f';
  throw new EcliError('OBJECT_INVALID', `${printable(name)}: ${problem}`);
}
