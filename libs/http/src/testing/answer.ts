/** What a test server says in answer to one request, and how it gets it out. */
export interface ServerAnswer {
  readonly status: number;
  /** Names in lower case; Content-Length is added where there is none. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /** After how many bytes of the body the connection is cut; 0 is after the headers. */
  readonly cutAfter?: number;
  /** After how many bytes of the body nothing more comes. */
  readonly stallAfter?: number;
  /** Nothing is sent: for good, or until the connection is cut at once. */
  readonly silent?: 'stalls' | 'cuts';
  /** Whether the connection is closed after the answer without having said so. */
  readonly hangsUp?: boolean;
  /** Whether it is sent before the request's body was read, and the connection closed then. */
  readonly early?: boolean;
  /** Milliseconds before it is sent. */
  readonly delayMs?: number;
}

/** A request as a test server got it. */
export interface RecordedRequest {
  readonly method: string;
  /** Path and query; of a proxy that is asked to carry http, the whole URL. */
  readonly target: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Uint8Array;
  /** Which of the server's connections it came on, counted from 1. */
  readonly connection: number;
}

/** Makes another answer of the one that the server would give. */
export type Fault = (answer: ServerAnswer, request: RecordedRequest) => ServerAnswer;
