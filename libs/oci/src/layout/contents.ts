import type { ParsedManifest } from '../manifest/parse-manifest.ts';
import type { Descriptor } from '../types.ts';
import type { BlobStore } from './blob-store.ts';
import type { IndexEntry } from './index-file.ts';
import { readManifest, subjectOf } from './referrers.ts';

/** An image of a layout: a manifest or index that the layout's index names, by however many entries. */
export interface LayoutImage {
  readonly descriptor: Descriptor;
  /** Where the index names it; one entry for each name, and perhaps one without. */
  readonly entries: readonly IndexEntry[];
  /** Undefined for a document of a kind that isn't known here. */
  readonly parsed: ParsedManifest | undefined;
  /** The image that this one was made for: a signature's. It stays and goes with it. */
  readonly belongsTo: string | undefined;
  /** What it needs of the layout's blobs, itself included; as far as they are there. */
  readonly blobs: ReadonlySet<string>;
  readonly usedAtMs: number;
  /** Where the file system knows it. */
  readonly pulledAtMs: number | undefined;
}

/** `ghcr.io/org/tool:sha256-HEX.sig`, by which cosign attaches, and `…:sha256-HEX`, a list of referrers. */
const ATTACHED = /:(?<algorithm>sha256|sha512)-(?<hex>[0-9a-f]{64,128})(?:\.[a-z]+)?$/;
/** Digests in documents of kinds that aren't known here. */
const DIGESTS = /sha(?:256:[0-9a-f]{64}|512:[0-9a-f]{128})/g;
/** Of a document of an unknown kind, more than this is not looked into. */
const DOCUMENT_LIMIT_BYTES = 4 * 1024 * 1024;

/** What a layout's index names, and what of that is gone. */
export interface LayoutContents {
  readonly images: readonly LayoutImage[];
  /** Entries whose content isn't there. */
  readonly missing: readonly IndexEntry[];
}

/** Looks at all that `entries` name, without changing when it was last used. */
export async function lookAt(blobs: BlobStore, entries: readonly IndexEntry[]): Promise<LayoutContents> {
  const images: LayoutImage[] = [];
  const missing: IndexEntry[] = [];
  for (const [digest, named] of byDigest(entries)) {
    const stats = blobs.stat(digest);
    const image = stats && (await imageOf(blobs, named, stats));
    if (image) images.push(image);
    else missing.push(...named);
  }
  return { images, missing };
}

function byDigest(entries: readonly IndexEntry[]): Map<string, IndexEntry[]> {
  const groups = new Map<string, IndexEntry[]>();
  for (const entry of entries) {
    const { digest } = entry.descriptor;
    groups.set(digest, [...(groups.get(digest) ?? []), entry]);
  }
  return groups;
}

async function imageOf(
  blobs: BlobStore,
  entries: readonly IndexEntry[],
  times: { readonly mtimeMs: number; readonly birthtimeMs: number },
): Promise<LayoutImage | undefined> {
  const [first] = entries;
  if (!first) return undefined;
  const { descriptor } = first;
  const parsed = await readManifest(blobs, descriptor);
  // Reading has removed it where it wasn't what its name says.
  if (!blobs.stat(descriptor.digest)) return undefined;
  return {
    descriptor,
    entries,
    parsed,
    belongsTo: ownerOf(entries, parsed),
    blobs: await reachableFrom(blobs, descriptor),
    usedAtMs: times.mtimeMs,
    pulledAtMs: times.birthtimeMs > 0 ? Math.min(times.birthtimeMs, times.mtimeMs) : undefined,
  };
}

/** An image that somebody gave a name of his own is kept for itself, whatever it refers to. */
function ownerOf(entries: readonly IndexEntry[], parsed: ParsedManifest | undefined): string | undefined {
  const names = entries.flatMap(({ name }) => name ?? []);
  const attached = names.map((name) => ATTACHED.exec(name)?.groups);
  if (attached.includes(undefined)) return undefined;
  const [tag] = attached;
  if (tag) return `${tag['algorithm'] ?? ''}:${tag['hex'] ?? ''}`;
  return subjectOf(parsed)?.digest;
}

/** The digests of what `root` needs, itself included, as far as it is there. */
export async function reachableFrom(blobs: BlobStore, root: Descriptor): Promise<Set<string>> {
  const reached = new Set<string>();
  const pending = [root];
  for (const descriptor of pending) {
    if (reached.has(descriptor.digest) || !blobs.stat(descriptor.digest)) continue;
    reached.add(descriptor.digest);
    pending.push(...(await childrenOf(blobs, descriptor, descriptor === root)));
  }
  return reached;
}

/** Tells whether all is there that `root` needs. */
export async function isWhole(blobs: BlobStore, root: Descriptor): Promise<boolean> {
  const seen = new Set<string>();
  const pending = [root];
  for (const descriptor of pending) {
    if (seen.has(descriptor.digest)) continue;
    seen.add(descriptor.digest);
    if (!blobs.stat(descriptor.digest)) return false;
    pending.push(...(await childrenOf(blobs, descriptor, false)));
  }
  return true;
}

/** What a document names; its subject is not of it. */
async function childrenOf(
  blobs: BlobStore,
  descriptor: Descriptor,
  isRoot: boolean,
): Promise<readonly Descriptor[]> {
  const parsed = await readManifest(blobs, descriptor);
  if (parsed?.kind === 'index') return parsed.index.manifests;
  if (parsed) return [parsed.manifest.config, ...parsed.manifest.layers];
  return isRoot ? digestsIn(blobs, descriptor) : [];
}

/** Whatever looks like a digest: what another tool keeps is not removed because its kind isn't known here. */
async function digestsIn(blobs: BlobStore, descriptor: Descriptor): Promise<readonly Descriptor[]> {
  if (descriptor.size > DOCUMENT_LIMIT_BYTES) return [];
  const text = Buffer.from((await blobs.read(descriptor)) ?? []).toString('latin1');
  return Array.from(text.matchAll(DIGESTS), ([digest]) => ({ mediaType: '', digest, size: 0 }));
}
