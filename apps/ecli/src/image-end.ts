import { ArgumentError, EcliError, listed, printable } from '@ecli/core';
import {
  type CopyTarget,
  type Descriptor,
  ImageLayout,
  type ImageReference,
  parseReference,
  type ReadTarget,
  spellReference,
  spellRepository,
  tagOrDigestOf,
} from '@ecli/oci';
import type { RegistryAccess } from './registry-access.ts';

/** One end of a copy, in words: in a registry, in the cache, or in a folder. */
export type ImageEnd =
  | { readonly kind: 'registry' | 'cache'; readonly reference: ImageReference }
  | { readonly kind: 'folder'; readonly folder: string; readonly name: string | undefined };

/** One end of a copy, opened. */
export interface OpenedEnd {
  /** For messages and output. */
  readonly spelled: string;
  readonly place: ReadTarget & CopyTarget;
  /** By what it is found there, or is to be; undefined for the only image of a folder. */
  readonly name: string | undefined;
}

/**
 * Reads an end as it is typed: `REF`, `cache:REF`, or as skopeo spells a folder, `oci:DIR[:NAME]`.
 *
 * @throws REFERENCE_UNSUPPORTED, ARGUMENT_INVALID
 */
export function parseImageEnd(text: string): ImageEnd {
  if (text.startsWith('cache:'))
    return { kind: 'cache', reference: parseReference(text.slice('cache:'.length)) };
  if (!text.startsWith('oci:') || text.startsWith('oci://')) {
    return { kind: 'registry', reference: parseReference(text) };
  }
  const [folder = '', ...rest] = text.slice('oci:'.length).split(':');
  const name = rest.join(':');
  if (folder !== '') return { kind: 'folder', folder, name: name === '' ? undefined : name };
  throw new ArgumentError(`${printable(text)}: a folder must follow oci:`, [], {
    hint: 'oci:DIR or oci:DIR:NAME',
  });
}

/** Opens an end; `create` makes a layout of a folder that is none. @throws what opening a layout does */
export async function openImageEnd(
  end: ImageEnd,
  access: RegistryAccess,
  { create }: { readonly create: boolean },
): Promise<OpenedEnd> {
  if (end.kind === 'folder') {
    const place = await ImageLayout.open(end.folder, { create, isShared: true });
    return {
      spelled: `oci:${end.folder}${end.name === undefined ? '' : `:${end.name}`}`,
      place,
      name: end.name,
    };
  }
  const { reference } = end;
  const spelled = spellReference(reference);
  const name = tagOrDigestOf(reference);
  if (end.kind === 'registry') return { spelled, place: access.repositoryOf(reference), name };
  return { spelled, place: (await access.cache()).repository(spellRepository(reference)), name };
}

/** Finds the image that an end names. @throws ARTIFACT_NOT_FOUND */
export async function resolveEnd(
  { place, name, spelled }: OpenedEnd,
  signal: AbortSignal,
): Promise<Descriptor> {
  // Only a folder may be without a name.
  if (!(place instanceof ImageLayout)) return place.resolve(name ?? '', signal);
  const images = (await place.list()).filter(({ belongsTo }) => belongsTo === undefined);
  const [only] = images;
  if (name === undefined && only && images.length === 1) return only.descriptor;
  const names = images.flatMap(({ reference }) => reference ?? []);
  const hint = names.length > 0 ? `these are there: ${listed(names)}` : undefined;
  if (name === undefined) {
    throw notFound(`${printable(spelled)}: ${images.length} images, and none is named`, hint);
  }
  return place.resolve(name).catch((error: unknown) => {
    const isMissing = error instanceof EcliError && error.code === 'ARTIFACT_NOT_FOUND';
    throw isMissing ? notFound(`${printable(spelled)}: no such image in the folder`, hint) : error;
  });
}

function notFound(message: string, hint: string | undefined): EcliError {
  return new EcliError('ARTIFACT_NOT_FOUND', message, hint === undefined ? {} : { hint });
}
