import { HttpClient, type HttpClientOptions } from '@ecli/http';
import {
  type CredentialStore,
  type Descriptor,
  digestLike,
  OciMediaType,
  Registry,
  type RegistryOptions,
  type Repository,
} from '@ecli/oci';
import { afterAll } from '@jest/globals';

/** A digest of nothing that there is. */
export const SHA256 = `sha256:${'0'.repeat(64)}`;
export const nobody: CredentialStore = { find: () => Promise.resolve(undefined) };
const clients: HttpClient[] = [];

afterAll(() => {
  for (const client of clients) client.close();
});

/** Opens a registry, with no credentials and no waiting unless `options` say otherwise; it is closed after all tests. */
export function open(
  host: string,
  options: Partial<RegistryOptions> = {},
  client: HttpClientOptions = {},
): Registry {
  const pause = (): Promise<void> => Promise.resolve();
  const http = new HttpClient({ environment: {}, pause, ...client });
  clients.push(http);
  return new Registry(host, { http, credentials: nobody, pause, ...options });
}

/** Describes content. */
export function blobOf(bytes: Uint8Array, mediaType = 'application/octet-stream'): Descriptor {
  return { mediaType, digest: digestLike(bytes, SHA256), size: bytes.length };
}

/** Content in pieces. */
export async function* pieces(bytes: Uint8Array, size = 64 * 1024): AsyncGenerator<Uint8Array> {
  for (let offset = 0; offset < bytes.length; offset += size) yield bytes.subarray(offset, offset + size);
}

/** Pushes an image of one layer and of `extra` members. */
export async function pushImage(
  repository: Repository,
  layer: Uint8Array,
  extra: object = {},
): Promise<Descriptor> {
  const config = Buffer.from('{}');
  const descriptors = { config: blobOf(config, OciMediaType.empty), layer: blobOf(layer) };
  await repository.push(descriptors.config, () => pieces(config));
  await repository.push(descriptors.layer, () => pieces(layer));
  const manifest = {
    schemaVersion: 2,
    mediaType: OciMediaType.manifest,
    artifactType: 'application/x-test',
    config: descriptors.config,
    layers: [descriptors.layer],
    ...extra,
  };
  const bytes = Buffer.from(JSON.stringify(manifest));
  const descriptor = blobOf(bytes, OciMediaType.manifest);
  await repository.push(descriptor, () => pieces(bytes));
  return descriptor;
}
