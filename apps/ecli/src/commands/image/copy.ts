import { ArgumentError, EcliError, printable, printableJson } from '@ecli/core';
import { CopyError, copyImage, type Descriptor, transferFailure } from '@ecli/oci';
import { defineCommand } from '../../command.ts';
import type { FlagTable, FlagValues } from '../../flags.ts';
import { type ImageEnd, type OpenedEnd, openImageEnd, parseImageEnd, resolveEnd } from '../../image-end.ts';
import { openRegistryAccess, type RegistryAccess } from '../../registry-access.ts';
import { registryFlagGroups, registryFlags } from '../../registry-flags.ts';

const flags = {
  platform: { value: 'OS/ARCH', help: 'copy of an index the image for this platform alone; by default all' },
  referrers: { short: 'r', help: 'copy signatures and what else is attached to it too' },
  json: { short: 'j', help: 'say what was copied as JSON' },
  ...registryFlags,
} as const satisfies FlagTable;

type Given = FlagValues<typeof flags>;

/** `ecli image copy`: copies an image between registries, the cache and folders. */
export const copyCommand = defineCommand({
  description: 'Copies an image from one registry to another, or from and to the cache or a folder.',
  operands: 'SOURCE TARGET',
  count: { least: 2, most: 2 },
  flags,
  groups: registryFlagGroups,
  examples: [
    'ecli image copy ghcr.io/eunomia-bpf/sigsnoop:latest registry.local:5000/sigsnoop:latest',
    'ecli image copy --referrers ghcr.io/org/tool:v1 oci:./images:v1',
    'ecli image copy cache:ghcr.io/org/tool:v1 localhost:5000/tool:v1',
  ],
  notes: `SOURCE and TARGET are references, or cache:REF for the cache, or oci:DIR:NAME for a folder that is an OCI
image layout. The image stays what it is: its digest is the same there.`,

  async run({ operands: [from = '', to = ''], flags: given }, terminal) {
    const [sourceEnd, targetEnd] = [parseImageEnd(from), parseTarget(to)];
    const access = await openRegistryAccess(given, terminal);
    const source = await openImageEnd(sourceEnd, access, { create: false });
    const target = await openImageEnd(targetEnd, access, { create: true });
    try {
      const copied = await copy({ sourceEnd, source, targetEnd, target }, given, access);
      terminal.print(given.json ? asJson(target, copied) : `${printable(pinned(target, copied))}\n`);
      return 0;
    } finally {
      access.http.close();
    }
  },
});

interface Ends {
  readonly sourceEnd: ImageEnd;
  readonly source: OpenedEnd;
  readonly targetEnd: ImageEnd;
  readonly target: OpenedEnd;
}

function parseTarget(text: string): ImageEnd {
  const end = parseImageEnd(text);
  if (end.kind === 'folder' || end.reference.digest === undefined) return end;
  throw new ArgumentError(`${printable(text)}: a digest can't be chosen`, [], {
    hint: 'give a tag; the digest stays what it is',
  });
}

async function copy(ends: Ends, { platform, referrers }: Given, access: RegistryAccess): Promise<Descriptor> {
  const { source, target } = ends;
  const { signal, progress } = access;
  try {
    const root = await resolveEnd(source, signal).catch((error: unknown) => {
      throw sided('from', error);
    });
    const copied = await copyImage(source.place, target.place, root, {
      signal,
      progress,
      platform,
      withReferrers: referrers,
      mountFrom: mountableFrom(ends),
    });
    await target.place.tag(copied, target.name ?? source.name ?? copied.digest, signal);
    return copied;
  } catch (error) {
    signal.throwIfAborted();
    throw failureOf(ends, sided('to', error));
  }
}

/** Content of the same registry is taken over there, and comes over no network. */
function mountableFrom({ sourceEnd, targetEnd }: Ends): string | undefined {
  if (sourceEnd.kind !== 'registry' || targetEnd.kind !== 'registry') return undefined;
  const { registry, repository } = sourceEnd.reference;
  return registry === targetEnd.reference.registry ? repository : undefined;
}

function sided(side: CopyError['side'], error: unknown): unknown {
  if (!(error instanceof EcliError) || error instanceof CopyError) return error;
  return new CopyError(side, error.code, error);
}

/** Says of a failure on which end it was. */
function failureOf({ sourceEnd, source, targetEnd, target }: Ends, error: unknown): unknown {
  if (!(error instanceof CopyError)) return error;
  const isSource = error.side === 'from';
  const end = isSource ? sourceEnd : targetEnd;
  if (end.kind === 'registry') return transferFailure(isSource ? 'pull' : 'push', end.reference, error);
  const spelled = printable((isSource ? source : target).spelled);
  const { message } = error.cause as EcliError;
  const hint = hintOf(end, isSource, error);
  return new EcliError(error.code, message.startsWith(spelled) ? message : `${spelled}: ${message}`, {
    cause: error,
    ...(hint !== undefined && { hint }),
  });
}

/** A folder is no cache, which could be tidied or be elsewhere. */
function hintOf({ kind }: ImageEnd, isSource: boolean, { code, hint }: EcliError): string | undefined {
  if (kind === 'folder' && code === 'CACHE_FAILED') return undefined;
  if (hint !== undefined || code !== 'ARTIFACT_NOT_FOUND' || !isSource) return hint;
  if (kind === 'folder') return 'it may have one platform alone: choose that with --platform';
  return 'the cache has what was pulled, of an index one platform alone: ecli image list, or --platform linux/amd64';
}

function pinned({ spelled }: OpenedEnd, { digest }: Descriptor): string {
  return `${spelled}@${digest}`;
}

function asJson({ spelled: reference }: OpenedEnd, { digest, mediaType, size }: Descriptor): string {
  return `${printableJson(JSON.stringify({ reference, digest, mediaType, size }, null, 2))}\n`;
}
