import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Descriptor, descriptorOf, digestOf } from '@ecli/core';
import { type Index, type Manifest, OciMediaType, type Target } from '../../src/index.ts';

/** Content and what names it. */
export interface TestBlob {
  readonly descriptor: Descriptor;
  readonly bytes: Uint8Array;
}

export const WASM_LAYER = 'application/vnd.wasm.content.layer.v1+wasm';

/** A folder that goes with the end of the scope: `using`-less, for Jest calls `remove`. */
export function temporaryFolder(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'ecli-test-layout-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

export function blobOf(bytes: Uint8Array | string, mediaType: string = WASM_LAYER): TestBlob {
  const content = Buffer.from(bytes);
  const { size } = descriptorOf(content, mediaType);
  return { descriptor: { mediaType, digest: digestOf(content), size }, bytes: content };
}

export function randomBlob(size: number): TestBlob {
  return blobOf(randomBytes(size));
}

/** A manifest of these layers. */
export function manifestOf(layers: readonly TestBlob[], more: Partial<Manifest> = {}): TestBlob {
  const manifest: Manifest = {
    schemaVersion: 2,
    mediaType: OciMediaType.manifest,
    config: EMPTY.descriptor,
    layers: layers.map(({ descriptor }) => descriptor),
    ...more,
  };
  return blobOf(JSON.stringify(manifest), OciMediaType.manifest);
}

export function indexOf(manifests: readonly Descriptor[], more: Partial<Index> = {}): TestBlob {
  const index: Index = { schemaVersion: 2, mediaType: OciMediaType.index, manifests, ...more };
  return blobOf(JSON.stringify(index), OciMediaType.index);
}

/** https://github.com/opencontainers/image-spec/blob/v1.1.1/manifest.md#guidance-for-an-empty-descriptor */
export const EMPTY: TestBlob = blobOf('{}', OciMediaType.empty);

/** Puts blobs into `target` in the order in which they come. */
export async function pushAll(target: Target, blobs: readonly TestBlob[]): Promise<void> {
  for (const { descriptor, bytes } of blobs) await target.push(descriptor, () => inPieces(bytes));
}

/** Puts an image of these layers into `target`, under `name`. */
export async function pushImage(
  target: Target,
  name: string,
  layers: readonly TestBlob[],
  more?: Partial<Manifest>,
): Promise<Descriptor> {
  const manifest = manifestOf(layers, more);
  await pushAll(target, [EMPTY, ...layers, manifest]);
  await target.tag(manifest.descriptor, name);
  return manifest.descriptor;
}

export async function* inPieces(bytes: Uint8Array, pieceBytes = 64 * 1024): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
}
