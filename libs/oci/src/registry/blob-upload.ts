import { EcliError } from '@ecli/core';
import { NetworkError } from '@ecli/http';
import { scopes } from './auth/scope.ts';
import { ContentVerifier } from '../manifest/content-verifier.ts';
import type { Descriptor } from '../types.ts';
import { ChunkedUpload } from './chunked-upload.ts';
import type { RepositoryClient } from './repository-client.ts';
import { UploadProgress } from './upload-progress.ts';
import { UploadSession } from './upload-session.ts';

export interface PushOptions {
  readonly signal?: AbortSignal;
  readonly sent?: (bytes: number) => void;
}

/** How often an upload begins anew that was cut, or that the registry failed over. */
const RETRIES = 3;
const FIRST_PAUSE_MS = 500;

/** Answers by which registries, and what stands before them, say that they don't want a blob in one piece. */
const WANTS_CHUNKS: readonly number[] = [405, 413, 416, 501];

/** Stores blobs in one repository. */
export class BlobUpload {
  /** Uploads that the registry opened when it couldn't mount. */
  private readonly opened = new Map<string, UploadSession>();

  constructor(private readonly client: RepositoryClient) {}

  /** Takes a blob over from another repository of the registry; false where that can't be had. */
  async mount({ digest }: Descriptor, from: string, signal?: AbortSignal): Promise<boolean> {
    const query = new URLSearchParams({ mount: digest, from });
    const asking = this.client.send(`blobs/uploads/?${query.toString()}`, {
      method: 'POST',
      action: 'write',
      scopes: [scopes.push(this.client.name), scopes.pull(from)],
      signal,
    });
    // Who may not read there can still upload.
    const response = await asking.catch(ifDenied);
    if (!response) return false;
    response.discard();
    if (response.status === 202) {
      const session = UploadSession.of(response, this.client);
      if (session) this.opened.set(digest, session);
    }
    return response.status === 201;
  }

  /** Uploads a blob, in one piece where the registry takes it so. */
  async push(
    descriptor: Descriptor,
    open: () => AsyncIterable<Uint8Array>,
    { signal, sent }: PushOptions = {},
  ): Promise<void> {
    const progress = new UploadProgress(descriptor.size, sent);
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.attempt(
          descriptor,
          () => new ContentVerifier(descriptor).pass(open()),
          progress,
          signal,
        );
      } catch (error) {
        if (attempt >= RETRIES || !mayPass(error)) throw error;
      }
      await this.client.session.pause(FIRST_PAUSE_MS * 2 ** attempt, signal);
    }
  }

  private async attempt(
    descriptor: Descriptor,
    open: () => AsyncIterable<Uint8Array>,
    progress: UploadProgress,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const { digest, size } = descriptor;
    const session = await this.begin(digest, signal);
    if (!session) return;
    const response = await this.client.send('', {
      method: 'PUT',
      url: session.closing(digest),
      action: 'write',
      headers: { 'content-type': 'application/octet-stream' },
      body: { size, open },
      repeatable: false,
      sent: progress.counter(),
      signal,
    });
    if (!WANTS_CHUNKS.includes(response.status)) return session.expectStored(response, descriptor);
    response.discard();
    const fresh = await this.begin(digest, signal);
    if (fresh) await new ChunkedUpload(this.client, fresh, descriptor, open, progress, signal).run();
  }

  /** Opens an upload; undefined when the registry says that it has the blob after all. */
  private async begin(digest: string, signal: AbortSignal | undefined): Promise<UploadSession | undefined> {
    const opened = this.opened.get(digest);
    this.opened.delete(digest);
    if (opened) return opened;
    const response = await this.client.send('blobs/uploads/', {
      method: 'POST',
      action: 'write',
      repeatable: true,
      signal,
    });
    if (response.status === 201) {
      response.discard();
      return undefined;
    }
    if (response.status !== 202) {
      throw await this.client.refused(response, { action: 'write', subject: this.client.spelled });
    }
    response.discard();
    const session = UploadSession.of(response, this.client);
    if (session) return session;
    throw new EcliError(
      'REMOTE_FAILED',
      `${this.client.spelled}: the registry opens an upload and doesn't say where`,
    );
  }
}

function ifDenied(error: unknown): undefined {
  if (error instanceof EcliError && error.code === 'REGISTRY_DENIED') return undefined;
  throw error;
}

/** Failures that another upload may not meet: a cut connection, a registry in trouble, an upload that was forgotten. */
function mayPass(error: unknown): boolean {
  if (error instanceof NetworkError) return error.step === 'transfer' || error.step === 'timeout';
  const { status = 0, errors = [] } = error as { status?: number; errors?: readonly { code: string }[] };
  return status >= 500 || (status === 404 && errors.some(({ code }) => code === 'BLOB_UPLOAD_UNKNOWN'));
}
