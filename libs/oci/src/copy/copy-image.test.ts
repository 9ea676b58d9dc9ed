import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TransferProgress } from '@ecli/core';
import {
  EMPTY,
  indexOf,
  manifestOf,
  pushAll,
  pushImage,
  randomBlob,
  temporaryFolder,
  type TestBlob,
} from '../../test/layout/images.ts';
import { withPush } from '../../test/layout/with-push.ts';
import { ImageLayout } from '../layout/image-layout.ts';
import { isManifestMediaType, parseManifest } from '../manifest/parse-manifest.ts';
import type { ReadTarget } from '../content.ts';
import type { Descriptor } from '../types.ts';
import { copyImage } from './copy-image.ts';

let folder: ReturnType<typeof temporaryFolder>;
let source: ImageLayout;
let target: ImageLayout;

beforeEach(async () => {
  folder = temporaryFolder();
  source = await ImageLayout.open(join(folder.path, 'source'), { create: true });
  target = await ImageLayout.open(join(folder.path, 'target'), { create: true });
});
afterEach(() => folder.remove());

function blobsIn({ folder: layout }: ImageLayout): string[] {
  return readdirSync(join(layout, 'blobs', 'sha256')).sort();
}

function draftsIn({ folder: layout }: ImageLayout): string[] {
  return readdirSync(join(layout, 'ingest')).filter((name) => !name.endsWith('.lease'));
}

/** Pushes to the target, and fails where something comes before what it names. */
const inOrder = (): ReturnType<typeof withPush> =>
  withPush(target, async (descriptor, open, options) => {
    for (const child of await childrenOf(descriptor)) expect(await target.exists(child)).toBe(true);
    return target.push(descriptor, open, options);
  });

async function childrenOf(descriptor: Descriptor): Promise<readonly Descriptor[]> {
  if (!isManifestMediaType(descriptor.mediaType)) return [];
  const parsed = parseManifest((await source.read(descriptor)) ?? new Uint8Array(), descriptor);
  if (parsed.kind === 'index') return parsed.index.manifests;
  return [parsed.manifest.config, ...parsed.manifest.layers];
}

/** An index of two images that share a layer, in the source. */
async function pushTwoPlatforms(): Promise<{ index: TestBlob; images: TestBlob[]; layers: TestBlob[] }> {
  const layers = [randomBlob(100), randomBlob(300_000), randomBlob(0)] as const;
  const images = [manifestOf([layers[0], layers[1]]), manifestOf([layers[0], layers[2]])];
  const platforms = ['amd64', 'arm64'].map((architecture) => ({ os: 'linux', architecture }));
  const index = indexOf(images.map(({ descriptor }, at) => ({ ...descriptor, platform: platforms[at] })));
  await pushAll(source, [EMPTY, ...layers, ...images, index]);
  return { index, images, layers: [...layers] };
}

describe('copyImage', () => {
  test('copies all that an index names, and what is named comes first', async () => {
    const { index } = await pushTwoPlatforms();
    expect(await copyImage(source, inOrder(), index.descriptor)).toEqual(index.descriptor);
    expect(blobsIn(target)).toEqual(blobsIn(source));
  });

  test('copies one platform where one is asked for', async () => {
    const { index, images, layers } = await pushTwoPlatforms();
    const copied = await copyImage(source, target, index.descriptor, { platform: 'linux/arm64' });
    expect(copied.digest).toBe(images[1]?.descriptor.digest);
    expect(await target.exists(copied)).toBe(true);
    expect(await target.exists(index.descriptor)).toBe(false);
    expect(await target.exists((layers[1] as TestBlob).descriptor)).toBe(false);
  });

  test('transfers nothing that is there, and tells how each transfer went', async () => {
    const { index, layers } = await pushTwoPlatforms();
    await pushAll(target, [layers[1] as TestBlob]);
    const told: TransferProgress[] = [];
    await copyImage(source, target, index.descriptor, { progress: (report) => told.push(report) });
    const last = new Map(told.map(({ id, state }) => [id, state]));
    expect(last.get(layers[1]?.descriptor.digest ?? '')).toBe('exists');
    expect([...last.values()].filter((state) => state === 'done')).toHaveLength(6);
    expect(told.filter(({ id, state }) => state === 'done' && id === index.descriptor.digest)).toEqual([
      expect.objectContaining({ bytes: index.descriptor.size, totalBytes: index.descriptor.size }),
    ]);
    told.length = 0;
    await copyImage(source, target, index.descriptor, { progress: (report) => told.push(report) });
    expect(new Set(told.map(({ state }) => state))).toEqual(new Set(['exists']));
  });

  test('takes over from another repository of the same registry what it can', async () => {
    const { index, layers } = await pushTwoPlatforms();
    const mounted: string[] = [];
    const mounting = {
      ...withPush(target, (...given) => target.push(...given)),
      mount: async ({ digest }: Descriptor, from: string) => {
        mounted.push(`${from} ${digest}`);
        const layer = [...layers, EMPTY].find(({ descriptor }) => descriptor.digest === digest) as TestBlob;
        await pushAll(target, [layer]);
        return true;
      },
    };
    await copyImage(source, mounting, index.descriptor, { mountFrom: 'org/tool' });
    expect(mounted.sort()).toEqual(
      [...layers, EMPTY].map(({ descriptor }) => `org/tool ${descriptor.digest}`).sort(),
    );
    expect(blobsIn(target)).toEqual(blobsIn(source));
  });

  test('says on which side it failed, and leaves nothing half-written', async () => {
    const { index, layers } = await pushTwoPlatforms();
    const broken = (layers[1] as TestBlob).descriptor;
    const path = join(source.folder, 'blobs', broken.digest.replace(':', '/'));
    writeFileSync(path, Buffer.alloc(broken.size));
    await expect(copyImage(source, target, index.descriptor)).rejects.toMatchObject({
      name: 'CopyError',
      side: 'from',
      code: 'DIGEST_MISMATCH',
      message: expect.stringContaining('reading what is copied: '),
    });
    expect(await target.exists(index.descriptor)).toBe(false);
    expect(draftsIn(target)).toEqual([]);
  });

  test('says that writing failed', async () => {
    const { index } = await pushTwoPlatforms();
    writeFileSync(target.folder, 'not a folder');
    await expect(copyImage(source, target, index.descriptor)).rejects.toMatchObject({
      side: 'to',
      code: 'CACHE_FAILED',
    });
  });

  test('stops all transfers at once when it is told to', async () => {
    const layers = Array.from({ length: 8 }, () => randomBlob(1_000_000));
    const manifest = await pushImage(source, 'x/a:1', layers);
    const controller = new AbortController();
    const reason = new Error('enough');
    const states: string[] = [];
    const copying = copyImage(source, target, manifest, {
      signal: controller.signal,
      progress: ({ bytes, state }) => {
        states.push(state);
        if (bytes > 0 && state === 'running') controller.abort(reason);
      },
    });
    await expect(copying).rejects.toBe(reason);
    expect(states.filter((state) => state === 'done').length).toBeLessThan(3);
    expect(draftsIn(target)).toEqual([]);
    expect(readdirSync(join(target.folder, 'locks'))).toEqual([]);
  });

  test('runs no more transfers at once than it may', async () => {
    const layers = Array.from({ length: 12 }, () => randomBlob(1000));
    const manifest = await pushImage(source, 'x/a:1', layers);
    let [running, most] = [0, 0];
    const counting = withPush(target, async (...given) => {
      most = Math.max(most, ++running);
      await target.push(...given);
      running--;
    });
    await copyImage(source, counting, manifest, { concurrency: 3 });
    expect(most).toBe(3);
  });

  test('copies signatures where it is told to, those in tags too', async () => {
    const subject = await pushImage(source.repository('x.io/a'), 'v1', [randomBlob(10)]);
    const layer = randomBlob(20);
    const signature = manifestOf([layer], { subject });
    const ofSignature = manifestOf([], { subject: signature.descriptor });
    await pushAll(source, [layer, signature, ofSignature]);
    const cosign = `${subject.digest.replace(':', '-')}.sig`;
    const tagged = await pushImage(source.repository('x.io/a'), cosign, [randomBlob(30)]);

    const plain = target.repository('y.io/plain');
    await copyImage(source.repository('x.io/a'), plain, subject);
    expect(await target.referrers(subject)).toEqual([]);

    const signed = target.repository('y.io/b');
    await copyImage(source.repository('x.io/a'), signed, subject, { withReferrers: true });
    expect((await target.referrers(subject)).map(({ digest }) => digest)).toEqual([
      signature.descriptor.digest,
    ]);
    expect(await target.referrers(signature.descriptor)).toHaveLength(1);
    expect(await signed.resolve(cosign)).toMatchObject(tagged);
  });

  test('asks once for what refers to each manifest, whatever a registry answers', async () => {
    const subject = await pushImage(source, 'x.io/a:v1', [randomBlob(10)]);
    const referrers = Array.from({ length: 12 }, (_, number) =>
      manifestOf([], { subject, annotations: { number: `${number}` } }),
    );
    await pushAll(source, referrers);
    const asked: string[] = [];
    const liar: ReadTarget = {
      fetch: (...given) => source.fetch(...given),
      resolve: (name) => source.resolve(name),
      referrers: async ({ digest }) => {
        asked.push(digest);
        return referrers.map(({ descriptor }) => descriptor);
      },
    };
    await copyImage(liar, target, subject, { withReferrers: true });
    expect(asked.toSorted()).toEqual(
      [subject.digest, ...referrers.map(({ descriptor }) => descriptor.digest)].toSorted(),
    );
  });

  test('copies whole whatever graph of manifests there is', async () => {
    let round = 0;
    const graph = fc.array(
      fc.record({ isIndex: fc.boolean(), picks: fc.array(fc.nat(), { maxLength: 4 }) }),
      { minLength: 1, maxLength: 8 },
    );
    await fc.assert(
      fc.asyncProperty(graph, async (nodes) => {
        const from = await ImageLayout.open(join(folder.path, `from${++round}`), { create: true });
        const to = await ImageLayout.open(join(folder.path, `to${round}`), { create: true });
        const blobs = [randomBlob(1), randomBlob(70_000), randomBlob(0)];
        const manifests: TestBlob[] = [];
        for (const { isIndex, picks } of nodes) {
          const named = isIndex ? manifests : blobs;
          const chosen =
            named.length === 0 ? [] : picks.map((pick) => named[pick % named.length] as TestBlob);
          manifests.push(isIndex ? indexOf(chosen.map(({ descriptor }) => descriptor)) : manifestOf(chosen));
        }
        await pushAll(from, [EMPTY, ...blobs, ...manifests]);
        const root = manifests.at(-1) as TestBlob;
        source = from;
        await copyImage(from, to, root.descriptor);
        const pending = [root.descriptor];
        for (const descriptor of pending) {
          expect(await to.read(descriptor)).toBeDefined();
          pending.push(...(await childrenOf(descriptor)));
        }
      }),
      { numRuns: 25 },
    );
  });
});
