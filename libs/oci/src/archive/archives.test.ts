import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { digestOf, EcliError } from '@ecli/core';
import { Header, type HeaderData } from 'tar';
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
import { ImageLayout } from '../layout/image-layout.ts';
import { loadImages } from './load-images.ts';
import { type SavedImage, saveImages } from './save-images.ts';

let folder: ReturnType<typeof temporaryFolder>;
let source: ImageLayout;
let target: ImageLayout;

beforeEach(async () => {
  folder = temporaryFolder();
  source = await ImageLayout.open(join(folder.path, 'source'), { create: true });
  target = await ImageLayout.open(join(folder.path, 'target'), { create: true });
});
afterEach(() => folder.remove());

async function save(images: readonly SavedImage[], platform?: string): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  const write = async (bytes: Uint8Array): Promise<void> => void pieces.push(Buffer.from(bytes));
  await saveImages(source, images, write, { platform });
  return Buffer.concat(pieces);
}

const load = (bytes: Uint8Array, name?: string): ReturnType<typeof loadImages> =>
  loadImages({ name: 'archive', bytes: inPieces(bytes) }, target, { name });

async function* inPieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 1000) yield bytes.subarray(at, at + 1000);
}

type TarEntry = HeaderData & { readonly path: string; readonly content?: Uint8Array | string };

function tarOf(entries: readonly TarEntry[]): Buffer {
  const blocks = entries.flatMap(({ content = '', ...fields }) => {
    const bytes = Buffer.from(content);
    const header = Buffer.alloc(512);
    new Header({ size: bytes.length, type: 'File', mode: 0o644, mtime: new Date(0), ...fields }).encode(
      header,
      0,
    );
    return [header, bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)];
  });
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

const entryOf = ({ descriptor, bytes }: TestBlob): TarEntry => ({
  path: `blobs/${descriptor.digest.replace(':', '/')}`,
  content: bytes,
});

function layoutEntries(images: Record<string, TestBlob>, blobs: readonly TestBlob[]): TarEntry[] {
  const manifests = Object.entries(images).map(([name, { descriptor }]) => ({
    ...descriptor,
    annotations: { 'org.opencontainers.image.ref.name': name },
  }));
  return [
    { path: 'oci-layout', content: '{"imageLayoutVersion":"1.0.0"}' },
    ...[...Object.values(images), ...blobs].map(entryOf),
    { path: 'index.json', content: JSON.stringify({ schemaVersion: 2, manifests }) },
  ];
}

const names = async (): Promise<unknown[]> => (await target.list()).map(({ reference }) => reference);

/** What failed loads may leave: nothing at all. */
function expectNothing(): void {
  expect(readdirSync(join(target.folder, 'ingest')).filter((name) => !name.endsWith('.lease'))).toEqual([]);
  const blobs = join(target.folder, 'blobs/sha256');
  for (const hex of readdirSync(blobs))
    expect(digestOf(readFileSync(join(blobs, hex)))).toBe(`sha256:${hex}`);
}

describe('what is saved', () => {
  test('is loaded again with names and signatures, and is the same each time', async () => {
    const reference = 'a.io/x:v1';
    const descriptor = await pushImage(source, reference, [randomBlob(70_000), randomBlob(0)]);
    const signature = manifestOf([], { subject: descriptor });
    await pushAll(source, [signature]);
    const tag = `a.io/x:${descriptor.digest.replace(':', '-')}.sig`;
    await pushImage(source, tag, [randomBlob(5)]);
    const other = await pushImage(source, 'b.io/y:v2', [randomBlob(512)]);
    const images = [
      { reference, descriptor },
      { reference: 'b.io/y:v2', descriptor: other },
    ];
    const tar = await save(images);
    expect(await save(images)).toEqual(tar);
    expect((await load(tar)).map(({ name }) => name)).toEqual([reference, 'b.io/y:v2']);
    expect(await names()).toEqual(expect.arrayContaining([reference, tag, 'b.io/y:v2']));
    expect(await target.referrers(descriptor)).toHaveLength(1);
    expect(await target.isWhole(descriptor)).toBe(true);
    expectNothing();
  });

  test('may be compressed', async () => {
    const reference = 'a.io/x:v1';
    const descriptor = await pushImage(source, reference, [randomBlob(70_000)]);
    await load(gzipSync(await save([{ reference, descriptor }])));
    expect(await names()).toEqual([reference]);
  });

  test('may be one platform', async () => {
    const images = [manifestOf([]), manifestOf([], { annotations: { a: 'b' } })];
    const [amd64, arm64] = images.map(({ descriptor }, at) => ({
      ...descriptor,
      platform: { os: 'linux', architecture: ['amd64', 'arm64'][at] ?? '' },
    }));
    const index = indexOf([amd64, arm64].flatMap((each) => each ?? []));
    await pushAll(source, [EMPTY, ...images, index]);
    await load(await save([{ reference: 'a.io/x:v1', descriptor: index.descriptor }], 'linux/arm64'));
    expect((await target.list())[0]?.descriptor.digest).toBe(arm64?.digest);
  });

  test('may hold blobs of sha512, whose names are longer than a plain header takes', async () => {
    const bytes = Buffer.from('content');
    const digest = `sha512:${createHash('sha512').update(bytes).digest('hex')}`;
    const layer = { descriptor: { mediaType: 'application/wasm', digest, size: bytes.length }, bytes };
    const descriptor = await pushImage(source, 'a.io/x:v1', [layer]);
    await load(await save([{ reference: 'a.io/x:v1', descriptor }]));
    expect(await target.read(layer.descriptor)).toEqual(new Uint8Array(bytes));
  });
});

describe('loadImages', () => {
  test('takes a folder, and no link in it for a blob', async () => {
    const layer = randomBlob(100);
    const descriptor = await pushImage(source, 'a.io/x:v1', [layer]);
    await loadImages(source.folder, target);
    expect(await names()).toEqual(['a.io/x:v1']);
    await target.prune({ all: true });
    const hostile = join(folder.path, 'hostile');
    mkdirSync(join(hostile, 'blobs/sha256'), { recursive: true });
    for (const name of ['oci-layout', 'index.json', `blobs/sha256/${descriptor.digest.slice(7)}`]) {
      writeFileSync(join(hostile, name), readFileSync(join(source.folder, name)));
    }
    const path = `blobs/sha256/${layer.descriptor.digest.slice(7)}`;
    symlinkSync(join(source.folder, path), join(hostile, path));
    await expect(loadImages(hostile, target)).rejects.toMatchObject({ code: 'ARTIFACT_NOT_FOUND' });
    expect(await names()).toEqual([]);
  });

  test('names the only image as it is told, and leaves one without a full name unnamed', async () => {
    const image = manifestOf([]);
    const tar = tarOf(layoutEntries({ v1: image }, [EMPTY]));
    expect(await load(tar)).toMatchObject([{ name: undefined }]);
    expect(await names()).toEqual([undefined]);
    expect(await load(tar, 'a.io/x:v3')).toMatchObject([{ name: 'a.io/x:v3' }]);
    expect(await target.resolve('a.io/x:v3')).toMatchObject({ digest: image.descriptor.digest });
  });

  test('takes what docker save writes, its links too', async () => {
    const config = Buffer.from('{"architecture":"amd64","os":"linux"}');
    const [layer, zipped] = [randomBlob(2000).bytes, gzipSync('layer')];
    const list = [
      {
        Config: 'c.json',
        RepoTags: ['tool:v1', 'ghcr.io/org/tool:v1'],
        Layers: ['a/layer.tar', 'b/layer.tar', 'z.tgz'],
      },
    ];
    const loaded = await load(
      tarOf([
        { path: 'a/', type: 'Directory' },
        { path: 'a/layer.tar', content: layer },
        { path: 'b/layer.tar', type: 'SymbolicLink', linkpath: '../a/layer.tar' },
        { path: 'z.tgz', content: zipped },
        { path: 'c.json', content: config },
        { path: 'manifest.json', content: JSON.stringify(list) },
        { path: 'unrelated', content: 'x' },
      ]),
    );
    expect(loaded.map(({ name }) => name)).toEqual(['docker.io/library/tool:v1', 'ghcr.io/org/tool:v1']);
    const manifest = JSON.parse(String(Buffer.from((await target.read(descriptorOf(loaded))) ?? []))) as {
      layers: { mediaType: string; digest: string }[];
    };
    expect(manifest.layers.map(({ mediaType }) => mediaType.split('.').at(-1))).toEqual([
      'tar',
      'tar',
      'tar+gzip',
    ]);
    expect(await target.read({ digest: digestOf(layer) })).toEqual(new Uint8Array(layer));
    expect(await target.read({ digest: digestOf(Buffer.from('x')) })).toBeUndefined();
  });

  const good = manifestOf([]);
  const goodEntries = layoutEntries({ 'a.io/x:v1': good }, [EMPTY]);

  test.each<[string, TarEntry[], string]>([
    ['a path that leads out', [{ path: '../x', content: 'x' }, ...goodEntries], 'leads out of the archive'],
    ['an absolute path', [{ path: '/etc/x', content: 'x' }, ...goodEntries], 'leads out of the archive'],
    [
      'a path that leads out by its middle',
      [{ path: 'a/../../x' }, ...goodEntries],
      'leads out of the archive',
    ],
    ['an entry twice', [...goodEntries, ...goodEntries.slice(-1)], 'is in it twice'],
    ['the same path spelled in two ways', [...goodEntries, { path: './index.json' }], 'is in it twice'],
    ['a device', [{ path: 'null', type: 'CharacterDevice' }, ...goodEntries], 'not a file'],
    ['a pipe', [{ path: 'pipe', type: 'FIFO' }, ...goodEntries], 'not a file'],
    ['no list of images', goodEntries.slice(0, -1), 'neither index.json nor manifest.json'],
    ['a blob under another name', [{ path: entryOf(EMPTY).path, content: 'no' }], 'the content has digest'],
    ['a blob that is no digest', [{ path: 'blobs/sha256/abc', content: 'no' }], 'not a digest'],
    ['a layer that is missing', goodEntries.filter(({ path }) => path !== entryOf(EMPTY).path), 'not in'],
    [
      'a link in place of a layer',
      goodEntries.map((entry) =>
        entry.path === entryOf(EMPTY).path
          ? { path: entry.path, type: 'SymbolicLink', linkpath: '/etc/passwd' }
          : entry,
      ),
      'not in',
    ],
    [
      "docker's list of what leads out",
      [{ path: 'manifest.json', content: '[{"Config":"../../etc/passwd","Layers":[]}]' }],
      "isn't in it",
    ],
    ["docker's list of nothing sensible", [{ path: 'manifest.json', content: '[7]' }], 'expected an object'],
  ])('refuses an archive with %s', async (_, entries, reason) => {
    const loading = load(tarOf(entries));
    await expect(loading).rejects.toThrow(EcliError);
    await expect(loading).rejects.toThrow(reason);
    expectNothing();
    expect(await names()).toEqual([]);
  });

  test('refuses what swells to a disk full of zeros', async () => {
    const bomb = gzipSync(tarOf([{ path: 'zeros', content: Buffer.alloc(8_000_000) }, ...goodEntries]), {
      level: 9,
    });
    await expect(load(bomb)).rejects.toThrow(/ratio/);
    expectNothing();
  });

  test.each([0, 1, 511, 512, 700, -1025])('refuses an archive that ends at byte %i', async (end) => {
    const tar = tarOf(goodEntries);
    await expect(load(tar.subarray(0, end < 0 ? tar.length + end : end))).rejects.toThrow(EcliError);
    expectNothing();
  });

  test('never crashes, whatever an archive is made of', async () => {
    const tar = tarOf(layoutEntries({ 'a.io/x:v1': good }, [EMPTY, randomBlob(700)]));
    const edits = fc.array(fc.tuple(fc.nat(tar.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(edits, async (changes) => {
        const changed = Buffer.from(tar);
        for (const [at, byte] of changes) changed[at] = byte;
        const error = await load(changed).then(
          () => undefined,
          (reason: unknown) => reason,
        );
        if (error !== undefined) expect(error).toBeInstanceOf(EcliError);
        expectNothing();
      }),
      { numRuns: 300 },
    );
  });
});

function descriptorOf(loaded: Awaited<ReturnType<typeof loadImages>>): { digest: string } {
  return { digest: loaded[0]?.descriptor.digest ?? '' };
}
