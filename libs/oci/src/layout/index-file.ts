import { readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EcliError, printable } from '@ecli/core';
import { parseDescriptor } from '../manifest/parse-descriptor.ts';
import { JsonReader, type JsonObject } from '../manifest/read-json.ts';
import { Annotation, type Descriptor, OciMediaType } from '../types.ts';
import { cacheFailure, errnoOf, isForLackOfRoom } from './cache-error.ts';
import { type Lock, isHeld, isSilent, pauseForLock, tryLock } from './lock.ts';
import { ownIdentity, spellIdentity, uniqueToken } from './process-identity.ts';

/** An entry of index.json: what it names, and by what name, if by any. */
export interface IndexEntry {
  readonly descriptor: Descriptor;
  /** `org.opencontainers.image.ref.name`; a full reference where ecli wrote it. */
  readonly name: string | undefined;
}

/** Entries as they stand in the file, with all that others have written into them. */
type RawEntry = JsonObject;

interface Document {
  readonly members: JsonObject;
  readonly entries: readonly RawEntry[];
  /** The file is there, and can't be read as an index. */
  readonly isBroken?: true;
}

/** Larger than any index that was written by a program that works. */
const LIMIT_BYTES = 64 * 1024 * 1024;

/**
 * The index.json of a layout. It is read without a lock, for it is replaced as a whole, and changed under one. What
 * other tools have written into it stays as it is.
 *
 * https://github.com/opencontainers/image-spec/blob/v1.1.1/image-layout.md#indexjson-file
 */
export class IndexFile {
  private readonly path: string;

  constructor(
    private readonly folder: string,
    private readonly warn: (line: string) => void,
  ) {
    this.path = join(folder, 'index.json');
  }

  /** Entries that name nothing that can be read are left out. */
  entries(): readonly IndexEntry[] {
    return this.read().entries.flatMap((raw) => entryOf(raw) ?? []);
  }

  /**
   * Changes the index while nobody else does: entries for which `keep` returns false go, and `added` come last.
   *
   * @throws CACHE_FAILED, and the signal's reason
   */
  async change(decide: () => Promise<IndexChange> | IndexChange, signal?: AbortSignal): Promise<void> {
    const lock = await this.lock(signal);
    try {
      const { keep, added = [], afterwards, makeRoom } = await decide();
      const { members, entries, isBroken } = this.read();
      // Whoever wrote it may want to look at it.
      if (isBroken) renameSync(this.path, `${this.path}.broken`);
      const kept = entries.filter((raw) => {
        const entry = entryOf(raw);
        return entry === undefined || keep(entry);
      });
      const isChanged = kept.length !== entries.length || added.length > 0;
      if (isChanged) this.writeWithRoom({ members, entries: [...kept, ...added.map(rawOf)] }, makeRoom);
      afterwards?.();
    } finally {
      lock.release();
    }
  }

  /** Runs `work` while nobody changes the index. @throws CACHE_FAILED, and the signal's reason */
  async exclusively<Result>(work: () => Result, signal?: AbortSignal): Promise<Result> {
    const lock = await this.lock(signal);
    try {
      return work();
    } finally {
      lock.release();
    }
  }

  /** Makes an empty index where there is none: tools want the file. Must be called under the lock. */
  makeIfMissing(): void {
    if (!statSync(this.path, { throwIfNoEntry: false })) this.write({ members: {}, entries: [] });
  }

  private async lock(signal: AbortSignal | undefined): Promise<Lock> {
    const path = join(this.folder, 'locks', 'index');
    try {
      for (let attempt = 0; ; attempt++) {
        const lock = tryLock(path);
        if (isHeld(lock)) return lock;
        if (isSilent(lock)) throw stuck(path, lock.pid);
        await pauseForLock(attempt, signal);
      }
    } catch (error) {
      signal?.throwIfAborted();
      throw cacheFailure(this.folder, error);
    }
  }

  private read(): Document {
    const bytes = this.readBytes();
    if (!bytes) return { members: {}, entries: [] };
    try {
      const reader = new JsonReader(this.path);
      const { manifests, ...members } = reader.parse(bytes);
      const entries = reader.array({ value: manifests ?? [], path: 'manifests' }, Infinity);
      return { members, entries: entries.map((entry) => reader.object(entry)) };
    } catch (error) {
      this.warn(`${error instanceof Error ? error.message : String(error)}; what it named is not found here`);
      return { members: {}, entries: [], isBroken: true };
    }
  }

  private readBytes(): Uint8Array | undefined {
    try {
      if (statSync(this.path).size > LIMIT_BYTES) throw new Error('too large');
      return readFileSync(this.path);
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT')
        this.warn(`${printable(this.path)}: can't be read (${errnoOf(error) ?? ''})`);
      return undefined;
    }
  }

  private writeWithRoom(document: Document, makeRoom: (() => void) | undefined): void {
    try {
      this.write(document);
    } catch (error) {
      if (!makeRoom || !isForLackOfRoom(error)) throw error;
      makeRoom();
      this.write(document);
    }
  }

  private write({ members, entries }: Document): void {
    const document = {
      schemaVersion: 2,
      mediaType: OciMediaType.index,
      ...members,
      manifests: entries,
    };
    const draft = join(this.folder, 'ingest', `${spellIdentity(ownIdentity())}.${uniqueToken()}`);
    try {
      writeFileSync(draft, `${JSON.stringify(document)}\n`, { flag: 'wx' });
      renameSync(draft, this.path);
    } catch (error) {
      rmSync(draft, { force: true });
      throw cacheFailure(this.folder, error);
    }
  }
}

export interface IndexChange {
  readonly keep: (entry: IndexEntry) => boolean;
  readonly added?: readonly IndexEntry[];
  /** Runs once the index is written, still under the lock. */
  readonly afterwards?: () => void;
  /** Runs before, where the disk is too full for the new index. */
  readonly makeRoom?: () => void;
}

function entryOf(raw: RawEntry): IndexEntry | undefined {
  try {
    const descriptor = parseDescriptor({ value: raw, path: '' }, new JsonReader('index.json'));
    return { descriptor, name: descriptor.annotations?.[Annotation.refName] };
  } catch {
    return undefined;
  }
}

function rawOf({ descriptor, name }: IndexEntry): RawEntry {
  const { mediaType, digest, size, artifactType, platform } = descriptor;
  return {
    mediaType,
    digest,
    size,
    ...(artifactType !== undefined && { artifactType }),
    ...(platform && { platform }),
    ...(name !== undefined && { annotations: { [Annotation.refName]: name } }),
  };
}

function stuck(path: string, pid: number | undefined): EcliError {
  const who = pid === undefined ? 'something' : `process ${pid}`;
  return new EcliError('CACHE_FAILED', `${printable(path)}: ${who} holds it, and has been silent for long`, {
    hint: `if nothing of it runs any more, remove the file: rm ${printable(path)}`,
  });
}
