import { setMaxListeners } from 'node:events';
import { compileAddressPattern } from './address-pattern.ts';
import { discard, responseOf } from './answer.ts';
import { Connections, type Route } from './connections.ts';
import { AttemptFailure, exchange, type Answer } from './exchange.ts';
import { httpsSpoken, proxyRefusal, wordFailure } from './failures.ts';
import type { NetworkError } from './network-error.ts';
import { Patience } from './patience.ts';
import { isRedirect, RedirectTrail } from './redirect.ts';
import { spellHost, spellUrl } from './spell-url.ts';
import { choosesEncoding, firstStep, type Step } from './step.ts';
import { isUnknownAuthority } from './tls-failures.ts';
import type { HttpClientOptions, HttpRequest, HttpResponse } from './types.ts';

const CONNECT_TIMEOUT_MS = 10_000;
const STALL_TIMEOUT_MS = 30_000;

/** Asks servers over http and https, on connections that it keeps until it is closed. */
export class HttpClient {
  private readonly connections: Connections;
  /** Hosts of which was said that their certificates go unchecked. */
  private readonly unchecked = new Set<string>();

  constructor(private readonly options: HttpClientOptions = {}) {
    compileAddressPattern();
    const { caFile, insecure, environment = process.env } = options;
    this.connections = new Connections({ caFile, insecure, environment });
  }

  /**
   * Sends a request and hands out the answer as soon as its headers are there, whatever its status. An answer that may
   * be another one in a moment is asked for again; when it stays, it is handed out like others.
   * @throws NETWORK_FAILED (as NetworkError) when no answer comes, and the signal's reason
   */
  async request(request: HttpRequest): Promise<HttpResponse> {
    // One signal may end any number of requests.
    if (request.signal) setMaxListeners(0, request.signal);
    const trail = new RedirectTrail(request.privateHeaders);
    let step = firstStep(request);
    for (;;) {
      const answer = await this.answerTo(step, request);
      const { statusCode = 0, headers } = answer.incoming;
      const isFollowed = isRedirect(statusCode) && request.redirect !== 'manual';
      if (!isFollowed || headers.location === undefined) {
        return await responseOf(answer, step.url, !choosesEncoding(request));
      }
      discard(answer);
      step = trail.follow(step, statusCode, headers.location);
    }
  }

  /** Ends unused connections now, and those in use when their answers were read. */
  close(): void {
    this.connections.close();
  }

  /** The answer to one step, repeated while there is hope. */
  private async answerTo(step: Step, request: HttpRequest): Promise<Answer> {
    const patience = new Patience(request, this.options);
    for (;;) {
      const outcome = await this.attempt(step, request);
      if (outcome === 'trust widened') continue;
      if (outcome instanceof AttemptFailure) {
        const error = wordFailure(outcome.cause, outcome.undertaking);
        const delayMs = patience.afterFailure(outcome);
        if (delayMs === undefined) throw error;
        await patience.wait(delayMs, error.message);
        continue;
      }
      const delayMs = patience.afterAnswer(outcome);
      if (delayMs === undefined) return outcome;
      discard(outcome);
      await patience.wait(delayMs, `${outcome.incoming.statusCode ?? 0}`);
    }
  }

  private async attempt(
    step: Step,
    request: HttpRequest,
  ): Promise<Answer | AttemptFailure | 'trust widened'> {
    const route = await this.connections.routeTo(step.url);
    this.warnUnchecked(step.url);
    try {
      const answer = await exchange({
        ...step,
        body: step.withBody ? request.body : undefined,
        route,
        signal: request.signal,
        sent: request.sent,
        connectTimeoutMs: this.options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS,
        stallTimeoutMs: this.options.stallTimeoutMs ?? STALL_TIMEOUT_MS,
      });
      const { statusCode = 0, statusMessage = '' } = answer.incoming;
      this.diagnose(step, route, `${statusCode}`);
      const refusal =
        route.proxy && statusCode === 407
          ? proxyRefusal(route.proxy, step.url.host, statusCode, statusMessage)
          : refusalOfHttp(answer, step.url);
      if (!refusal) return answer;
      discard(answer);
      throw refusal;
    } catch (error) {
      if (!(error instanceof AttemptFailure)) throw error;
      const isWidened = isUnknownAuthority(error.cause) && this.connections.widenTrust(route);
      return isWidened ? 'trust widened' : error;
    }
  }

  private diagnose({ method, url }: Step, { proxy }: Route, outcome: string): void {
    const through = proxy ? ` through ${spellHost(proxy.url)}` : '';
    this.options.diagnose?.(`${method} ${spellUrl(url)}${through}: ${outcome}`);
  }

  private warnUnchecked(url: URL): void {
    if (!this.options.insecure || url.protocol !== 'https:' || this.unchecked.has(url.host)) return;
    this.unchecked.add(url.host);
    this.options.warn?.(
      `${spellHost(url)}: takes any certificate, so anybody can stand in its place (--insecure)`,
    );
  }
}

/** Servers in Go say 400 on a port of https to who speaks http, with words for people and no header at all. */
function refusalOfHttp({ incoming }: Answer, url: URL): NetworkError | undefined {
  const { statusCode, httpVersion, rawHeaders } = incoming;
  const isRefusal = statusCode === 400 && httpVersion === '1.0' && rawHeaders.length === 0;
  return isRefusal && url.protocol === 'http:' ? httpsSpoken(url) : undefined;
}
