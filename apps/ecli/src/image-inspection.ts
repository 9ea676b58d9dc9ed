import { EcliError } from '@ecli/core';
import {
  Annotation,
  cosignTag,
  type Descriptor,
  fetchAll,
  OciMediaType,
  type ParsedManifest,
  parseManifest,
  type ReadTarget,
  spellPlatform,
  spellReference,
} from '@ecli/oci';
import type { FoundImage } from './image-place.ts';

/** Something that an image is made of, or that refers to it. */
export interface ContentInspection {
  readonly mediaType: string;
  readonly artifactType?: string;
  readonly digest: string;
  readonly size: number;
  /** Of a layer: the file that it is. */
  readonly title?: string;
  /** Of a manifest in an index: `linux/arm64`. */
  readonly platform?: string;
  /** Of what is attached by a tag, which clients before OCI 1.1 do: the tag. */
  readonly tag?: string;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** What an image is made of. `ecli image inspect --json` writes it as it is. */
export interface ImageInspection {
  readonly reference: string;
  readonly from: 'registry' | 'cache';
  readonly mediaType: string;
  readonly artifactType?: string;
  readonly digest: string;
  /** Of the manifest, and of all layers of it. */
  readonly size: number;
  readonly contentSize?: number;
  readonly annotations?: Readonly<Record<string, string>>;
  /** Left out where it is the empty one, which says nothing. */
  readonly config?: ContentInspection;
  readonly layers?: readonly ContentInspection[];
  /** Of an index. */
  readonly manifests?: readonly ContentInspection[];
  readonly subject?: ContentInspection;
  readonly referrers: readonly ContentInspection[];
}

/** What cosign attaches under each suffix, by the media types that it gives it. */
const ATTACHED = {
  sig: 'application/vnd.dev.cosign.simplesigning.v1+json',
  att: 'application/vnd.dsse.envelope.v1+json',
} as const;

const CONFIGS: readonly string[] = [OciMediaType.empty, OciMediaType.imageConfig];

/** A registry may list thousands. */
const MOST_LOOKED_INTO = 50;

/** Looks at an image, and asks what refers to it. */
export async function inspectImage(image: FoundImage, signal: AbortSignal): Promise<ImageInspection> {
  const { reference, from, place, parsed } = image;
  const document = parsed.kind === 'manifest' ? parsed.manifest : parsed.index;
  const { mediaType, digest, size } = parsed.descriptor;
  const { artifactType, annotations, subject } = document;
  return {
    reference: spellReference(reference),
    from,
    mediaType,
    ...(artifactType !== undefined && { artifactType }),
    digest,
    size,
    ...(annotations && { annotations }),
    ...parts(parsed),
    ...(subject && { subject: describe(subject) }),
    referrers: await referrersOf(place, parsed.descriptor, signal),
  };
}

function parts(parsed: ParsedManifest): Partial<ImageInspection> {
  if (parsed.kind === 'index') return { manifests: parsed.index.manifests.map(describe) };
  const { config, layers } = parsed.manifest;
  return {
    contentSize: layers.reduce((sum, { size }) => sum + size, 0),
    ...(config.mediaType !== OciMediaType.empty && { config: describe(config) }),
    layers: layers.map(describe),
  };
}

function describe(descriptor: Descriptor): ContentInspection {
  const { mediaType, artifactType, digest, size, annotations = {}, platform } = descriptor;
  const { [Annotation.title]: title, ...others } = annotations;
  return {
    mediaType,
    ...(artifactType !== undefined && { artifactType }),
    digest,
    size,
    ...(title !== undefined && { title }),
    ...(platform?.architecture && { platform: spellPlatform(platform) }),
    ...(Object.keys(others).length > 0 && { annotations: others }),
  };
}

async function referrersOf(
  place: ReadTarget,
  image: Descriptor,
  signal: AbortSignal,
): Promise<ContentInspection[]> {
  const listed = await place.referrers(image, undefined, signal);
  const attached = await Promise.all(
    (['sig', 'att'] as const).map(async (suffix) => {
      const tag = cosignTag(image.digest, suffix);
      const found = await place.resolve(tag, signal).catch(ifMissing);
      return found ? [{ ...describe(found), artifactType: ATTACHED[suffix], tag }] : [];
    }),
  );
  const unclear = listed.filter(hasUnclearType).slice(0, MOST_LOOKED_INTO);
  const known = new Map(
    await Promise.all(unclear.map(async (each) => [each, await withOwnType(place, each, signal)] as const)),
  );
  return [...listed.map((each) => describe(known.get(each) ?? each)), ...attached.flat()];
}

/** Some registries tell the type of a referrer's config where it has an artifact type of its own. */
function hasUnclearType({ artifactType }: Descriptor): boolean {
  return artifactType === undefined || CONFIGS.includes(artifactType);
}

async function withOwnType(place: ReadTarget, listed: Descriptor, signal: AbortSignal): Promise<Descriptor> {
  try {
    const parsed = parseManifest(await fetchAll(place, listed, { signal }), listed);
    const { artifactType } = parsed.kind === 'manifest' ? parsed.manifest : parsed.index;
    return { ...listed, ...(artifactType !== undefined && { artifactType }) };
  } catch (error) {
    // One that can't be read is listed all the same.
    if (error instanceof EcliError) return listed;
    throw error;
  }
}

function ifMissing(error: unknown): undefined {
  if (error instanceof EcliError && error.code === 'ARTIFACT_NOT_FOUND') return undefined;
  throw error;
}
