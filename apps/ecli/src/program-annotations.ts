import { type Artifact, ArgumentError, MediaType, printable } from '@ecli/core';
import { inspectPackage, inspectWasm, openPackage } from '@ecli/inspect';
import { Annotation } from '@ecli/oci';

/** The predefined ones (image-spec, annotations.md), which may be given without what they begin with. */
const PREFIX = 'org.opencontainers.image.';
const SHORT_NAMES: readonly string[] = [
  'authors',
  'created',
  'description',
  'documentation',
  'licenses',
  'revision',
  'source',
  'title',
  'url',
  'vendor',
  'version',
];

/** What registries' pages still show whole. */
const LONGEST_DESCRIPTION = 512;

/**
 * What a program says of itself, as annotations. Nothing is said that isn't in the program: where its source is kept,
 * for one, may be nobody's business.
 *
 * @throws PACKAGE_INVALID, OBJECT_INVALID for what can't be run, and MEDIA_TYPE_UNSUPPORTED
 */
export async function annotationsOf(
  artifact: Artifact,
  signal: AbortSignal,
): Promise<Readonly<Record<string, string>>> {
  const { mediaType } = artifact.descriptor;
  if (mediaType === MediaType.wasm || mediaType === MediaType.wasmLayer) {
    await inspectWasm(artifact);
    return {};
  }
  const { documentation = {}, license } = inspectPackage(await openPackage(artifact, { signal }));
  const { version, brief, description = brief } = documentation;
  const licenses = license === undefined ? undefined : SPDX.get(license);
  return {
    ...(version && { [Annotation.version]: version }),
    ...((brief ?? description) && { [Annotation.description]: shortened(brief ?? description ?? '') }),
    ...(licenses !== undefined && { [Annotation.licenses]: licenses }),
  };
}

/**
 * What the kernel calls licences (Documentation/process/license-rules.rst), as SPDX has them; annotations must be
 * SPDX. `Dual BSD/GPL` doesn't say which BSD.
 */
const SPDX: ReadonlyMap<string, string> = new Map([
  ['GPL', 'GPL-2.0-only'],
  ['GPL v2', 'GPL-2.0-only'],
  ['Dual MIT/GPL', 'MIT OR GPL-2.0-only'],
]);

function shortened(text: string): string {
  const characters = Array.from(text.trim());
  return characters.length > LONGEST_DESCRIPTION
    ? `${characters.slice(0, LONGEST_DESCRIPTION - 1).join('')}…`
    : characters.join('');
}

/** RFC 3339, which lists of images are dated by. */
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/i;

function expectTime(flag: string, value: string): void {
  if (TIME.test(value) && !Number.isNaN(Date.parse(value))) return;
  throw new ArgumentError(`${flag} created=${printable(value)}: not a time`, [], {
    hint: `${flag} created=$(date -u +%FT%TZ)`,
  });
}

/** Reads `KEY=VALUE`; predefined keys may be given by their last word. @throws ARGUMENT_INVALID */
export function parseAnnotation(flag: string, text: string): readonly [key: string, value: string] {
  const { key, value } = /^(?<key>[^=\s]+)=(?<value>.*)$/s.exec(text)?.groups ?? {};
  if (key !== undefined && value !== undefined) {
    const name = SHORT_NAMES.includes(key) ? `${PREFIX}${key}` : key;
    if (name === Annotation.created) expectTime(flag, value);
    return [name, value];
  }
  throw new ArgumentError(`${flag} ${printable(text)}: not a key and its value`, [], {
    hint: `${flag} source=https://example.com/tool, or any other key: ${flag} com.example.team=net`,
  });
}
