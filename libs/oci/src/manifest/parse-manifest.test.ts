import { describe, expect, test } from '@jest/globals';
import { EcliError } from '@ecli/core';
import fc from 'fast-check';
import { OciMediaType } from '../types.ts';
import { digestLike } from './content-verifier.ts';
import { parseManifest } from './parse-manifest.ts';

const DIGEST = `sha256:${'ab'.repeat(32)}`;
const layer = { mediaType: 'application/wasm', digest: DIGEST, size: 3 };
const config = { mediaType: OciMediaType.empty, digest: DIGEST, size: 2 };
const manifest = { schemaVersion: 2, mediaType: OciMediaType.manifest, config, layers: [layer] };
const index = {
  schemaVersion: 2,
  mediaType: OciMediaType.index,
  manifests: [{ ...layer, mediaType: OciMediaType.manifest }],
};

function bytesOf(document: unknown): Uint8Array {
  return Buffer.from(typeof document === 'string' ? document : JSON.stringify(document));
}

describe('parseManifest reads', () => {
  test('a manifest and names it by its digest', () => {
    const bytes = bytesOf(manifest);
    const parsed = parseManifest(bytes, OciMediaType.manifest);
    expect(parsed).toEqual({
      kind: 'manifest',
      manifest,
      descriptor: { mediaType: OciMediaType.manifest, digest: digestLike(bytes, DIGEST), size: bytes.length },
    });
  });

  test('an index with platforms', () => {
    const manifests = [
      { ...layer, platform: { os: 'linux', architecture: 'arm', variant: 'v7', 'os.version': '1' } },
    ];
    const parsed = parseManifest(bytesOf({ ...index, manifests }), OciMediaType.index);
    expect(parsed).toMatchObject({
      kind: 'index',
      index: { manifests: [{ platform: { os: 'linux', architecture: 'arm', variant: 'v7' } }] },
    });
  });

  test.each([
    [
      'OCI 1.0, which states no type',
      { ...manifest, mediaType: undefined },
      OciMediaType.manifest,
      'manifest',
    ],
    [
      'Docker schema 2',
      { ...manifest, mediaType: OciMediaType.dockerManifest },
      OciMediaType.dockerManifest,
      'manifest',
    ],
    [
      'a list of Docker',
      { ...index, mediaType: OciMediaType.dockerIndex },
      OciMediaType.dockerIndex,
      'index',
    ],
    ['a type with parameters', manifest, `${OciMediaType.manifest}; charset=utf-8`, 'manifest'],
    ['what came with no type', manifest, '', 'manifest'],
    ['what came as JSON', index, 'application/json', 'index'],
    ['no type at all', { ...index, mediaType: undefined }, 'text/plain', 'index'],
    ['no layers', { ...manifest, layers: [] }, OciMediaType.manifest, 'manifest'],
    [
      'members of other times',
      { ...manifest, blobs: 1, layers: [{ ...layer, urls: 7 }] },
      OciMediaType.manifest,
      'manifest',
    ],
    [
      'nulls where nothing is meant',
      { ...manifest, annotations: null, subject: null, artifactType: null },
      OciMediaType.manifest,
      'manifest',
    ],
  ])('%s', (_what, document, mediaType, kind) => {
    expect(parseManifest(bytesOf(document), mediaType).kind).toBe(kind);
  });

  test('what came with a descriptor, and keeps that', () => {
    const bytes = bytesOf(manifest);
    const descriptor = { mediaType: OciMediaType.manifest, digest: DIGEST, size: 1, annotations: { a: 'b' } };
    expect(parseManifest(bytes, descriptor).descriptor).toBe(descriptor);
  });

  test('brackets in strings as they are, and as many levels one after the other as there are', () => {
    const annotations = { [`\\"${'['.repeat(200)}`]: `${'{['.repeat(200)}\\` };
    const document = { ...manifest, annotations, other: Array(200).fill([{}]) };
    expect(parseManifest(bytesOf(document), '')).toMatchObject({ manifest: { annotations } });
  });

  test('annotations that are strings', () => {
    const annotations = { good: 'x', bad: 1, worse: {} };
    const parsed = parseManifest(bytesOf({ ...manifest, annotations }), '');
    expect(parsed.kind === 'manifest' && parsed.manifest.annotations).toEqual({ good: 'x' });
  });
});

describe('parseManifest refuses', () => {
  test.each([
    ['not JSON', '{', 'not JSON'],
    ['not UTF-8', '\xff', 'not JSON'],
    ['an array', [], 'expected an object, found an array'],
    ['null', 'null', 'expected an object, found null'],
    ['another schema', { ...manifest, schemaVersion: 3 }, 'schemaVersion: expected 2, found 3'],
    ['no schema', { ...manifest, schemaVersion: undefined }, 'schemaVersion: expected 2, found nothing'],
    ['schema 1', { schemaVersion: 1, fsLayers: [] }, 'schema 1, which is no longer read'],
    ['a manifest and an index in one', { ...manifest, ...index }, 'a manifest and an index in one'],
    [
      'a type that is another than it came as',
      { ...manifest, mediaType: OciMediaType.dockerManifest },
      'says that it is',
    ],
    ['what only calls itself one', { schemaVersion: 2 }, 'without its layers'],
    ['no config', { ...manifest, config: undefined }, 'config: expected an object, found nothing'],
    ['no layers', { ...manifest, layers: undefined }, 'layers: expected an array, found nothing'],
    ['a layer that is a string', { ...manifest, layers: ['x'] }, 'layers[0]: expected an object, found "x"'],
    [
      'no digest',
      { ...manifest, layers: [{ ...layer, digest: undefined }] },
      'layers[0].digest: expected a sha256 or sha512 digest',
    ],
    ['md5', { ...manifest, layers: [{ ...layer, digest: 'md5:00' }] }, 'layers[0].digest'],
    [
      'a digest with a path in it',
      { ...manifest, layers: [{ ...layer, digest: 'sha256:../x' }] },
      'layers[0].digest',
    ],
    [
      'a negative size',
      { ...manifest, layers: [{ ...layer, size: -1 }] },
      'layers[0].size: expected a size in bytes, found -1',
    ],
    ['half a byte', { ...manifest, layers: [{ ...layer, size: 0.5 }] }, 'layers[0].size'],
    [
      'a size that is no safe integer',
      { ...manifest, layers: [{ ...layer, size: 2 ** 53 }] },
      'layers[0].size',
    ],
    ['a size in a string', { ...manifest, config: { ...config, size: '2' } }, 'config.size'],
    ['a type that is a number', { ...manifest, layers: [{ ...layer, mediaType: 1 }] }, 'layers[0].mediaType'],
    ['a broken subject', { ...manifest, subject: {} }, 'subject.digest'],
    ['more layers than anybody has', { ...manifest, layers: Array(10_001).fill(layer) }, '10001 entries'],
    ['control characters', { ...manifest, layers: [{ ...layer, digest: '\x1b[2J' }] }, '\\u001b[2J'],
  ])('%s', (_what, document, message) => {
    expect(() => parseManifest(bytesOf(document), OciMediaType.manifest)).toThrow(message);
  });

  test('what is neither a manifest nor an index', () => {
    const document = { schemaVersion: 2, mediaType: 'application/vnd.oci.artifact.manifest.v1+json' };
    expect(() => parseManifest(bytesOf(document), 'application/json')).toThrow(
      'neither a manifest nor an index (application/vnd.oci.artifact.manifest.v1+json)',
    );
  });

  test('a manifest that came as an index', () => {
    expect(() => parseManifest(bytesOf({ ...manifest, mediaType: undefined }), OciMediaType.index)).toThrow(
      `a manifest that came as ${OciMediaType.index}`,
    );
  });

  test.each([
    ['arrays', '['],
    ['objects', '{"a":'],
  ])('%s in each other without end, before they are parsed', (_what, opening) => {
    const text = opening.repeat(Math.floor((4 * 1024 * 1024) / opening.length));
    expect(() => parseManifest(bytesOf(text), '')).toThrow('nested deeper than the 100 levels');
  });

  test('more bytes than a manifest may have', () => {
    expect(() => parseManifest(new Uint8Array(4 * 1024 * 1024 + 1), '')).toThrow('where a manifest may have');
  });
});

test('parseManifest gives a manifest or MANIFEST_INVALID, whatever it is given', () => {
  const key = fc.constantFrom(
    'schemaVersion',
    'mediaType',
    'config',
    'layers',
    'manifests',
    'digest',
    'size',
    'subject',
    'platform',
    'annotations',
  );
  const leaf = fc.oneof(
    fc.constantFrom(2, DIGEST, OciMediaType.manifest, OciMediaType.index, null),
    fc.jsonValue(),
  );
  const { node } = fc.letrec<{ node: unknown }>((tie) => ({
    node: fc.oneof(
      { maxDepth: 4 },
      leaf,
      fc.array(tie('node'), { maxLength: 3 }),
      fc.dictionary(key, tie('node'), { maxKeys: 8 }),
    ),
  }));
  const member = fc.dictionary(key, node, { maxKeys: 3 });
  const document = fc.oneof(
    node,
    fc.tuple(fc.constantFrom<object>(manifest, index), member).map(([base, over]) => ({ ...base, ...over })),
  );
  const bytes = fc.oneof(
    document.map((value) => bytesOf(value ?? null)),
    fc.uint8Array(),
  );
  fc.assert(
    fc.property(
      bytes,
      fc.constantFrom('', OciMediaType.manifest, OciMediaType.index),
      (content, mediaType) => {
        try {
          const parsed = parseManifest(content, mediaType);
          const entries = parsed.kind === 'manifest' ? parsed.manifest.layers : parsed.index.manifests;
          for (const { digest, size } of entries) {
            expect(digest).toMatch(/^sha(256|512):[0-9a-f]+$/);
            expect(Number.isSafeInteger(size)).toBe(true);
          }
        } catch (error) {
          expect(error).toBeInstanceOf(EcliError);
          expect((error as EcliError).code).toBe('MANIFEST_INVALID');
        }
      },
    ),
    { numRuns: 2000 },
  );
});
