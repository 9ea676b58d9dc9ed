import { EcliError, type FetchContext } from '@ecli/core';
import {
  copyImage,
  cosignTag,
  type Descriptor,
  fetchAll,
  type ImageReference,
  parseManifest,
  type ReadTarget,
  spellReference,
  type Target,
} from '@ecli/oci';
import {
  joinRequirements,
  loadPolicy,
  refuseRejected,
  requireKeys,
  type Requirement,
  type VerifiedSignature,
  verifyImage,
} from '@ecli/trust';
import type { ImagePlaces } from './image-places.ts';
import type { PullSettings } from './pull-settings.ts';

/**
 * What the system, the user and the flags ask of the reference's image.
 *
 * @throws TRUST_REFUSED for what is taken from nobody, before anything is asked for; SETTINGS_INVALID
 */
export async function requirementFor(
  reference: ImageReference,
  { verifyKeys = [] }: FetchContext,
  { environment, policyPlaces }: PullSettings,
): Promise<Requirement> {
  const policy = await loadPolicy(environment, policyPlaces);
  const requirement = joinRequirements(
    policy.requirementFor(reference),
    requireKeys('--verify-key', verifyKeys),
  );
  refuseRejected(requirement, spellReference(reference));
  return requirement;
}

/**
 * Refuses an image that isn't signed as it must be. Signatures are looked for in the cache first, and in the registry
 * where those don't suffice; the cache then keeps the ones that counted, for times without a network.
 *
 * @throws TRUST_REFUSED, SETTINGS_INVALID, and what the registry answers
 */
export async function demandTrust(
  image: Descriptor,
  requirement: Requirement,
  places: ImagePlaces,
  reference: ImageReference,
  { signal, diagnose, pull }: FetchContext,
): Promise<void> {
  if (requirement.clauses.length === 0) return;
  const verify = (target: ReadTarget) =>
    verifyImage(image, requirement, { name: spellReference(reference), target, signal, diagnose });
  const { cached } = places;
  if (cached && (await isSatisfied(verify(cached), pull))) return;
  const registry = await places.registry();
  const { signatures } = await verify(registry);
  if (!cached) return;
  try {
    await keepSignatures(image, signatures, registry, cached, signal);
  } catch (error) {
    places.warnOfCache(error);
  }
}

/** With `--pull never` the cache has the last word. */
async function isSatisfied(verification: Promise<unknown>, pull: FetchContext['pull']): Promise<boolean> {
  try {
    await verification;
    return true;
  } catch (error) {
    const isOpen = error instanceof EcliError && error.code === 'TRUST_REFUSED' && pull !== 'never';
    if (isOpen) return false;
    throw error;
  }
}

/** Beside the signature that counted, a manifest may name anything, which nobody has asked for. */
const KEPT_BYTES = 16 * 1024 * 1024;

/** What a manifest names, in bytes. */
async function sizeOf(holder: Descriptor, registry: ReadTarget, signal: AbortSignal): Promise<number> {
  const parsed = parseManifest(await fetchAll(registry, holder, { signal }), holder);
  if (parsed.kind === 'index') return Infinity;
  const { config, layers } = parsed.manifest;
  return [config, ...layers].reduce((sum, { size }) => sum + size, 0);
}

async function keepSignatures(
  image: Descriptor,
  signatures: readonly VerifiedSignature[],
  registry: ReadTarget,
  cached: Target,
  signal: AbortSignal,
): Promise<void> {
  for (const { holder, layout } of signatures) {
    if ((await sizeOf(holder, registry, signal)) > KEPT_BYTES) continue;
    await copyImage(registry, cached, holder, { signal });
    if (layout === 'tag') await cached.tag(holder, cosignTag(image.digest, 'sig'), signal);
  }
}
