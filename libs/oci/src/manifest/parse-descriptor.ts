import { isDigest } from '../reference/grammar.ts';
import type { Descriptor, Platform } from '../types.ts';
import { type JsonReader, type JsonValue } from './read-json.ts';

/** Reads a descriptor that stands in a document. @throws MANIFEST_INVALID naming the member that is wrong */
export function parseDescriptor(at: JsonValue, reader: JsonReader): Descriptor {
  const object = reader.object(at);
  const member = (name: string): JsonValue => ({ value: object[name], path: `${at.path}.${name}` });
  const digest = member('digest');
  if (typeof digest.value !== 'string' || !isDigest(digest.value)) {
    throw reader.expected('a sha256 or sha512 digest', digest);
  }
  const artifactType = reader.optionalText(member('artifactType'));
  const annotations = reader.texts(member('annotations'));
  const platform = parsePlatform(member('platform'), reader);
  const data = reader.optionalText(member('data'));
  return {
    mediaType: reader.text(member('mediaType')),
    digest: digest.value,
    size: reader.size(member('size')),
    ...(artifactType && { artifactType }),
    ...(annotations && { annotations }),
    ...(platform && { platform }),
    ...(data !== undefined && { data }),
  };
}

function parsePlatform(at: JsonValue, reader: JsonReader): Platform | undefined {
  if (at.value === undefined || at.value === null) return undefined;
  const object = reader.object(at);
  const member = (name: string): string | undefined =>
    reader.optionalText({ value: object[name], path: `${at.path}.${name}` });
  const variant = member('variant');
  return {
    os: member('os') ?? '',
    architecture: member('architecture') ?? '',
    ...(variant && { variant }),
  };
}
