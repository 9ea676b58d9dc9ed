import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { digestOf } from '@ecli/core';
import { type Descriptor, ImageLayout, loadImages, OciMediaType, saveImages } from '../../src/index.ts';
import { blobOf, pushAll, pushImage, randomBlob, temporaryFolder, type TestBlob } from './images.ts';

const NAME = 'ghcr.io/org/tool:v1';

let folder: ReturnType<typeof temporaryFolder>;
let layout: ImageLayout;
let image: Descriptor;

beforeEach(async () => {
  folder = temporaryFolder();
  layout = await ImageLayout.open(join(folder.path, 'ours'), { create: true });
  image = await pushImage(layout, NAME, [randomBlob(70_000)]);
});
afterEach(() => folder.remove());

function skopeo(...args: readonly string[]): string {
  return execFileSync('skopeo', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

const at = (name: string): string => join(folder.path, name);

async function loadInto(name: string, from: string): Promise<ImageLayout> {
  const loaded = await ImageLayout.open(at(name), { create: true });
  await loadImages(from, loaded);
  return loaded;
}

describe('skopeo', () => {
  test('reads our layout, and we read its, with the same digests', async () => {
    expect(digestOf(Buffer.from(skopeo('inspect', '--raw', `oci:${layout.folder}:${NAME}`)))).toBe(
      image.digest,
    );
    skopeo('copy', `oci:${layout.folder}:${NAME}`, `oci:${at('theirs')}:${NAME}`);
    const theirs = await ImageLayout.open(at('theirs'));
    expect(await theirs.resolve(NAME)).toMatchObject({ digest: image.digest });
    expect(await theirs.isWhole(image)).toBe(true);
  });

  test('adds to our layout, and both keep the entries of the other', async () => {
    skopeo('copy', `oci:${layout.folder}:${NAME}`, `oci:${layout.folder}:theirs`);
    const again = await ImageLayout.open(layout.folder);
    await again.tag(image, 'a.io/x:v1');
    const names = (await again.list()).map(({ reference }) => reference);
    expect(names.sort()).toEqual(['a.io/x:v1', NAME, 'theirs']);
    skopeo('inspect', '--raw', `oci:${layout.folder}:theirs`);
  });

  test('reads our tar, and we read its', async () => {
    const pieces: Uint8Array[] = [];
    await saveImages(layout, [{ reference: NAME, descriptor: image }], async (bytes) => {
      pieces.push(Buffer.from(bytes));
    });
    writeFileSync(at('ours.tar'), Buffer.concat(pieces));
    skopeo('copy', `oci-archive:${at('ours.tar')}:${NAME}`, `oci-archive:${at('theirs.tar')}:${NAME}`);
    const loaded = await loadInto('loaded', at('theirs.tar'));
    expect(await loaded.resolve(NAME)).toMatchObject({ digest: image.digest });
    expect(await loaded.isWhole(image)).toBe(true);
  });

  test("writes docker's archive of an image, which we read", async () => {
    const tar = execFileSync('tar', ['-c', '--files-from', '/dev/null']);
    const layer = blobOf(gzipSync(tar), OciMediaType.layerTarGzip);
    const config = configOf(tar);
    await pushAll(layout, [config]);
    const plain = await pushImage(layout, 'a.io/plain:v1', [layer], { config: config.descriptor });
    expect(plain.digest).not.toBe(image.digest);
    const archive = at('docker.tar');
    skopeo('copy', `oci:${layout.folder}:a.io/plain:v1`, `docker-archive:${archive}:docker.io/org/plain:v1`);
    const loaded = await loadInto('loaded', archive);
    const [entry] = await loaded.list();
    expect(entry?.reference).toBe('docker.io/org/plain:v1');
    expect(await loaded.read({ digest: digestOf(tar) })).toEqual(new Uint8Array(tar));
    skopeo('inspect', `oci:${loaded.folder}:docker.io/org/plain:v1`);
  });

  test('finds in our layout what the specification asks for', () => {
    expect(JSON.parse(readFileSync(join(layout.folder, 'oci-layout'), 'utf8'))).toEqual({
      imageLayoutVersion: '1.0.0',
    });
    expect(JSON.parse(readFileSync(join(layout.folder, 'index.json'), 'utf8'))).toMatchObject({
      schemaVersion: 2,
    });
  });
});

function configOf(layer: Buffer): TestBlob {
  const config = {
    architecture: 'amd64',
    os: 'linux',
    config: {},
    rootfs: { type: 'layers', diff_ids: [digestOf(layer)] },
  };
  return blobOf(JSON.stringify(config), OciMediaType.imageConfig);
}
