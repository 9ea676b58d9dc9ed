import { EcliError, type FetchContext } from '@ecli/core';
import { type HttpClient, type HttpResponse, NetworkError } from '@ecli/http';
import { parseContentRange } from './headers/content-range.ts';
import { forbidsStorage, strongValidator, traitsOf } from './headers/file-traits.ts';
import { Received } from './received.ts';
import { refusedAnswer } from './refused-answer.ts';
import type { FileTraits, WebFile } from './web-file.ts';

/** How often a download goes on where it was cut, and how often it begins anew, before it fails. */
const MOST_CONTINUATIONS = 8;
const MOST_RESTARTS = 3;

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
}

/** A file that came, and whether it may be kept. */
export interface Downloaded extends WebFile {
  readonly storable: boolean;
}

/** Gets one file, in as many pieces as the network makes of it. */
export class Download {
  /** What has come and can be gone on with: also after a failure, for another try later. */
  received: Received | undefined;
  private storable = true;
  private continuations = 0;
  private restarts = 0;

  constructor(private readonly request: DownloadRequest) {
    this.received = request.partial;
  }

  /** Whether the server lets what came be kept. */
  get isStorable(): boolean {
    return this.storable;
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
        const outcome = await this.take(response);
        if (outcome) return outcome;
      } catch (error) {
        this.request.signal.throwIfAborted();
        if (!this.maySurvive(error)) throw error;
        this.request.diagnose?.(`${error.message}; goes on after ${this.received?.bytes ?? 0} bytes`);
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

  /** Servers that take .gz for an encoding and not for a file send the file where no encoding is taken. */
  private encoding(): Record<string, string> {
    return /\.t?gz$/i.test(this.request.url.pathname) ? { 'accept-encoding': 'identity' } : {};
  }

  /** Reads an answer; undefined where another must be asked for. */
  private async take(response: HttpResponse): Promise<Downloaded | undefined> {
    const received = this.receiverOf(response);
    if (!received) {
      response.discard();
      this.restart();
      return undefined;
    }
    this.received = received;
    this.storable = !forbidsStorage(response.headers);
    await this.read(response, received);
    if (!received.isWhole) {
      this.goOn();
      return undefined;
    }
    return {
      content: received.content,
      digest: received.digest(),
      traits: traitsOf(response),
      storable: this.storable,
    };
  }

  /** Where the answer's bytes belong; undefined for a part that doesn't fit what is here. */
  private receiverOf(response: HttpResponse): Received | undefined {
    const { status, headers } = response;
    if (status === 206 && this.received && fits(response, this.received)) return this.received;
    // 416 says that what is here is longer than the file.
    if (this.received && (status === 206 || status === 416)) return undefined;
    if (status !== 200) throw this.refusal(response);
    const length = headers['content-length'];
    const totalBytes = length === undefined ? undefined : Number(length);
    try {
      return new Received(this.request.limitBytes, totalBytes, strongValidator(headers));
    } catch (error) {
      this.received = undefined;
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
    try {
      for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
        signal.throwIfAborted();
        received.append(chunk);
        progress(received.bytes, received.totalBytes);
      }
    } catch (error) {
      if (error instanceof EcliError && error.code === 'ARTIFACT_TOO_LARGE') this.received = undefined;
      throw error;
    }
  }

  /** Whether a cut or stalled connection is survived; counts. */
  private maySurvive(error: unknown): error is NetworkError {
    if (!(error instanceof NetworkError) || !this.received) return false;
    if (error.step !== 'transfer' && error.step !== 'timeout') return false;
    if (this.received.isResumable) return ++this.continuations <= MOST_CONTINUATIONS;
    this.received = undefined;
    return ++this.restarts <= MOST_RESTARTS;
  }

  /** A part was shorter than what was asked for. @throws NETWORK_FAILED when that is all that comes */
  private goOn(): void {
    const { received } = this;
    if (received?.isResumable && received.bytes < (received.totalBytes ?? 0)) {
      if (++this.continuations <= MOST_CONTINUATIONS) return;
      throw new NetworkError('transfer', `only ${received.bytes} of ${received.totalBytes} bytes came`);
    }
    this.restart();
  }

  /** @throws NETWORK_FAILED when it has begun anew too often */
  private restart(): void {
    this.received = undefined;
    if (++this.restarts <= MOST_RESTARTS) return;
    throw new NetworkError('transfer', 'the parts that come do not belong together');
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
