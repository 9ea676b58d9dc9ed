import type { ReportProgress } from '@ecli/core';
import { copyImage } from '../copy/copy-image.ts';
import type { Target } from '../content.ts';
import type { ImageLayout } from '../layout/image-layout.ts';
import { LayoutRepository } from '../layout/layout-repository.ts';
import { spellReference, spellRepository } from '../reference/image-reference.ts';
import { parseReference } from '../reference/parse-reference.ts';
import type { Descriptor } from '../types.ts';
import { TarArchive, type WriteBytes } from './tar-archive.ts';

export interface SaveOptions {
  readonly signal?: AbortSignal | undefined;
  readonly progress?: ReportProgress | undefined;
  /** Of an index, saves the image for this platform alone. */
  readonly platform?: string | undefined;
}

/** An image to be saved under a full reference. */
export interface SavedImage {
  readonly reference: string;
  readonly descriptor: Descriptor;
}

/**
 * Writes images with their signatures as one tar, which is the same for the same images.
 *
 * @returns what was written, by its digest: with `platform` not what was asked for, but one of it
 * @throws CopyError, and what `write` throws
 */
export async function saveImages(
  layout: ImageLayout,
  images: readonly SavedImage[],
  write: WriteBytes,
  options: SaveOptions = {},
): Promise<readonly SavedImage[]> {
  const archive = await TarArchive.begin(write);
  const saved = await copyAll(layout, images, archive, options);
  await archive.finish();
  return saved;
}

/** Copies images with their signatures to another place for all of them, a folder or an archive. @throws CopyError */
export async function copyAll(
  layout: ImageLayout,
  images: readonly SavedImage[],
  target: Target,
  { signal, progress, platform }: SaveOptions,
): Promise<readonly SavedImage[]> {
  const saved: SavedImage[] = [];
  for (const { reference, descriptor } of images) {
    const repository = spellRepository(parseReference(reference));
    const [from, to] = [layout, target].map((place) => new LayoutRepository(place, repository)) as [
      LayoutRepository,
      LayoutRepository,
    ];
    // One after the other, and so always in the same order.
    const options = { signal, progress, platform, withReferrers: true, concurrency: 1 };
    const copied = await copyImage(from, to, descriptor, options);
    await target.tag(copied, spellReference(parseReference(reference)), signal);
    saved.push({ reference, descriptor: copied });
  }
  return saved;
}
