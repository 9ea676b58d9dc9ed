import { describe, expect, test } from '@jest/globals';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { MediaType } from '@ecli/core';
import { describeSource } from '@ecli/core/testing';
import { OciMediaType } from '@ecli/oci';
import { OciSource } from '@ecli/source-oci';
import { content, textOf, told, Workbench } from './workbench.ts';

const bench = new Workbench();

describeSource('OciSource', async () => {
  const home = await bench.makeHome();
  await bench.pushProgram('contract/present', 'v1');
  return {
    source: bench.source({ home }),
    present: { reference: bench.reference('contract/present:v1'), content, mediaType: MediaType.package },
    missing: bench.reference('contract/missing:v1'),
    foreign: [
      './package.json',
      '/tmp/x/y',
      '~/x/y',
      '../a/b',
      '-',
      'https://host/x',
      'file:///x/y',
      'package.json',
      '',
    ],
  };
});

describe('OciSource supports', () => {
  test.each([
    'ghcr.io/org/tool',
    'localhost:5000/x:v1',
    'org/tool',
    'oci://host/x',
    'docker://x',
    '[::1]:5000/x@sha256:00',
  ])('%s', (reference) => expect(new OciSource().supports(reference)).toBe(true));
});

describe('a digest', () => {
  test('is asked for once', async () => {
    const { digest } = await bench.pushProgram('digest/once', 'v1');
    const reference = bench.reference(`digest/once@${digest}`);
    await bench.source().fetch(reference, told().context);
    const asked = bench.listen();
    const again = told();
    expect(textOf(await bench.source().fetch(reference, again.context))).toBe(content.toString());
    expect(asked()).toEqual([]);
    expect(again.transfers.map(({ state }) => state)).toEqual(['exists', 'exists']);
  });

  test('counts, and not the tag beside it', async () => {
    const { digest } = await bench.pushProgram('digest/tagged', 'v1');
    await bench.pushProgram('digest/tagged', 'v1', Buffer.from('{"other":1}'));
    const { image, artifact } = await bench
      .source()
      .pull(bench.reference(`digest/tagged:v1@${digest}`), told().context);
    expect(image.digest).toBe(digest);
    expect(textOf(artifact)).toBe(content.toString());
  });
});

describe('a tag', () => {
  test('is followed when it moves', async () => {
    const reference = bench.reference('tag/moves:v1');
    await bench.pushProgram('tag/moves', 'v1');
    await bench.source().fetch(reference, told().context);
    await bench.pushProgram('tag/moves', 'v1', Buffer.from('{"moved":1}'));
    expect(textOf(await bench.source().fetch(reference, told().context))).toBe('{"moved":1}');
  });

  test('that the cache lacks is fetched by one question, and its program by another', async () => {
    await bench.pushProgram('tag/new', 'v1');
    const asked = bench.listen();
    await bench.source().fetch(bench.reference('tag/new:v1'), told().context);
    expect(asked()).toEqual(['GET', 'GET']);
  });

  test('is not followed with `missing`, and never without the cache with `never`', async () => {
    const reference = bench.reference('tag/stays:v1');
    await bench.pushProgram('tag/stays', 'v1');
    const never = told({ pull: 'never' });
    await expect(bench.source().fetch(reference, never.context)).rejects.toMatchObject({
      code: 'ARTIFACT_NOT_FOUND',
      message: `Failed to pull from registry: ${reference}: not in the cache, and --pull never asks no registry`,
    });
    await bench.source().fetch(reference, told({ pull: 'missing' }).context);
    await bench.pushProgram('tag/stays', 'v1', Buffer.from('{"moved":1}'));
    for (const pull of ['missing', 'never'] as const) {
      expect(textOf(await bench.source().fetch(reference, told({ pull }).context))).toBe(content.toString());
    }
  });

  test('means what the cache has of it while the registry is away, which is said', async () => {
    const reference = bench.reference('tag/away:v1');
    const { digest } = await bench.pushProgram('tag/away', 'v1');
    await bench.source().fetch(reference, told().context);
    await bench.registry.goAway();
    try {
      const away = told();
      expect(textOf(await bench.source().fetch(reference, away.context))).toBe(content.toString());
      expect(away.warnings).toEqual([
        expect.stringMatching(
          new RegExp(`^${reference}: .*refused.*; takes what the cache has of it, ${digest}$`),
        ),
      ]);
      await expect(bench.source().fetch(reference, told({ pull: 'always' }).context)).rejects.toMatchObject({
        code: 'NETWORK_FAILED',
        message: expect.stringMatching(`^Failed to pull from registry: ${reference}: `),
      });
    } finally {
      await bench.registry.comeBack();
    }
  });

  test('that is gone is gone, cached or not', async () => {
    const reference = bench.reference('tag/gone:v1');
    const { digest } = await bench.pushProgram('tag/gone', 'v1');
    await bench.source().fetch(reference, told().context);
    await bench.repository('tag/gone').delete(digest);
    await expect(bench.source().fetch(reference, told().context)).rejects.toMatchObject({
      code: 'ARTIFACT_NOT_FOUND',
    });
  });

  test('that was left out is asked for, with those that there are', async () => {
    await bench.pushProgram('tag/implied', 'v7');
    await expect(bench.source().fetch(bench.reference('tag/implied'), told().context)).rejects.toMatchObject({
      code: 'ARTIFACT_NOT_FOUND',
      hint: expect.stringMatching(/^include a tag, .*v7/),
    });
  });
});

describe('the cache', () => {
  const blobsOf = (folder: string) => join(folder, 'cache/ecli/oci/blobs/sha256');

  test('is repaired where a blob is not what its name says', async () => {
    const { digest } = await bench.pushProgram('cache/broken', 'v1');
    const reference = bench.reference(`cache/broken@${digest}`);
    await bench.source().fetch(reference, told().context);
    for (const name of await readdir(blobsOf(bench.home))) {
      const path = join(blobsOf(bench.home), name);
      const bytes = await readFile(path);
      await writeFile(path, Buffer.alloc(bytes.byteLength, 'x'));
    }
    expect(textOf(await bench.source().fetch(reference, told().context))).toBe(content.toString());
    expect(textOf(await bench.source().fetch(reference, told({ pull: 'never' }).context))).toBe(
      content.toString(),
    );
  });

  test('that can not be written to is done without, and said', async () => {
    await bench.pushProgram('cache/none', 'v1');
    await writeFile(join(bench.home, 'cache'), 'a file where a folder should be');
    const { context, warnings } = told();
    expect(textOf(await bench.source().fetch(bench.reference('cache/none:v1'), context))).toBe(
      content.toString(),
    );
    expect(warnings.join('\n')).toContain(join(bench.home, 'cache'));
  });
});

describe('an index', () => {
  test('gives the manifest of the platform', async () => {
    const names = ['amd64', 'arm64'];
    const manifests = await Promise.all(
      names.map(async (architecture) => ({
        ...(await bench.pushProgram('index/both', architecture, Buffer.from(`{"for":"${architecture}"}`))),
        platform: { os: 'linux', architecture },
      })),
    );
    const index = { schemaVersion: 2, mediaType: OciMediaType.index, manifests };
    const { digest } = await bench.putDocument('index/both', 'v1', index, OciMediaType.index);
    for (const architecture of names) {
      const platform = `linux/${architecture}`;
      const { artifact, image } = await bench
        .source()
        .pull(bench.reference('index/both:v1'), told({ platform }).context);
      expect(textOf(artifact)).toBe(`{"for":"${architecture}"}`);
      expect(image.digest).toBe(digest);
    }
    await expect(
      bench.source().fetch(bench.reference('index/both:v1'), told({ platform: 'linux/s390x' }).context),
    ).rejects.toMatchObject({ code: 'ARTIFACT_NOT_FOUND', message: expect.stringContaining('linux/s390x') });
  });
});

describe('what others push', () => {
  const tar = Buffer.alloc(1024);
  tar.write('ustar', 257);

  async function pushLayer(
    name: string,
    bytes: Uint8Array,
    mediaType: string,
    title?: string,
  ): Promise<string> {
    const config = await bench.put(name, Buffer.from('{}'), OciMediaType.wasmConfig);
    const layer = await bench.put(name, bytes, mediaType);
    const annotations =
      title === undefined ? {} : { annotations: { 'org.opencontainers.image.title': title } };
    const layers = [{ ...layer, ...annotations }];
    await bench.putDocument(
      name,
      'v1',
      { schemaVersion: 2, mediaType: OciMediaType.manifest, config, layers },
      OciMediaType.manifest,
    );
    return bench.reference(`${name}:v1`);
  }

  test.each([
    ['a package that the first ecli pushed', content, MediaType.wasmLayer, undefined, MediaType.package],
    ['a package that oras pushed', content, OciMediaType.layerTar, 'package.json', MediaType.package],
    [
      'a container image with a tar in gzip',
      gzipSync(tar),
      OciMediaType.layerTarGzip,
      undefined,
      MediaType.tar,
    ],
    [
      'the object of a gadget',
      Buffer.from('\x7fELF'),
      'application/vnd.gadget.ebpf.program.v1+binary',
      'program.o',
      MediaType.object,
    ],
  ])('is taken: %s', async (name, bytes, layerType, title, expected) => {
    const reference = await pushLayer(`others/${name.replaceAll(' ', '-')}`, bytes, layerType, title);
    const { descriptor } = await bench.source().fetch(reference, told().context);
    expect(descriptor.mediaType).toBe(expected);
  });

  test('and is no program is refused, naming what it is', async () => {
    const reference = await pushLayer(
      'others/chart',
      Buffer.from('x'),
      'application/vnd.cncf.helm.chart.content.v1.tar+gzip',
    );
    await expect(bench.source().fetch(reference, told().context)).rejects.toMatchObject({
      code: 'MEDIA_TYPE_UNSUPPORTED',
      message: `Failed to pull from registry: ${reference}: no program in it; layers: application/vnd.cncf.helm.chart.content.v1.tar+gzip`,
    });
  });

  test('and is larger than the limit is refused before it is fetched', async () => {
    await bench.pushProgram('others/large', 'v1');
    const small = bench.source({ limitBytes: 10 });
    await expect(small.fetch(bench.reference('others/large:v1'), told().context)).rejects.toMatchObject({
      code: 'ARTIFACT_TOO_LARGE',
    });
  });
});
