import { setTimeout as wait } from 'node:timers/promises';
import { EcliError, type FetchContext } from '@ecli/core';
import type { HttpClient, HttpClientOptions, HttpResponse } from '@ecli/http';
import { parseContentRange } from './headers/content-range.ts';
import { forbidsStorage, strongValidator, traitsOf } from './headers/file-traits.ts';
import { Received } from './received.ts';
import { refusedAnswer } from './refused-answer.ts';
import { ResumePolicy } from './resume-policy.ts';
import type { FileTraits, WebFile } from './web-file.ts';

/** What is asked for, and of whom. */
export interface DownloadRequest {
  readonly http: HttpClient;
  /** With the credentials for its origin. */
  readonly url: URL;
  /** For its origin alone. */
  readonly headers: Readonly<Record<string, string>>;
  readonly limitBytes: number;
  readonly signal: AbortSignal;
  /** What the cache has of the file, whole; the server may say that it hasn't changed. */
  readonly known?: Pick<FileTraits, 'etag' | 'lastModified'> | undefined;
  /** What an earlier download left. */
  readonly partial?: Received | undefined;
  /** Hears of the first answer. */
  readonly answered?: () => void;
  readonly progress: (bytes: number, totalBytes: number | undefined) => void;
  readonly diagnose?: FetchContext['diagnose'];
  readonly pause?: HttpClientOptions['pause'];
}

/** A file that came. */
export interface Downloaded extends WebFile {
  /** Its address, after redirects. */
  readonly from: URL;
}

/** Gets one file, in as many pieces as the network makes of it. */
export class Download {
  /** What has come and can be gone on with: also after a failure, for another try later. */
  received: Received | undefined;
  /** Whether the server lets what came be kept. */
  isStorable = true;
  private hasAnswer = false;
  private readonly resumption = new ResumePolicy();

  constructor(private readonly request: DownloadRequest) {
    this.received = request.partial;
  }

  /** @throws NETWORK_FAILED, ARTIFACT_TOO_LARGE, and AnswerError for an answer that brings no file */
  async run(): Promise<Downloaded | 'unchanged'> {
    for (;;) {
      try {
        const response = await this.ask();
        if (response.status === 304 && this.isConditional) {
          response.discard();
          return 'unchanged';
        }
        const file = await this.take(response);
        if (file) return file;
      } catch (error) {
        this.request.signal.throwIfAborted();
        await this.survive(error);
      }
    }
  }

  /** Whether the server may answer that nothing has changed: not while a part is asked for. */
  private get isConditional(): boolean {
    const { known } = this.request;
    return !this.received && (known?.etag ?? known?.lastModified) !== undefined;
  }

  private async ask(): Promise<HttpResponse> {
    const { http, url, headers, signal, answered } = this.request;
    const response = await http.request({
      url,
      headers: { ...headers, ...this.conditions() },
      privateHeaders: Object.keys(headers),
      signal,
    });
    answered?.();
    this.hasAnswer = true;
    return response;
  }

  private conditions(): Record<string, string> {
    const { received } = this;
    if (received?.validator !== undefined) {
      return { range: `bytes=${received.bytes}-`, 'if-range': received.validator };
    }
    const { etag, lastModified } = this.request.known ?? {};
    return {
      ...this.encoding(),
      ...(etag !== undefined && { 'if-none-match': etag }),
      ...(lastModified !== undefined && { 'if-modified-since': lastModified }),
    };
  }

  /** Some servers take .gz for an encoding; they send the file as it is where no encoding is taken. */
  private encoding(): Record<string, string> {
    return /\.t?gz$/i.test(this.request.url.pathname) ? { 'accept-encoding': 'identity' } : {};
  }

  /** Reads an answer; undefined where another must be asked for. */
  private async take(response: HttpResponse): Promise<Downloaded | undefined> {
    const received = this.receiverOf(response);
    this.received = received;
    if (!received) {
      response.discard();
      this.resumption.beginAnew();
      return undefined;
    }
    this.isStorable = !forbidsStorage(response.headers);
    await this.read(response, received);
    if (!received.isWhole) {
      this.goOn(received);
      return undefined;
    }
    const { content } = received;
    return { content, digest: received.digest(), traits: traitsOf(response), from: response.url };
  }

  /** Where the answer's bytes belong; undefined for a part that doesn't fit what is here. */
  private receiverOf(response: HttpResponse): Received | undefined {
    const { status, headers } = response;
    const { received } = this;
    if (received && status === 206) return fits(response, received) ? received : undefined;
    // What is here is longer than the file.
    if (received && status === 416) return undefined;
    if (status !== 200) throw this.refusal(response);
    return this.receiverOfWhole(response, headers['content-length']);
  }

  private receiverOfWhole(response: HttpResponse, length: string | undefined): Received {
    const totalBytes = length === undefined ? undefined : Number(length);
    this.received = undefined;
    try {
      return new Received(this.request.limitBytes, totalBytes, strongValidator(response.headers));
    } catch (error) {
      response.discard();
      throw error;
    }
  }

  private refusal(response: HttpResponse): EcliError {
    response.discard();
    const { url, headers } = this.request;
    const withCredentials = url.username !== '' || url.password !== '' || Object.keys(headers).length > 0;
    return refusedAnswer(response, { url, withCredentials });
  }

  private async read(response: HttpResponse, received: Received): Promise<void> {
    const { progress, signal } = this.request;
    progress(received.bytes, received.totalBytes);
    for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
      signal.throwIfAborted();
      received.append(chunk);
      progress(received.bytes, received.totalBytes);
    }
  }

  /** A part was not as long as it had to be. @throws NETWORK_FAILED when that goes on and on */
  private goOn(received: Received): void {
    if (received.isResumable) return this.resumption.goOn(received.bytes);
    this.received = undefined;
    this.resumption.beginAnew();
  }

  /** Waits until a failed request may be sent again. @throws `error` where there is no hope */
  private async survive(error: unknown): Promise<void> {
    const { received } = this;
    if (error instanceof EcliError && error.code === 'ARTIFACT_TOO_LARGE') this.received = undefined;
    // Until there is an answer, HttpClient has tried as often as makes sense.
    const pauseMs = this.hasAnswer ? this.resumption.afterFailure(error, received) : undefined;
    if (pauseMs === undefined) throw error;
    if (received?.isResumable !== true) this.received = undefined;
    const { diagnose, pause = timer, signal } = this.request;
    diagnose?.(
      `${(error as Error).message}; goes on after ${this.received?.bytes ?? 0} bytes in ${pauseMs} ms`,
    );
    await pause(pauseMs, signal);
  }
}

async function timer(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await wait(milliseconds, undefined, signal && { signal });
  } catch {
    signal?.throwIfAborted();
  }
}

/** Whether a part is of the same file as what is here, and follows on it. */
function fits({ headers }: HttpResponse, received: Received): boolean {
  const range = parseContentRange(headers['content-range']);
  if (range?.first !== received.bytes) return false;
  if (range.totalBytes !== undefined && range.totalBytes !== received.totalBytes) return false;
  const { etag } = headers;
  const isTag = received.validator?.startsWith('"') === true;
  return !isTag || etag === undefined || etag === received.validator;
}
