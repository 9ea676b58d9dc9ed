import { EcliError } from '@ecli/core';
import {
  cosignTag,
  type Descriptor,
  fetchAll,
  type Manifest,
  parseManifest,
  type ReadTarget,
} from '@ecli/oci';
import { Bundle, parseBundle } from './bundle.ts';
import { flaw, reasonOf } from './flaw.ts';
import type { FlawedSignature, FoundSignature, SignatureLayout } from './found-signature.ts';
import { certificateProof } from './simple-certificate.ts';
import { parseSimplePayload, SimpleSigning } from './simple-signing.ts';
import { SIGN_PREDICATE } from './statement.ts';

/** Where an image is, and its signatures: its repository in a registry or in a cache. */
export interface SignaturePlace {
  readonly target: ReadTarget;
  readonly signal?: AbortSignal | undefined;
}

/** How much of what a registry serves is looked at: whoever may push there can push without end. */
export const SignatureLimit = {
  /** Of each layout: signatures, and manifests that could hold some. */
  count: 200,
  /** What is signed names an image and little more. */
  payloadBytes: 64 * 1024,
  /** Certificates and a log's proof included. */
  bundleBytes: 512 * 1024,
} as const;

type Found = AsyncGenerator<FoundSignature | FlawedSignature>;

/**
 * Finds the signatures of an image in both of cosign's layouts, one after the other: whoever stops to take them
 * causes no more requests. What can't be read comes as a flaw; so does what is beyond the limit.
 *
 * @throws what the target throws, but for what isn't there
 */
export async function* findSignatures(image: Descriptor, place: SignaturePlace): Found {
  yield* taggedSignatures(image, place);
  yield* bundledSignatures(image, place);
}

async function* taggedSignatures(image: Descriptor, place: SignaturePlace): Found {
  const holder = await findTagged(image, place);
  if (!holder) return;
  const manifest = await readManifest('tag', holder, place);
  if ('flaw' in manifest) {
    yield manifest;
    return;
  }
  const layers = manifest.layers.filter(({ mediaType }) => mediaType === SimpleSigning.mediaType);
  const payloads = new Map<string, Promise<Uint8Array>>();
  for (const layer of layers.slice(0, SignatureLimit.count)) {
    yield await flawAside('tag', holder, async () => {
      // Those who sign alike sign the same bytes.
      const known = payloads.get(layer.digest);
      const payload = known ?? fetchAll(place.target, layer, within(SignatureLimit.payloadBytes, place));
      payloads.set(layer.digest, payload);
      return readTagged(await payload, layer, holder);
    });
  }
  if (layers.length > SignatureLimit.count) yield tooMany('tag', holder, layers.length);
}

/** The manifest that holds an image's signatures of the older layout; undefined where there is none. */
export async function findTagged(
  { digest }: Descriptor,
  { target, signal }: SignaturePlace,
): Promise<Descriptor | undefined> {
  try {
    return await target.resolve(cosignTag(digest, 'sig'), signal);
  } catch (error) {
    if (error instanceof EcliError && error.code === 'ARTIFACT_NOT_FOUND') return undefined;
    throw error;
  }
}

function readTagged(payload: Uint8Array, layer: Descriptor, holder: Descriptor): FoundSignature {
  const encoded = layer.annotations?.[SimpleSigning.signature];
  if (encoded === undefined) throw flaw('a payload without its signature');
  const signature = Buffer.from(encoded, 'base64');
  if (signature.toString('base64') !== encoded) throw flaw('a signature that is no base64');
  return {
    layout: 'tag',
    holder,
    claim: parseSimplePayload(payload),
    signed: payload,
    signature,
    certificate: certificateProof(layer.annotations ?? {}, payload, signature),
  };
}

async function* bundledSignatures(image: Descriptor, place: SignaturePlace): Found {
  const referrers = await place.target.referrers(image, undefined, place.signal);
  const candidates = likelyFirst(referrers.filter(mayHoldSignature));
  for (const holder of candidates.slice(0, SignatureLimit.count)) {
    const manifest = await readManifest('bundle', holder, place);
    if ('flaw' in manifest) {
      yield manifest;
      continue;
    }
    const layers = manifest.layers.filter(({ mediaType }) => mediaType === Bundle.mediaType);
    for (const layer of layers.slice(0, 1)) yield* readBundled(layer, holder, place);
  }
  const [first] = candidates.slice(SignatureLimit.count);
  if (first) yield tooMany('bundle', first, candidates.length);
}

/** A registry says of each what it is about, where the signer has said so. */
function mayHoldSignature({ annotations }: Descriptor): boolean {
  const predicate = annotations?.[Bundle.predicateType];
  return predicate === undefined || predicate === SIGN_PREDICATE;
}

/** Some registries, and cosign 2.6 where it lists referrers itself, tell another type than the manifest's own. */
function likelyFirst(referrers: readonly Descriptor[]): readonly Descriptor[] {
  const isBundle = ({ artifactType }: Descriptor): boolean => artifactType === Bundle.mediaType;
  return [...referrers.filter(isBundle), ...referrers.filter((referrer) => !isBundle(referrer))];
}

async function* readBundled(layer: Descriptor, holder: Descriptor, place: SignaturePlace): Found {
  const found = await flawAside('bundle', holder, async () => {
    const bundle = parseBundle(
      await fetchAll(place.target, layer, within(SignatureLimit.bundleBytes, place)),
    );
    return { layout: 'bundle' as const, holder, ...bundle };
  });
  // The others say how an image was built, or what is in it.
  if ('flaw' in found || found.predicateType === SIGN_PREDICATE) yield found;
}

async function readManifest(
  layout: SignatureLayout,
  holder: Descriptor,
  place: SignaturePlace,
): Promise<Manifest | FlawedSignature> {
  return flawAside(layout, holder, async () => {
    const parsed = parseManifest(await fetchAll(place.target, holder, { signal: place.signal }), holder);
    if (parsed.kind === 'index') throw flaw('an index where a manifest should be');
    return parsed.manifest;
  });
}

async function flawAside<Result>(
  layout: SignatureLayout,
  holder: Descriptor,
  read: () => Promise<Result>,
): Promise<Result | FlawedSignature> {
  try {
    return await read();
  } catch (error) {
    return { layout, holder, flaw: reasonOf(error) };
  }
}

function within(limitBytes: number, { signal }: SignaturePlace): Parameters<typeof fetchAll>[2] {
  return { limitBytes, signal };
}

function tooMany(layout: SignatureLayout, holder: Descriptor, count: number): FlawedSignature {
  return { layout, holder, flaw: `${count} of them, where ${SignatureLimit.count} are looked at` };
}
