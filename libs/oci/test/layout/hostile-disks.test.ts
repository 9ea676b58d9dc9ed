import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { digestOf } from '@ecli/core';
import { copyImage, ImageLayout, loadImages, saveImages } from '../../src/index.ts';
import { inPieces, pushImage, randomBlob, temporaryFolder } from './images.ts';

let folder: ReturnType<typeof temporaryFolder>;
let disk: string;
let warnings: string[];

/** A disk of 1 MiB. */
beforeEach(() => {
  folder = temporaryFolder();
  warnings = [];
  disk = join(folder.path, 'disk');
  mkdirSync(disk);
  mount('-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disk);
});
afterEach(() => {
  execFileSync('umount', ['-l', disk]);
  folder.remove();
});

function mount(...args: readonly string[]): void {
  execFileSync('mount', args);
}

function open(): Promise<ImageLayout> {
  return ImageLayout.open(join(disk, 'cache'), { create: true, warn: (line) => warnings.push(line) });
}

const drafts = (): string[] =>
  readdirSync(join(disk, 'cache/ingest')).filter((name) => !name.endsWith('.lease'));

describe('on a full disk', () => {
  test('ingest returns what came, warns once, and leaves nothing half-written', async () => {
    const layout = await open();
    await pushImage(layout, 'a.io/small:v1', [randomBlob(1000)]);
    for (const { descriptor, bytes } of [randomBlob(3_000_000), randomBlob(3_000_000)]) {
      expect(digestOf(await layout.ingest(descriptor, () => inPieces(bytes)))).toBe(descriptor.digest);
    }
    expect(warnings).toEqual([
      expect.stringMatching(/^not kept in the cache: .*: the disk is full; ecli image prune/),
    ]);
    expect(drafts()).toEqual([]);
    expect(await layout.list()).toHaveLength(1);
  });

  test('a copy fails on the side of the target, and leaves nothing half-written', async () => {
    const source = await ImageLayout.open(join(folder.path, 'source'), { create: true });
    const image = await pushImage(source, 'a.io/x:v1', [randomBlob(3_000_000), randomBlob(10)]);
    const layout = await open();
    await expect(copyImage(source, layout, image)).rejects.toMatchObject({
      side: 'to',
      code: 'CACHE_FAILED',
      hint: expect.stringContaining('ecli image prune'),
    });
    expect(drafts()).toEqual([]);
    expect(await layout.exists(image)).toBe(false);
  });

  test('no archive is loaded, which is said', async () => {
    const source = await ImageLayout.open(join(folder.path, 'source'), { create: true });
    const descriptor = await pushImage(source, 'a.io/x:v1', [randomBlob(10)]);
    const pieces: Uint8Array[] = [];
    await saveImages(source, [{ reference: 'a.io/x:v1', descriptor }], async (bytes) => {
      pieces.push(Uint8Array.from(bytes));
    });
    const layout = await open();
    const archive = { name: 'images.tar', bytes: inPieces(Buffer.concat(pieces)) };
    // The folders are there, and nothing else has room.
    await layout.withDraftFolder(() => Promise.resolve());
    execFileSync('sh', ['-c', `dd if=/dev/zero of=${disk}/filler bs=4k 2>/dev/null || :`]);
    await expect(loadImages(archive, layout)).rejects.toMatchObject({
      code: 'CACHE_FAILED',
      message: expect.stringMatching(/: the disk is full$/),
    });
    expect(drafts()).toEqual([]);
  });

  test('what was there is removed again', async () => {
    const layout = await open();
    await pushImage(layout, 'a.io/x:v1', [randomBlob(600_000)]);
    execFileSync('sh', ['-c', `dd if=/dev/zero of=${disk}/filler bs=4k 2>/dev/null || :`]);
    await layout.prune({ all: true });
    expect(await layout.list()).toEqual([]);
    const { descriptor, bytes } = randomBlob(300_000);
    await layout.push(descriptor, () => inPieces(bytes));
    expect(warnings).toEqual([]);
  });
});

describe('on a read-only disk', () => {
  test('what is there is read, and what is not is returned with a warning', async () => {
    const before = await open();
    const layer = randomBlob(1000);
    const image = await pushImage(before, 'a.io/x:v1', [layer]);
    mount('-o', 'remount,ro', disk);
    const layout = await open();
    expect(await layout.resolve('a.io/x:v1')).toMatchObject(image);
    expect(await layout.read(layer.descriptor)).toEqual(new Uint8Array(layer.bytes));
    expect(await layout.list()).toHaveLength(1);
    expect(warnings).toEqual([]);
    const { descriptor, bytes } = randomBlob(1000);
    expect(digestOf(await layout.ingest(descriptor, () => inPieces(bytes)))).toBe(descriptor.digest);
    expect(warnings).toEqual([expect.stringMatching(/: the file system is read-only; set XDG_CACHE_HOME/)]);
    for (const failing of [layout.tag(image, 'a.io/y:v1'), layout.prune({ all: true })]) {
      await expect(failing).rejects.toMatchObject({ code: 'CACHE_FAILED' });
    }
  });

  test('a folder that is not there yet is an empty cache', async () => {
    mount('-o', 'remount,ro', disk);
    const layout = await open();
    expect(await layout.list()).toEqual([]);
    const { descriptor, bytes } = randomBlob(1000);
    expect(digestOf(await layout.ingest(descriptor, () => inPieces(bytes)))).toBe(descriptor.digest);
    expect(warnings).toHaveLength(1);
  });
});
