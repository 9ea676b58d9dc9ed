import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  blobOf,
  EMPTY,
  inPieces,
  manifestOf,
  pushAll,
  pushImage,
  randomBlob,
  temporaryFolder,
} from '../../test/layout/images.ts';
import { fetchAll } from '../manifest/fetch-all.ts';
import { ImageLayout } from './image-layout.ts';

let folder: ReturnType<typeof temporaryFolder>;
let layout: ImageLayout;
let said: string[];

beforeEach(async () => {
  folder = temporaryFolder();
  said = [];
  layout = await ImageLayout.open(join(folder.path, 'oci'), {
    create: true,
    warn: (line) => said.push(`warning: ${line}`),
    diagnose: (line) => said.push(line),
  });
});
afterEach(() => folder.remove());

const pathOf = (digest: string): string => join(layout.folder, 'blobs', digest.replace(':', '/'));

describe('ImageLayout', () => {
  test('keeps what was pushed, and finds it by its name and its digest', async () => {
    const layer = randomBlob(300_000);
    const descriptor = await pushImage(layout, 'ghcr.io/org/tool:v1', [layer]);
    expect(await layout.resolve('ghcr.io/org/tool:v1')).toMatchObject(descriptor);
    expect(await layout.resolve(descriptor.digest)).toMatchObject(descriptor);
    expect(await layout.resolve(`ghcr.io/org/tool@${descriptor.digest}`)).toMatchObject(descriptor);
    expect(await layout.read(layer.descriptor)).toEqual(new Uint8Array(layer.bytes));
    expect(await fetchAll(layout, layer.descriptor)).toEqual(new Uint8Array(layer.bytes));
    expect(said).toEqual([]);
  });

  test('writes nothing until something is put there', () => {
    expect(readdirSync(folder.path)).toEqual([]);
  });

  test('is for its owner alone', async () => {
    await pushAll(layout, [EMPTY]);
    expect(statSync(layout.folder).mode & 0o777).toBe(0o700);
  });

  test('moves a name from one image to another', async () => {
    await pushImage(layout, 'a.io/x:v1', [randomBlob(10)]);
    const second = await pushImage(layout, 'a.io/x:v1', [randomBlob(10)]);
    expect(await layout.resolve('a.io/x:v1')).toMatchObject(second);
  });

  test.each([
    ['shorter', (bytes: Buffer) => bytes.subarray(1)],
    ['longer', (bytes: Buffer) => Buffer.concat([bytes, Buffer.from('x')])],
    ['other', (bytes: Buffer) => Buffer.alloc(bytes.length)],
  ])('keeps nothing of content that is %s than was promised', async (_, spoil) => {
    const { descriptor, bytes } = randomBlob(200_000);
    const push = layout.push(descriptor, () => inPieces(spoil(Buffer.from(bytes))));
    await expect(push).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
    expect(await layout.exists(descriptor)).toBe(false);
    expect(readdirSync(join(layout.folder, 'ingest')).filter((name) => !name.endsWith('.lease'))).toEqual([]);
    expect(readdirSync(join(layout.folder, 'locks'))).toEqual([]);
  });

  test.each([
    ['other bytes', (size: number) => Buffer.alloc(size)],
    ['its end cut off', (size: number) => Buffer.alloc(size - 1)],
    ['nothing in it', () => Buffer.alloc(0)],
  ])('removes a blob with %s when it is read, and takes it anew', async (_, broken) => {
    const { descriptor, bytes } = randomBlob(5000);
    await pushAll(layout, [{ descriptor, bytes }]);
    writeFileSync(pathOf(descriptor.digest), broken(descriptor.size));
    expect(await layout.read(descriptor)).toBeUndefined();
    expect(said.join('\n')).toContain(`${descriptor.digest.slice(7)}: removed`);
    expect(await layout.exists(descriptor)).toBe(false);
    await pushAll(layout, [{ descriptor, bytes }]);
    expect(await layout.read(descriptor)).toEqual(new Uint8Array(bytes));
  });

  test('fails to stream a blob with other bytes, and removes it', async () => {
    const { descriptor, bytes } = randomBlob(5000);
    await pushAll(layout, [{ descriptor, bytes }]);
    writeFileSync(pathOf(descriptor.digest), Buffer.alloc(descriptor.size));
    await expect(fetchAll(layout, descriptor)).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
    expect(await layout.exists(descriptor)).toBe(false);
  });

  test('keeps a blob that a descriptor lies about', async () => {
    const { descriptor, bytes } = randomBlob(5000);
    await pushAll(layout, [{ descriptor, bytes }]);
    expect(await layout.read({ digest: descriptor.digest, size: 7 })).toBeUndefined();
    expect(await layout.read(descriptor)).toBeDefined();
  });

  test('follows no link among the blobs', async () => {
    const { descriptor, bytes } = blobOf('secret');
    await pushAll(layout, [EMPTY]);
    const elsewhere = join(folder.path, 'secret');
    writeFileSync(elsewhere, bytes);
    symlinkSync(elsewhere, pathOf(descriptor.digest));
    expect(await layout.read(descriptor)).toBeUndefined();
    expect(await layout.exists(descriptor)).toBe(false);
    await pushAll(layout, [{ descriptor, bytes }]);
    expect(await layout.read(descriptor)).toBeDefined();
    expect(readFileSync(elsewhere, 'utf8')).toBe('secret');
  });

  test('reads a digest as nothing else than one', async () => {
    await expect(layout.read({ digest: 'sha256:../../../etc/passwd' })).rejects.toMatchObject({
      code: 'MANIFEST_INVALID',
    });
  });

  test("finds what refers to an image, and the image isn't one of them", async () => {
    const subject = await pushImage(layout, 'a.io/x:v1', [randomBlob(10)]);
    const signature = manifestOf([], { subject, artifactType: 'application/x-signature' });
    await pushAll(layout, [signature]);
    const found = [{ ...signature.descriptor, artifactType: 'application/x-signature' }];
    expect(await layout.referrers(subject)).toEqual(found);
    expect(await layout.referrers(subject, 'application/x-signature')).toEqual(found);
    expect(await layout.referrers(subject, 'application/x-other')).toEqual([]);
  });

  test('refuses a folder that is no layout, and one of another version', async () => {
    const plain = join(folder.path, 'plain');
    mkdirSync(plain);
    await expect(ImageLayout.open(plain)).rejects.toMatchObject({ code: 'ARTIFACT_NOT_FOUND' });
    writeFileSync(join(plain, 'oci-layout'), '{"imageLayoutVersion":"2.0.0"}');
    await expect(ImageLayout.open(plain)).rejects.toMatchObject({
      code: 'CACHE_FAILED',
      message: expect.stringContaining('version 2.0.0, not 1.0.0'),
    });
  });
});

describe('index.json', () => {
  const index = (): string => join(layout.folder, 'index.json');

  test("keeps other tools' entries and members as they are", async () => {
    await pushAll(layout, [EMPTY]);
    const foreign = { ...EMPTY.descriptor, annotations: { 'io.example': 'x' }, extra: [1, { a: null }] };
    const strange = { not: 'a descriptor' };
    writeFileSync(index(), JSON.stringify({ schemaVersion: 2, vendor: 1, manifests: [foreign, strange] }));
    await layout.tag(EMPTY.descriptor, 'a.io/x:v1');
    const document = JSON.parse(readFileSync(index(), 'utf8')) as { vendor: number; manifests: unknown[] };
    expect(document.vendor).toBe(1);
    expect(document.manifests.slice(0, 2)).toEqual([foreign, strange]);
    expect(document.manifests).toHaveLength(3);
  });

  test.each(['', '{', '[]', '{"manifests":7}', '\xff', '{"manifests":[1]}'])(
    'that is %j is warned of, set aside and begun anew',
    async (text) => {
      await pushAll(layout, [EMPTY]);
      writeFileSync(index(), text, 'latin1');
      await expect(layout.resolve('a.io/x:v1')).rejects.toMatchObject({ code: 'ARTIFACT_NOT_FOUND' });
      await layout.tag(EMPTY.descriptor, 'a.io/x:v1');
      expect(await layout.resolve('a.io/x:v1')).toMatchObject(EMPTY.descriptor);
      expect(said.join('\n')).toMatch(/^warning: .*index\.json/);
      expect(readFileSync(`${index()}.broken`, 'latin1')).toBe(text);
    },
  );
});
