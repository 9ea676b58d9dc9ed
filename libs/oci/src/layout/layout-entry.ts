import type { ParsedManifest } from '../manifest/parse-manifest.ts';
import { Annotation, type Descriptor } from '../types.ts';
import type { BlobStore } from './blob-store.ts';
import type { LayoutImage } from './contents.ts';

/** An image of a layout under one of its names, for a list. */
export interface LayoutEntry {
  /** Undefined for an image that another tool has put there without a name. */
  readonly reference: string | undefined;
  readonly descriptor: Descriptor;
  /** What it says that it is: its artifact type, else what its content is; undefined for an unknown document. */
  readonly type: string | undefined;
  /** Of all that it needs of the layout; what others need too counts for each. */
  readonly sizeBytes: number;
  /** As its maker says. */
  readonly createdAt: string | undefined;
  readonly pulledAtMs: number | undefined;
  /** To the hour. */
  readonly usedAtMs: number;
  /** The image that this one is a signature of, or the like. */
  readonly belongsTo: string | undefined;
}

/** Describes an image under each of its names. */
export function entriesOf(image: LayoutImage, blobs: BlobStore): LayoutEntry[] {
  const { descriptor, parsed, usedAtMs, pulledAtMs, belongsTo } = image;
  const sizes = Array.from(image.blobs, (digest) => blobs.stat(digest)?.size ?? 0);
  const document = parsed && (parsed.kind === 'index' ? parsed.index : parsed.manifest);
  const common = {
    type: parsed && typeOf(parsed),
    sizeBytes: sizes.reduce((sum, size) => sum + size, 0),
    createdAt: document?.annotations?.[Annotation.created],
    pulledAtMs,
    usedAtMs,
    belongsTo,
  };
  return image.entries.map(({ name }) => ({ reference: name, descriptor, ...common }));
}

/** An image's layers say more of it than its configuration does, where all are of one type. */
function typeOf(parsed: ParsedManifest): string {
  if (parsed.kind === 'index') return parsed.index.artifactType ?? parsed.descriptor.mediaType;
  const { artifactType, config, layers } = parsed.manifest;
  const types = new Set(layers.map(({ mediaType }) => mediaType));
  const [only] = types;
  if (only !== undefined && types.size === 1) return only;
  return artifactType ?? config.mediaType;
}
