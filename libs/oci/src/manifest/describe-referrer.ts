import type { Descriptor } from '../types.ts';
import type { ParsedManifest } from './parse-manifest.ts';

/**
 * Describes what has a subject as a list of referrers does: with its annotations and its type, which is that of the
 * config where a manifest names none of its own.
 */
export function describeReferrer(parsed: ParsedManifest): Descriptor {
  const { mediaType, digest, size } = parsed.descriptor;
  const document = parsed.kind === 'index' ? parsed.index : parsed.manifest;
  const config = parsed.kind === 'manifest' ? parsed.manifest.config.mediaType : undefined;
  const artifactType = document.artifactType ?? config;
  return {
    mediaType,
    digest,
    size,
    ...(artifactType !== undefined && { artifactType }),
    ...(document.annotations && { annotations: document.annotations }),
  };
}
