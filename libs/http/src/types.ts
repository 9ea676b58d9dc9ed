import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import type { NetworkOptions } from '@ecli/core';

export interface HttpClientOptions extends NetworkOptions {
  /** Where HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY stand, in either case; the process's own by default. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** From the request to the established (TLS) connection; 10 seconds by default. */
  readonly connectTimeoutMs?: number;
  /** How long nothing may come or go on an established connection; 30 seconds by default. */
  readonly stallTimeoutMs?: number;
  /** How often a request is repeated that failed in a way that passes (408, 429, 5xx, a cut connection); 4 by default. */
  readonly retries?: number;
  /** Waits between attempts; timers by default. Rejects with the signal's reason. */
  readonly pause?: (milliseconds: number, signal: AbortSignal | undefined) => Promise<void>;
  readonly warn?: (line: string) => void;
  readonly diagnose?: (line: string) => void;
}

/** Bytes to send: in memory, or to be opened anew at each attempt. */
export type RequestBody = Uint8Array | { readonly size: number; open(): AsyncIterable<Uint8Array> };

export interface HttpRequest {
  /** GET by default. */
  readonly method?: string;
  /** A user and password in it are sent to its origin by Basic, unless there is an `authorization` header. */
  readonly url: URL;
  /** With `accept-encoding` among them the body comes as the server sends it, be it encoded. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Lower-case names of headers that go to the origin of `url` alone; `authorization` and `cookie` always do. */
  readonly privateHeaders?: readonly string[];
  readonly body?: RequestBody;
  readonly signal?: AbortSignal | undefined;
  /** Follows up to ten redirects by default, never from https to http; `manual` returns the 3xx answer. */
  readonly redirect?: 'follow' | 'manual';
  /** Whether it may be sent twice; by default all methods but POST and PATCH may. */
  readonly repeatable?: boolean;
  /** Hears of the body's bytes as they leave, of each attempt's anew. */
  readonly sent?: (bytes: number) => void;
}

/** An answer of any status: only what kept an answer from coming is thrown. */
export interface HttpResponse {
  readonly status: number;
  /** Without Content-Encoding and Content-Length where the encoding was undone. */
  readonly headers: IncomingHttpHeaders;
  /** Where it came from, after redirects. */
  readonly url: URL;
  /**
   * The body with its Content-Encoding undone; must be read, or else discarded. Fails with NETWORK_FAILED when the connection is cut or stalls, or
   * when fewer bytes come than Content-Length says.
   */
  readonly body: Readable;
  /** Reads the whole body. @throws ARTIFACT_TOO_LARGE as soon as it passes the limit, and what `body` fails with */
  bytes(limitBytes: number): Promise<Uint8Array>;
  /** Lets the body go unread, so that its connection can be used again or is closed. */
  discard(): void;
}
