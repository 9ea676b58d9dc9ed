import { EcliError } from '@ecli/core';
import type { ReadTarget, Target } from '../content.ts';
import type { Descriptor } from '../types.ts';
import { on } from './copy-error.ts';

/** Cosign names what it attaches by tags: the image's digest with `-` for `:`, and one of these. */
const COSIGN_SUFFIXES = ['sig', 'att', 'sbom'] as const;

/** An attestation of a signature of a signature: nobody goes further. */
const DEEPEST = 4;

/** What copies one manifest with all that it names. */
interface ManifestCopier {
  manifest(descriptor: Descriptor): Promise<void>;
}

/**
 * Copies what refers to `subject` as its subject, and what cosign attached to it by tags. `asked` holds the digests
 * whose referrers are known: a registry that answers in circles is asked once for each.
 *
 * @throws CopyError
 */
export async function copyReferrers(
  source: ReadTarget,
  target: Target,
  subject: Descriptor,
  copier: ManifestCopier,
  signal: AbortSignal,
  asked: Set<string>,
): Promise<void> {
  await copySubjects(source, subject, copier, signal, asked);
  for (const suffix of COSIGN_SUFFIXES) {
    const tag = cosignTag(subject.digest, suffix);
    const attached = await find(source, tag, signal);
    if (!attached) continue;
    await copier.manifest(attached);
    await on('to', () => target.tag(attached, tag, signal));
  }
}

/** `sha256-HEX.sig`, as cosign tags what belongs to an image. */
export function cosignTag(digest: string, suffix: (typeof COSIGN_SUFFIXES)[number]): string {
  return `${digest.replace(':', '-')}.${suffix}`;
}

async function copySubjects(
  source: ReadTarget,
  root: Descriptor,
  copier: ManifestCopier,
  signal: AbortSignal,
  asked: Set<string>,
): Promise<void> {
  let subjects = [root];
  for (let depth = 0; depth < DEEPEST; depth++) {
    const found: Descriptor[] = [];
    for (const subject of subjects) {
      if (asked.has(subject.digest)) continue;
      asked.add(subject.digest);
      const referrers = await on('from', () => source.referrers(subject, undefined, signal));
      for (const referrer of referrers) {
        await copier.manifest(referrer);
        found.push(referrer);
      }
    }
    subjects = found;
  }
}

async function find(source: ReadTarget, tag: string, signal: AbortSignal): Promise<Descriptor | undefined> {
  try {
    return await on('from', () => source.resolve(tag, signal));
  } catch (error) {
    if (error instanceof EcliError && error.code === 'ARTIFACT_NOT_FOUND') return undefined;
    throw error;
  }
}
