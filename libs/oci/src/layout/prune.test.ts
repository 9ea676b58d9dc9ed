import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { readdirSync, statSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Descriptor } from '@ecli/core';
import {
  blobOf,
  EMPTY,
  indexOf,
  inPieces,
  manifestOf,
  pushAll,
  pushImage,
  randomBlob,
  temporaryFolder,
} from '../../test/layout/images.ts';
import { ImageLayout } from './image-layout.ts';

let folder: ReturnType<typeof temporaryFolder>;
let layout: ImageLayout;
let warnings: string[];

beforeEach(async () => {
  folder = temporaryFolder();
  warnings = [];
  layout = await ImageLayout.open(folder.path, { create: true, warn: (line) => warnings.push(line) });
});
afterEach(() => folder.remove());

const HOUR_MS = 3_600_000;
const pathOf = ({ digest }: Descriptor): string => join(layout.folder, 'blobs', digest.replace(':', '/'));
const blobCount = (): number => readdirSync(join(layout.folder, 'blobs', 'sha256')).length;
const names = async (): Promise<unknown[]> => (await layout.list()).map(({ reference }) => reference);

/** As if everything of the image had been used last so long ago. */
function age(hours: number, ...descriptors: readonly Descriptor[]): void {
  const time = new Date(Date.now() - hours * HOUR_MS);
  for (const descriptor of descriptors) utimesSync(pathOf(descriptor), time, time);
}

describe('list', () => {
  test('tells names, types, sizes and times', async () => {
    const created = '2026-01-02T03:04:05Z';
    const layer = randomBlob(1000);
    const descriptor = await pushImage(layout, 'a.io/x:v1', [layer], {
      annotations: { 'org.opencontainers.image.created': created },
    });
    await layout.tag(descriptor, 'a.io/x:latest');
    age(48, descriptor);
    const entries = await layout.list();
    expect(entries.map(({ reference }) => reference)).toEqual(['a.io/x:v1', 'a.io/x:latest']);
    expect(entries[0]).toMatchObject({
      type: layer.descriptor.mediaType,
      sizeBytes: 1000 + 2 + descriptor.size,
      createdAt: created,
      usedAtMs: statSync(pathOf(descriptor)).mtimeMs,
    });
  });

  test('leaves out what has lost its content, and says so', async () => {
    const descriptor = await pushImage(layout, 'a.io/x:v1', [randomBlob(10)]);
    await pushImage(layout, 'a.io/y:v1', [randomBlob(10)]);
    unlinkSync(pathOf(descriptor));
    expect(await names()).toEqual(['a.io/y:v1']);
    expect(warnings).toEqual(['a.io/x:v1: its content is gone']);
    await layout.prune();
    warnings.length = 0;
    expect(await names()).toEqual(['a.io/y:v1']);
    expect(warnings).toEqual([]);
  });

  test("doesn't count as use", async () => {
    const descriptor = await pushImage(layout, 'a.io/x:v1', [randomBlob(10)]);
    age(48, descriptor);
    await layout.list();
    await layout.prune();
    expect((await layout.list())[0]?.usedAtMs).toBeLessThan(Date.now() - 47 * HOUR_MS);
    await layout.read(descriptor);
    expect((await layout.list())[0]?.usedAtMs).toBeGreaterThan(Date.now() - HOUR_MS);
  });
});

describe('remove', () => {
  test('removes a name, and the content with the last of them', async () => {
    const shared = randomBlob(500);
    const own = randomBlob(700);
    const first = await pushImage(layout, 'a.io/x:v1', [shared, own]);
    await pushImage(layout, 'a.io/y:v1', [shared]);
    await layout.tag(first, 'a.io/x:latest');
    expect(await layout.remove(['a.io/x:v1'])).toMatchObject({
      images: [{ names: ['a.io/x:v1'] }],
      blobs: 0,
    });
    expect(await layout.read(own.descriptor)).toBeDefined();
    const removal = await layout.remove(['a.io/x:latest']);
    expect(removal).toMatchObject({ blobs: 2, freedBytes: 700 + first.size });
    expect(await layout.read(own.descriptor)).toBeUndefined();
    expect(await layout.read(shared.descriptor)).toBeDefined();
    expect(await layout.remove(['a.io/x:latest'])).toMatchObject({ images: [], blobs: 0 });
  });

  test('takes a digest for all names of its image', async () => {
    const descriptor = await pushImage(layout, 'a.io/x:v1', [randomBlob(1)]);
    await layout.tag(descriptor, 'a.io/x:v2');
    const removal = await layout.remove([descriptor.digest]);
    expect(removal.images).toEqual([{ descriptor: expect.anything(), names: ['a.io/x:v1', 'a.io/x:v2'] }]);
    expect(blobCount()).toBe(0);
  });

  test('lets signatures go with their image, in whichever way they are attached', async () => {
    const subject = await pushImage(layout, 'a.io/x:v1', [randomBlob(1)]);
    const signature = manifestOf([], { subject });
    const ofSignature = manifestOf([], { subject: signature.descriptor });
    await pushAll(layout, [signature, ofSignature]);
    await pushImage(layout, `a.io/x:${subject.digest.replace(':', '-')}.sig`, [randomBlob(2)]);
    await layout.prune();
    expect(await layout.list()).toHaveLength(4);
    await layout.remove(['a.io/x:v1']);
    expect(await layout.list()).toEqual([]);
    expect(blobCount()).toBe(0);
  });

  test('lets the signature of one of its platforms stay with an index', async () => {
    const image = manifestOf([]);
    const signature = manifestOf([], { subject: image.descriptor });
    const index = indexOf([image.descriptor]);
    await pushAll(layout, [EMPTY, image, index]);
    await layout.tag(index.descriptor, 'a.io/x:v1');
    await pushAll(layout, [signature]);
    await layout.prune();
    expect(await layout.read(signature.descriptor)).toBeDefined();
    await layout.remove(['a.io/x:v1']);
    expect(blobCount()).toBe(0);
  });
});

describe('prune', () => {
  test('removes what no image needs, and nothing else', async () => {
    const before = await pushImage(layout, 'a.io/x:v1', [randomBlob(100)]);
    await pushImage(layout, 'a.io/x:v1', [randomBlob(100)]);
    const removal = await layout.prune();
    expect(removal).toMatchObject({ images: [], blobs: 2, freedBytes: 100 + before.size });
    expect(blobCount()).toBe(3);
  });

  test('removes the least recently used until the rest is small enough', async () => {
    const images: Descriptor[] = [];
    for (const name of ['a', 'b', 'c']) {
      images.push(await pushImage(layout, `a.io/${name}:v1`, [randomBlob(10_000)]));
    }
    const [a, b, c] = images as [Descriptor, Descriptor, Descriptor];
    age(3, b);
    age(5, a);
    age(4, c);
    const removal = await layout.prune({ maxBytes: 15_000 });
    expect(removal.images.map((image) => image.names)).toEqual([['a.io/a:v1'], ['a.io/c:v1']]);
    expect(removal.keptBytes).toBeLessThan(15_000);
    expect(await names()).toEqual(['a.io/b:v1']);
  });

  test('removes what has long not been used, or all', async () => {
    const old = await pushImage(layout, 'a.io/old:v1', [randomBlob(10)]);
    await pushImage(layout, 'a.io/new:v1', [randomBlob(10)]);
    age(50, old);
    await layout.prune({ usedBeforeMs: Date.now() - 48 * HOUR_MS });
    expect(await names()).toEqual(['a.io/new:v1']);
    await layout.prune({ all: true });
    expect(await names()).toEqual([]);
    expect(blobCount()).toBe(0);
  });

  test('spares what is being pulled, new or found here, and removes it when nothing comes of it', async () => {
    const [found, written] = [randomBlob(10), randomBlob(20)];
    await pushImage(layout, 'a.io/x:v1', [found]);
    await layout.tag(EMPTY.descriptor, 'a.io/x:v1');
    age(5, found.descriptor);
    const puller = await ImageLayout.open(folder.path);
    await puller.push(written.descriptor, () => inPieces(written.bytes));
    expect(await puller.exists(found.descriptor)).toBe(true);
    await layout.prune({ all: true });
    expect(await puller.read(found.descriptor)).toBeDefined();
    const image = await pushImage(puller, 'a.io/y:v1', [found, written]);
    await layout.prune();
    expect(await puller.read(found.descriptor)).toBeDefined();
    expect(readdirSync(join(folder.path, 'ingest'))).toEqual([]);
    await layout.remove([image.digest]);
    expect(blobCount()).toBe(1);
  });

  test("keeps what another tool's entry needs, of whatever kind it is", async () => {
    const child = randomBlob(10);
    const document = Buffer.from(JSON.stringify({ parts: [{ blobSum: child.descriptor.digest }] }));
    const foreign = blobOf(document, 'application/x-foreign');
    await pushAll(layout, [child, foreign]);
    await layout.tag(foreign.descriptor, 'v1');
    await layout.prune();
    expect(await layout.read(child.descriptor)).toBeDefined();
  });

  test('cleans up after processes that were killed', async () => {
    await pushAll(layout, [EMPTY]);
    const ingest = join(folder.path, 'ingest');
    const [mine] = readdirSync(ingest) as [string];
    const identity = mine.split('.')[0]?.replace(/^\d+-\d+/, '4194303-1') ?? '';
    writeFileSync(join(ingest, `${identity}.abc`), 'half of a blob');
    writeFileSync(join(ingest, `${identity}.abd.lease`), '');
    await layout.prune();
    expect(readdirSync(ingest)).toEqual([mine]);
  });
});
