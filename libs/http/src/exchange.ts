import type { ClientRequest, IncomingMessage, RequestOptions } from 'node:http';
import type { Socket } from 'node:net';
import { AnswerBody, type BodyWatch } from './answer-body.ts';
import type { Route } from './connections.ts';
import { outliveFailedWrites } from './failed-writes.ts';
import {
  bodyCut,
  bodyStalled,
  connectTimeout,
  onlyInterim,
  stalled,
  tooSlow,
  type Undertaking,
  upgraded,
} from './failures.ts';
import { Pace } from './pace.ts';
import { sendBody } from './request-body.ts';
import type { RequestBody } from './types.ts';

/** Over how many times of stalling bytes are counted: two minutes by default. */
const STALLS_IN_SPAN = 4;

/** How many answers may come before the answer (RFC 9110, 15.2): of each kind there is, one would do. */
const MOST_INTERIM_ANSWERS = 100;

/** One request on its way to one server, once. */
export interface Attempt {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: RequestBody | undefined;
  readonly route: Route;
  readonly signal: AbortSignal | undefined;
  readonly sent: ((bytes: number) => void) | undefined;
  readonly connectTimeoutMs: number;
  readonly stallTimeoutMs: number;
}

/** An answer whose body is still to come. */
export interface Answer {
  readonly incoming: IncomingMessage;
  readonly body: AnswerBody;
}

/** Why no answer came, and what was going on then. */
export class AttemptFailure extends Error {
  constructor(
    override readonly cause: unknown,
    readonly undertaking: Undertaking,
    /** Whether the connection was an earlier request's, which servers close whenever they like. */
    readonly reusedConnection: boolean,
  ) {
    super('no answer came');
  }
}

/**
 * Sends a request and hands out the answer, however early it comes.
 * @throws AttemptFailure, or the signal's reason
 */
export async function exchange(attempt: Attempt): Promise<Answer> {
  attempt.signal?.throwIfAborted();
  const { request } = attempt.route.secure ? await import('node:https') : await import('node:http');
  return await start(attempt, request).answer;
}

type Request = (options: RequestOptions) => ClientRequest;

/** Node refuses some requests at once, for what their headers hold. */
function start(attempt: Attempt, request: Request): Exchange {
  try {
    return new Exchange(attempt, request);
  } catch (error) {
    throw new AttemptFailure(error, { url: attempt.url, phase: 'connecting' }, false);
  }
}

class Exchange implements BodyWatch {
  readonly answer: Promise<Answer>;
  private readonly outgoing: ClientRequest;
  /** Aborted when nobody waits any more for the connection that is being made. */
  private readonly abandoned = new AbortController();
  private readonly connectTimer: NodeJS.Timeout;
  private phase: Undertaking['phase'] = 'connecting';
  private socket: Socket | undefined;
  private pace: Pace | undefined;
  private received: Answer | undefined;
  private isSent = false;
  private interimAnswers = 0;
  private reject: (error: unknown) => void = () => undefined;

  constructor(
    private readonly attempt: Attempt,
    request: Request,
  ) {
    this.outgoing = this.open(request);
    this.answer = new Promise((resolve, reject) => {
      this.reject = reject;
      this.outgoing.once('response', (incoming) => resolve(this.receive(incoming)));
    });
    // Once there is an answer, it is the one to tell that it was cut.
    this.outgoing.on('error', (error) => this.received ?? this.failAttempt(error));
    this.outgoing.on('information', () => {
      if (++this.interimAnswers > MOST_INTERIM_ANSWERS) this.failAttempt(onlyInterim(this.undertaking));
    });
    this.outgoing.once('upgrade', (_incoming, socket) => {
      socket.destroy();
      this.failAttempt(upgraded(this.undertaking));
    });
    this.outgoing.once('socket', (socket) => this.useSocket(socket));
    this.connectTimer = setTimeout(() => {
      this.failAttempt(connectTimeout(this.undertaking, attempt.connectTimeoutMs));
    }, attempt.connectTimeoutMs);
    attempt.signal?.addEventListener('abort', this.abort, { once: true });
    void this.send();
  }

  cut(receivedBytes: number): Error {
    const whole = this.received?.incoming.headers['content-length'];
    return bodyCut(this.attempt.url, receivedBytes, whole === undefined ? undefined : Number(whole));
  }

  end(): void {
    this.release();
    // What is left of the request is for nobody, and no other request may follow on half of one.
    if (!this.isSent) this.outgoing.destroy();
  }

  private get undertaking(): Undertaking {
    return { url: this.attempt.url, proxy: this.attempt.route.proxy, phase: this.phase };
  }

  private open(request: Request): ClientRequest {
    const { method, headers, route } = this.attempt;
    const options = { ...route.options, method, headers: { ...headers, ...route.headers } };
    return request({ ...options, abandoned: this.abandoned.signal } as RequestOptions);
  }

  private useSocket(socket: Socket): void {
    this.socket = socket;
    if (this.outgoing.reusedSocket) return this.useConnection(socket);
    socket.once(this.attempt.route.secure ? 'secureConnect' : 'connect', () => this.useConnection(socket));
  }

  private useConnection(socket: Socket): void {
    if (this.outgoing.destroyed) return;
    if (this.attempt.body) outliveFailedWrites(socket);
    clearTimeout(this.connectTimer);
    this.phase = this.isSent ? 'waiting' : 'sending';
    // Node counts bytes of both directions as signs of life.
    socket.setTimeout(this.attempt.stallTimeoutMs);
    socket.on('timeout', this.stall);
    this.pace = new Pace(socket, this.spanMs, this.slow);
  }

  private async send(): Promise<void> {
    const { body, sent } = this.attempt;
    try {
      await sendBody(this.outgoing, body, sent, () => this.received !== undefined);
      this.isSent = this.outgoing.writableEnded;
      if (this.phase === 'sending') this.phase = 'waiting';
    } catch (error) {
      if (!this.received) this.fail(error);
    }
  }

  private receive(incoming: IncomingMessage): Answer {
    this.received = { incoming, body: new AnswerBody(incoming, this) };
    return this.received;
  }

  private readonly stall = (): void => {
    const { url, stallTimeoutMs } = this.attempt;
    if (!this.received) return this.failAttempt(stalled(this.undertaking, stallTimeoutMs));
    // A reader that takes its time is not the server's fault.
    if (this.received.body.waitingMs < stallTimeoutMs) return void this.socket?.setTimeout(stallTimeoutMs);
    this.fail(bodyStalled(url, stallTimeoutMs));
  };

  private get spanMs(): number {
    return STALLS_IN_SPAN * this.attempt.stallTimeoutMs;
  }

  private readonly slow = (): void => {
    const { spanMs, received } = this;
    const failure = tooSlow(this.undertaking, this.pace?.leastBytes ?? 0, spanMs);
    if (!received) return this.failAttempt(failure);
    // Nor is this.
    if (received.body.waitingMs >= spanMs) this.fail(failure);
  };

  private readonly abort = (): void => this.fail(this.attempt.signal?.reason);

  private failAttempt(cause: unknown): void {
    this.fail(new AttemptFailure(cause, this.undertaking, this.outgoing.reusedSocket));
  }

  /** Ends whatever goes on; the first reason holds. */
  private fail(reason: unknown): void {
    this.release();
    this.abandoned.abort();
    this.reject(reason);
    if (this.received) this.received.body.destroy(reason as Error);
    else this.outgoing.destroy();
  }

  private release(): void {
    clearTimeout(this.connectTimer);
    this.pace?.end();
    this.socket?.removeListener('timeout', this.stall);
    this.attempt.signal?.removeEventListener('abort', this.abort);
  }
}
