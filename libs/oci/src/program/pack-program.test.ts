import { describe, expect, test } from '@jest/globals';
import { digestOf, MediaType } from '@ecli/core';
import { packProgram } from './pack-program.ts';

const content = Buffer.from('{"bpf_object":""}');
const packed = packProgram({ content, mediaType: MediaType.package, name: 'opens' });
const manifestOf = ({ manifest }: ReturnType<typeof packProgram>) =>
  JSON.parse(Buffer.from(manifest.bytes).toString()) as Record<string, unknown>;

describe('packProgram', () => {
  test('makes an artifact of OCI 1.1 of a JSON package', () => {
    expect(manifestOf(packed)).toEqual({
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      artifactType: 'application/vnd.eunomia.package.v1+json',
      config: {
        mediaType: 'application/vnd.oci.empty.v1+json',
        digest: 'sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a',
        size: 2,
        data: 'e30=',
      },
      layers: [
        {
          mediaType: 'application/vnd.eunomia.package.v1+json',
          digest: digestOf(content),
          size: content.byteLength,
          annotations: { 'org.opencontainers.image.title': 'package.json' },
        },
      ],
    });
  });

  test('makes of a Wasm module what the first ecli made', () => {
    const module = packProgram({ content: Buffer.from('\0asm'), mediaType: MediaType.wasm, name: 'opens' });
    expect(manifestOf(module)).toMatchObject({
      config: { mediaType: 'application/vnd.wasm.config.v1+json', size: 2 },
      layers: [{ mediaType: 'application/vnd.wasm.content.layer.v1+wasm' }],
    });
    expect(manifestOf(module)).not.toHaveProperty('artifactType');
  });

  test.each([
    [MediaType.package, 'package.json'],
    [MediaType.object, 'opens.bpf.o'],
    [MediaType.tar, 'opens.tar'],
    [MediaType.wasm, 'opens.wasm'],
  ])('titles %s %s', (mediaType, title) => {
    const { layers } = manifestOf(packProgram({ content, mediaType, name: 'opens' }));
    expect(layers).toMatchObject([{ annotations: { 'org.opencontainers.image.title': title } }]);
  });

  test('gives all that the manifest names, under its digest', () => {
    const named = [packed.manifest, ...packed.blobs].map(({ descriptor, bytes }) => [
      [descriptor.digest, descriptor.size],
      [digestOf(bytes), bytes.byteLength],
    ]);
    for (const [stated, real] of named) expect(stated).toEqual(real);
    expect(packed.blobs.map(({ descriptor }) => descriptor)).toEqual([
      manifestOf(packed)['config'],
      ...(manifestOf(packed)['layers'] as unknown[]),
    ]);
  });

  test('takes the digest that is known already', () => {
    const digest = digestOf(Buffer.from('what the caller has hashed'));
    const { manifest, blobs } = packProgram({ content, digest, mediaType: MediaType.package, name: 'opens' });
    expect(blobs[1]?.descriptor).toMatchObject({ digest, size: content.byteLength });
    expect(Buffer.from(manifest.bytes).toString()).toContain(digest);
  });

  test('gives the same digest again, in whatever order annotations are given', () => {
    const with_ = (annotations: Record<string, string>) =>
      packProgram({ content, mediaType: MediaType.package, name: 'opens', annotations }).manifest.descriptor;
    expect(with_({ b: '1', a: '2' }).digest).toBe(with_({ a: '2', b: '1' }).digest);
  });

  test('states when it was made only where SOURCE_DATE_EPOCH does', () => {
    const environment = { SOURCE_DATE_EPOCH: '1700000000' };
    const dated = packProgram({ content, mediaType: MediaType.package, name: 'opens', environment });
    expect(manifestOf(dated)).toMatchObject({
      annotations: { 'org.opencontainers.image.created': '2023-11-14T22:13:20Z' },
    });
    expect(manifestOf(packed)).not.toHaveProperty('annotations');
  });

  test.each(['yesterday', '-1', '1e9', '999999999999'])('refuses SOURCE_DATE_EPOCH=%s', (epoch) => {
    const pack = () =>
      packProgram({
        content,
        mediaType: MediaType.package,
        name: 'x',
        environment: { SOURCE_DATE_EPOCH: epoch },
      });
    expect(pack).toThrow(`SOURCE_DATE_EPOCH=${epoch}: not a time`);
  });

  test('refuses a source, and says how to make a program of it', () => {
    const pack = () => packProgram({ content, mediaType: MediaType.source, name: 'opens.bpf.c' });
    expect(pack).toThrow(
      expect.objectContaining({
        code: 'MEDIA_TYPE_UNSUPPORTED',
        hint: expect.stringContaining('ecli build'),
      }),
    );
  });

  test.each(['application/octet-stream', 'constructor', ''])('refuses %j', (mediaType) => {
    expect(() => packProgram({ content, mediaType, name: 'x' })).toThrow('not recognised as a program');
  });
});
