import { type Artifact, descriptorOf, type FetchContext, withoutCredentials } from '@ecli/core';
import {
  type Descriptor,
  type ImageReference,
  type Manifest,
  parseReference,
  programContentOf,
  type ProgramLayer,
  programLayerOf,
  spellReference,
  transferFailure,
} from '@ecli/oci';
import { demandTrust, requirementFor } from './demand-trust.ts';
import { ImagePlaces } from './image-places.ts';
import { nextStep } from './next-step.ts';
import { type ProgramStream, programStreamOf } from './program-stream.ts';
import type { PullSettings } from './pull-settings.ts';
import { readImage } from './read-image.ts';
import { resolveImage } from './resolve-image.ts';

/** The image that a program came in. */
interface Origin {
  readonly reference: ImageReference;
  /** What the reference names: a manifest, or the index that it was chosen from. */
  readonly image: Descriptor;
  /** The file's name as whoever pushed it has it; may be anything. */
  readonly title?: string;
}

/** A program and the image that it came in. */
export interface PulledProgram extends Origin {
  readonly artifact: Artifact;
}

/** A program that needn't be in memory, and the image that it came in. */
export interface ProgramDownload extends Origin, ProgramStream {}

const DEFAULT_LIMIT_BYTES = 256 * 1024 * 1024;

/**
 * Gets the program that `text` names, from the cache as far as `context.pull` lets it, and from the registry else.
 * What it returns was checked against the digest that the reference led to, wherever it came from; and that digest
 * is the one whose signatures were verified, where policies or the user ask for some.
 *
 * @throws as Source says; REFERENCE_UNSUPPORTED for what is no reference
 */
export function pullProgram(
  text: string,
  context: FetchContext,
  settings: PullSettings,
): Promise<PulledProgram> {
  return withProgram(
    text,
    context,
    settings,
    async ({ reference, image, manifest, layer, limitBytes, places }) => {
      const bytes = await places.readLayers(manifest, layer.descriptor, limitBytes);
      await places.keep(image);
      const artifact = await artifactOf(withoutCredentials(text), bytes, layer, context);
      return { reference, image, artifact, ...(layer.title !== undefined && { title: layer.title }) };
    },
  );
}

/** As `pullProgram`, without holding the program in memory; what `take` throws is thrown. */
export function downloadProgram<Result>(
  text: string,
  context: FetchContext,
  settings: PullSettings,
  take: (program: ProgramDownload) => Promise<Result>,
): Promise<Result> {
  return withProgram(
    text,
    context,
    settings,
    async ({ reference, image, manifest, layer, limitBytes, places }) => {
      const bytes = await places.downloadLayers(manifest, layer.descriptor, limitBytes);
      await places.keep(image);
      const stream = await programStreamOf(bytes, layer);
      return take({
        reference,
        image,
        ...stream,
        ...(context.mediaType !== undefined && { mediaType: context.mediaType }),
        ...(layer.title !== undefined && { title: layer.title }),
      });
    },
  );
}

/** What was found by a reference, and where its bytes are. */
interface FoundProgram {
  readonly reference: ImageReference;
  readonly image: Descriptor;
  readonly manifest: Manifest;
  readonly layer: ProgramLayer;
  readonly limitBytes: number;
  readonly places: ImagePlaces;
}

async function withProgram<Result>(
  text: string,
  context: FetchContext,
  settings: PullSettings,
  use: (program: FoundProgram) => Promise<Result>,
): Promise<Result> {
  const reference = parseReference(text);
  const requirement = await requirementFor(reference, context, settings);
  const places = await ImagePlaces.open(reference, context, settings);
  try {
    const image = await resolveImage(reference, places, context);
    const spelled = spellReference(reference);
    context.diagnose?.(`${spelled} is ${image.digest}`);
    await demandTrust(image, requirement, places, reference, context);
    const manifest = await readImage(image, places, context);
    const layer = programLayerOf(manifest, spelled);
    const { limitBytes = DEFAULT_LIMIT_BYTES } = settings;
    return await use({ reference, image, manifest, layer, limitBytes, places });
  } catch (error) {
    context.signal.throwIfAborted();
    throw transferFailure('pull', reference, error, nextStep(error, reference));
  } finally {
    places.close();
  }
}

async function artifactOf(
  reference: string,
  bytes: Uint8Array,
  layer: ProgramLayer,
  { mediaType: stated }: FetchContext,
): Promise<Artifact> {
  const { content, mediaType: found } = await programContentOf(bytes, layer);
  const mediaType = stated ?? found;
  const isAsItCame = content === bytes;
  const { digest, size } = layer.descriptor;
  return {
    reference,
    content,
    descriptor: isAsItCame ? { mediaType, digest, size } : descriptorOf(content, mediaType),
  };
}
