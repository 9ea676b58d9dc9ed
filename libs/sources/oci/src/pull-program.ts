import { type Artifact, descriptorOf, type FetchContext, withoutCredentials } from '@ecli/core';
import {
  type Descriptor,
  type ImageReference,
  parseReference,
  programContentOf,
  type ProgramLayer,
  programLayerOf,
  spellReference,
  transferFailure,
} from '@ecli/oci';
import type { Requirement } from '@ecli/trust';
import { demandTrust, requirementFor } from './demand-trust.ts';
import { ImagePlaces } from './image-places.ts';
import { nextStep } from './next-step.ts';
import type { PullSettings } from './pull-settings.ts';
import { readImage } from './read-image.ts';
import { resolveImage } from './resolve-image.ts';

/** A program and the image that it came in. */
export interface PulledProgram {
  readonly reference: ImageReference;
  /** What the reference names: a manifest, or the index that it was chosen from. */
  readonly image: Descriptor;
  readonly artifact: Artifact;
  /** The file's name as whoever pushed it has it; may be anything. */
  readonly title?: string;
}

const DEFAULT_LIMIT_BYTES = 256 * 1024 * 1024;

/**
 * Gets the program that `text` names, from the cache as far as `context.pull` lets it, and from the registry else.
 * What it returns was checked against the digest that the reference led to, wherever it came from; and that digest
 * is the one whose signatures were verified, where policies or the user ask for some.
 *
 * @throws as Source says; REFERENCE_UNSUPPORTED for what is no reference
 */
export async function pullProgram(
  text: string,
  context: FetchContext,
  settings: PullSettings,
): Promise<PulledProgram> {
  const reference = parseReference(text);
  const requirement = await requirementFor(reference, context, settings);
  const places = await ImagePlaces.open(reference, context, settings);
  try {
    return await pull(text, reference, requirement, places, context, settings);
  } catch (error) {
    context.signal.throwIfAborted();
    throw transferFailure('pull', reference, error, nextStep(error, reference));
  } finally {
    places.close();
  }
}

async function pull(
  text: string,
  reference: ImageReference,
  requirement: Requirement,
  places: ImagePlaces,
  context: FetchContext,
  { limitBytes = DEFAULT_LIMIT_BYTES }: PullSettings,
): Promise<PulledProgram> {
  const image = await resolveImage(reference, places, context);
  context.diagnose?.(`${spellReference(reference)} is ${image.digest}`);
  await demandTrust(image, requirement, places, reference, context);
  const manifest = await readImage(image, places, context);
  const layer = programLayerOf(manifest, spellReference(reference));
  const bytes = await places.readLayers(manifest, layer.descriptor, limitBytes);
  await places.keep(image);
  return {
    reference,
    image,
    artifact: await artifactOf(withoutCredentials(text), bytes, layer, context),
    ...(layer.title !== undefined && { title: layer.title }),
  };
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
