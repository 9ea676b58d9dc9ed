import { EcliError, type ReportProgress, type TransferState } from '@ecli/core';
import type { Mounter, ReadTarget, Target } from '../content.ts';
import { choosePlatform } from '../manifest/choose-platform.ts';
import { fetchAll } from '../manifest/fetch-all.ts';
import { isManifestMediaType, parseManifest, type ParsedManifest } from '../manifest/parse-manifest.ts';
import { Annotation, type Descriptor } from '../types.ts';
import { on, piecesFrom } from './copy-error.ts';
import { copyReferrers } from './copy-referrers.ts';
import { Slots } from './slots.ts';

export interface CopyOptions {
  readonly signal?: AbortSignal | undefined;
  readonly progress?: ReportProgress | undefined;
  /** How much is transferred at once; 4 by default. */
  readonly concurrency?: number;
  /** The repository of the target's own registry that the content is in too. */
  readonly mountFrom?: string | undefined;
  /** Copies what refers to it as well: signatures, attestations, and what refers to those. */
  readonly withReferrers?: boolean;
  /** Of an index, copies the one manifest that is for this platform, instead of all. */
  readonly platform?: string | undefined;
}

const DEFAULT_CONCURRENCY = 4;
/** An index may name another; nobody nests them deeper than this. */
const DEEPEST = 8;

/** What is copied to: a place for content, which may be able to take blobs over from elsewhere. */
export type CopyTarget = Target & Partial<Mounter>;

/**
 * Copies an image whole: what a manifest names before the manifest itself, so that at no time the target has one
 * that lacks something. What the target has is not transferred. Both sides check the content as it passes through,
 * and none of it is held in memory but manifests. It gets no name there: that is the caller's to give.
 *
 * The first failure stops all transfers, and is thrown once they have stopped.
 *
 * @returns what was copied: `root`, or the manifest of the platform that was asked for
 * @throws CopyError, and the signal's reason
 */
export async function copyImage(
  source: ReadTarget,
  target: CopyTarget,
  root: Descriptor,
  options: CopyOptions = {},
): Promise<Descriptor> {
  const stop = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, stop.signal]) : stop.signal;
  const copy = new Copy(source, target, { ...options, signal }, stop);
  const chosen = options.platform === undefined ? root : await choose(source, root, options.platform, signal);
  await copy.manifest(chosen);
  if (options.withReferrers) {
    const asked = new Set<string>();
    for (const subject of copy.manifests) await copyReferrers(source, target, subject, copy, signal, asked);
  }
  return chosen;
}

async function choose(
  source: ReadTarget,
  root: Descriptor,
  platform: string,
  signal: AbortSignal,
): Promise<Descriptor> {
  let chosen = root;
  for (let depth = 0; depth < DEEPEST; depth++) {
    const parsed = await readManifest(source, chosen, signal);
    if (parsed.kind === 'manifest') return chosen;
    chosen = choosePlatform(parsed.index, platform);
  }
  throw tooDeep(root);
}

function tooDeep({ digest }: Descriptor): EcliError {
  return new EcliError('MANIFEST_INVALID', `${digest}: indexes in indexes, more than ${DEEPEST} deep`);
}

function readManifest(
  source: ReadTarget,
  descriptor: Descriptor,
  signal: AbortSignal,
): Promise<ParsedManifest> {
  return on('from', async () => parseManifest(await fetchAll(source, descriptor, { signal }), descriptor));
}

/** One copy on its way: each content is transferred once, however often it is named. */
class Copy {
  private readonly transfers = new Map<string, Promise<void>>();
  private readonly copied = new Map<string, Descriptor>();
  private readonly slots: Slots;

  constructor(
    private readonly source: ReadTarget,
    private readonly target: CopyTarget,
    private readonly options: CopyOptions & { readonly signal: AbortSignal },
    private readonly stop: AbortController,
  ) {
    this.slots = new Slots(options.concurrency ?? DEFAULT_CONCURRENCY);
  }

  /** The manifests and indexes that have been copied so far. */
  get manifests(): readonly Descriptor[] {
    return [...this.copied.values()];
  }

  /** Copies a manifest or index after all that it names; its subject stays where it is. */
  manifest(descriptor: Descriptor, depth = 0): Promise<void> {
    if (depth > DEEPEST) throw tooDeep(descriptor);
    return this.once(descriptor, async () => {
      const { signal } = this.options;
      const bytes = await on('from', () => fetchAll(this.source, descriptor, { signal }));
      const parsed = await on('from', async () => parseManifest(bytes, descriptor));
      if (parsed.kind === 'index') await this.images(parsed.index.manifests, depth + 1);
      else await this.blobs([parsed.manifest.config, ...parsed.manifest.layers]);
      await this.push(descriptor, () => onePiece(bytes));
      this.copied.set(descriptor.digest, descriptor);
    });
  }

  /** One after the other: an index may name thousands, and a manifest is held in memory until it is copied. */
  private async images(descriptors: readonly Descriptor[], depth: number): Promise<void> {
    for (const each of descriptors) {
      await (isManifestMediaType(each.mediaType) ? this.manifest(each, depth) : this.blob(each));
    }
  }

  /** At once, as far as there are slots; waits until all have ended, and stops the others when one fails. */
  private async blobs(descriptors: readonly Descriptor[]): Promise<void> {
    const works = descriptors.map(async (each) => {
      await this.blob(each).catch((error: unknown) => this.stop.abort(error));
    });
    await Promise.all(works);
    this.options.signal.throwIfAborted();
  }

  private blob(descriptor: Descriptor): Promise<void> {
    const { signal } = this.options;
    const open = (): AsyncIterable<Uint8Array> =>
      piecesFrom('from', () => this.source.fetch(descriptor, signal));
    return this.once(descriptor, () => this.slots.run(() => this.push(descriptor, open)));
  }

  private once(descriptor: Descriptor, work: () => Promise<void>): Promise<void> {
    const running = this.transfers.get(descriptor.digest) ?? work();
    this.transfers.set(descriptor.digest, running);
    return running;
  }

  private async push(descriptor: Descriptor, open: () => AsyncIterable<Uint8Array>): Promise<void> {
    const { signal } = this.options;
    const transfer = new Transfer(descriptor, this.options.progress);
    signal.throwIfAborted();
    try {
      if (await on('to', () => this.target.exists(descriptor, signal))) return transfer.end('exists');
      if (await this.mount(descriptor)) return transfer.end('mounted');
      transfer.begin();
      const sent = (bytes: number): void => transfer.add(bytes);
      await on('to', () => this.target.push(descriptor, open, { signal, sent }));
      transfer.end('done');
    } catch (error) {
      transfer.end('failed');
      throw error;
    }
  }

  private async mount(descriptor: Descriptor): Promise<boolean> {
    const { mountFrom, signal } = this.options;
    if (mountFrom === undefined || isManifestMediaType(descriptor.mediaType)) return false;
    return on('to', async () => (await this.target.mount?.(descriptor, mountFrom, signal)) ?? false);
  }
}

/** Tells of one transfer as it goes. */
class Transfer {
  private bytes = 0;

  constructor(
    private readonly descriptor: Descriptor,
    private readonly report: ReportProgress | undefined,
  ) {}

  begin(): void {
    this.tell('running');
  }

  add(bytes: number): void {
    this.bytes += bytes;
    this.tell('running');
  }

  end(state: TransferState): void {
    this.tell(state);
  }

  private tell(state: TransferState): void {
    const { digest, size, annotations } = this.descriptor;
    const name = annotations?.[Annotation.title] ?? digest.slice(0, digest.indexOf(':') + 13);
    // What is sent again after a failure that passes isn't counted twice.
    this.report?.({ id: digest, name, bytes: Math.min(this.bytes, size), totalBytes: size, state });
  }
}

async function* onePiece(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
