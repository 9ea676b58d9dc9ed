import { isDeepStrictEqual } from 'node:util';
import { digestOf, EcliError } from '@ecli/core';
import { cosignTag, type Descriptor, fetchAll, OciMediaType, parseManifest, type Target } from '@ecli/oci';
import type { PrivateKey } from './keys/private-key.ts';
import { Bundle, makeBundle } from './signature/bundle.ts';
import { findSignatures, findTagged, type SignaturePlace } from './signature/find-signatures.ts';
import type { FoundSignature, SignatureLayout } from './signature/found-signature.ts';
import { simplePayload, SimpleSigning } from './signature/simple-signing.ts';
import { SIGN_PREDICATE, statement } from './signature/statement.ts';

export interface SignOptions extends SignaturePlace {
  readonly target: Target;
  /** The image's repository, with its registry; it becomes part of what is signed. */
  readonly repository: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly layouts: readonly SignatureLayout[];
}

/** Where a signature stands. */
export interface MadeSignature {
  readonly layout: SignatureLayout;
  /** The manifest that holds it. */
  readonly holder: Descriptor;
  /** The tag of that manifest, in the layout of tags. */
  readonly tag?: string;
  /** False where the key had signed the image so before: then nothing was added. */
  readonly isNew: boolean;
}

/** What is pushed before the manifest that names it. */
interface Content {
  readonly descriptor: Descriptor;
  readonly bytes: Uint8Array;
}

/**
 * Signs an image, named by its digest, and stores the signature beside it, once in each layout that is asked for.
 * Signatures that are there stay; a key that has signed the same before adds nothing.
 *
 * @throws SIGNATURE_INVALID where what stands under the signatures' tag is something else, and what the target throws
 */
export async function signImage(
  image: Descriptor,
  key: PrivateKey,
  options: SignOptions,
): Promise<readonly MadeSignature[]> {
  const before = await ownSignatures(image, key, options);
  const made: MadeSignature[] = [];
  for (const layout of options.layouts) {
    const own = before.find((found) => found.layout === layout);
    const holder = own?.holder ?? (await ADD[layout](image, key, options));
    const tag = layout === 'tag' ? { tag: cosignTag(image.digest, 'sig') } : {};
    made.push({ layout, holder, ...tag, isNew: own === undefined });
  }
  return made;
}

/** The signatures that this key has made of this image, saying the same. */
async function ownSignatures(
  { digest, ...image }: Descriptor,
  key: PrivateKey,
  { annotations = {}, ...place }: SignOptions,
): Promise<readonly FoundSignature[]> {
  const own: FoundSignature[] = [];
  for await (const found of findSignatures({ digest, ...image }, place)) {
    if ('flaw' in found || !isDeepStrictEqual({ ...found.claim.annotations }, { ...annotations })) continue;
    if (!found.claim.digests.includes(digest)) continue;
    if (key.publicKey.verify(found.signed, found.signature)) own.push(found);
  }
  return own;
}

type Add = (image: Descriptor, key: PrivateKey, options: SignOptions) => Promise<Descriptor>;

const ADD: Readonly<Record<SignatureLayout, Add>> = { tag: addTagged, bundle: addBundle };

async function addTagged(image: Descriptor, key: PrivateKey, options: SignOptions): Promise<Descriptor> {
  const { target, repository, annotations = {}, signal } = options;
  const payload = contentOf(SimpleSigning.mediaType, simplePayload(image.digest, repository, annotations));
  const layer = {
    ...payload.descriptor,
    annotations: { [SimpleSigning.signature]: key.sign(payload.bytes).toString('base64') },
  };
  const before = await readTagged(image, options);
  const layers = [...(before?.layers ?? []), layer];
  const config = contentOf(OciMediaType.imageConfig, imageConfig(layers));
  const manifest = contentOf(OciMediaType.manifest, {
    ...(before ?? { schemaVersion: 2, mediaType: OciMediaType.manifest }),
    config: config.descriptor,
    layers,
  });
  await push(target, [payload, config, manifest], signal);
  await target.tag(manifest.descriptor, cosignTag(image.digest, 'sig'), signal);
  return manifest.descriptor;
}

/** The manifest that signatures are added to, with all that is in it, known or not. */
async function readTagged(
  image: Descriptor,
  place: SignOptions,
): Promise<{ readonly layers: readonly Descriptor[] } | undefined> {
  const holder = await findTagged(image, place);
  if (!holder) return undefined;
  const bytes = await fetchAll(place.target, holder, { signal: place.signal });
  if (parseManifest(bytes, holder).kind === 'manifest') {
    return JSON.parse(Buffer.from(bytes).toString()) as { readonly layers: readonly Descriptor[] };
  }
  throw new EcliError(
    'SIGNATURE_INVALID',
    `${cosignTag(image.digest, 'sig')}: an index, where signatures should be`,
    {
      hint: 'delete that tag, or sign with --format bundle',
    },
  );
}

/** Tools that know images want one with a file system, of which the payloads are the layers. */
function imageConfig(layers: readonly Descriptor[]): object {
  return {
    architecture: '',
    os: '',
    config: {},
    rootfs: { type: 'layers', diff_ids: layers.map(({ digest }) => digest) },
  };
}

async function addBundle(image: Descriptor, key: PrivateKey, options: SignOptions): Promise<Descriptor> {
  const bundle = contentOf(
    Bundle.mediaType,
    makeBundle(statement(image.digest, options.annotations ?? {}), key),
  );
  const config = contentOf(OciMediaType.empty, {});
  const { mediaType, digest, size } = image;
  const manifest = contentOf(OciMediaType.manifest, {
    schemaVersion: 2,
    mediaType: OciMediaType.manifest,
    artifactType: Bundle.mediaType,
    config: config.descriptor,
    layers: [bundle.descriptor],
    subject: { mediaType, digest, size },
    annotations: { [Bundle.content]: 'dsse-envelope', [Bundle.predicateType]: SIGN_PREDICATE },
  });
  await push(options.target, [bundle, config, manifest], options.signal);
  return { ...manifest.descriptor, artifactType: Bundle.mediaType };
}

function contentOf(mediaType: string, content: Uint8Array | object): Content {
  const bytes = content instanceof Uint8Array ? content : Buffer.from(JSON.stringify(content));
  return { descriptor: { mediaType, digest: digestOf(bytes), size: bytes.length }, bytes };
}

async function push(
  target: Target,
  contents: readonly Content[],
  signal: AbortSignal | undefined,
): Promise<void> {
  for (const { descriptor, bytes } of contents) {
    if (await target.exists(descriptor, signal)) continue;
    await target.push(descriptor, () => piecesOf(bytes), signal ? { signal } : {});
  }
}

async function* piecesOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
