import { EcliError } from '@ecli/core';
import { type HttpRequest, type HttpResponse, isLoopback, NetworkError } from '@ecli/http';
import { type Authorization, Authorizer, type Errand } from './auth/authorizer.ts';
import { parseChallenges } from './auth/challenge.ts';
import { originOf } from './origin.ts';
import { pause } from './pause.ts';
import { ELSEWHERE } from './refused.ts';
import { readRefusal } from './registry-error.ts';
import type { RegistryOptions } from './registry-options.ts';

/** A request to a registry; its `url` may be a path under the registry's origin. */
export interface RegistryRequest extends Omit<HttpRequest, 'url'>, Errand {
  readonly url: URL | string;
}

const DOCKER_HUB = 'docker.io';

/** What servers of TLS say to http: Go's, nginx's, Apache's. */
const SPEAKS_TLS =
  /HTTP request to an HTTPS server|plain HTTP request was sent to HTTPS|plain HTTP to an SSL/i;

/** Asks one registry, as whoever the user is to it. */
export class RegistrySession {
  readonly authorizer: Authorizer;
  private currentOrigin: URL;
  /** Until an answer has shown it, https may be what a registry on this machine speaks. */
  private isSettled: boolean;

  /** @throws REFERENCE_UNSUPPORTED when http is asked for where it may not be spoken */
  constructor(
    readonly registry: string,
    private readonly options: RegistryOptions,
  ) {
    const { plainHttp = false, scheme } = options;
    const isOwnMachine = isLoopback(originOf(registry, 'http'));
    if (scheme === 'http' && !plainHttp && !isOwnMachine) {
      throw new EcliError('REFERENCE_UNSUPPORTED', `http://${registry}: over http anybody can read along`, {
        hint: 'use https://, or add --plain-http if it is meant',
      });
    }
    this.isSettled = scheme !== undefined || plainHttp || !isOwnMachine;
    const isPlain = scheme === 'http' || (scheme === undefined && (plainHttp || isOwnMachine));
    this.currentOrigin = originOf(registry, isPlain ? 'http' : 'https');
    this.authorizer = new Authorizer(registry, options);
  }

  /** Waits before a transfer goes on that was cut. */
  pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
    return (this.options.pause ?? pause)(milliseconds, signal);
  }

  /** Where the registry is. */
  get origin(): URL {
    return this.currentOrigin;
  }

  /**
   * Sends a request, and again with what the registry demands to know of the user. The answer may have any status:
   * 401 and 403 when the user has nothing that would help.
   *
   * @throws NETWORK_FAILED, and REGISTRY_DENIED when the token service refuses the user
   */
  async send(request: RegistryRequest): Promise<HttpResponse> {
    const tried: Authorization[] = [];
    let authorization = await this.authorizer.first(request);
    for (;;) {
      tried.push(authorization);
      const response = await this.request(request, authorization.header);
      const { status, headers, url } = response;
      if ((status !== 401 && status !== 403) || url.origin !== this.origin.origin) return response;
      const challenges = status === 401 ? parseChallenges(headers['www-authenticate'] ?? '') : [];
      const next = await this.authorizer.next(challenges, request, tried, this.origin);
      if (!next) return response;
      response.discard();
      authorization = next;
    }
  }

  /**
   * Reads where an answer of the registry leads. A registry behind a proxy may take itself to be on http; what it
   * calls by its own name is meant to be reached as it was itself.
   *
   * @throws REMOTE_FAILED for what is not a URL, or leads from https to http
   */
  resolve(location: string, base: URL): URL {
    const url = URL.canParse(location, base.href) ? new URL(location, base) : undefined;
    if (!url || !/^https?:$/.test(url.protocol)) {
      throw new EcliError('REMOTE_FAILED', `${this.registry}: leads to what is not a URL`);
    }
    url.username = url.password = url.hash = '';
    if (url.protocol === 'http:' && base.protocol === 'https:') {
      if (url.hostname !== base.hostname) {
        throw new EcliError('REMOTE_FAILED', `${this.registry}: leads from https to http://${url.host}`, {
          hint: 'what goes over http can be read and changed on the way; nothing was sent there',
        });
      }
      url.protocol = 'https:';
      url.port = base.port;
    }
    return url;
  }

  private async request(request: RegistryRequest, authorization: string | undefined): Promise<HttpResponse> {
    if (this.isSettled) return this.requestOnce(request, authorization);
    const { signal } = request;
    const probe = await this.requestOnce({ ...request, repeatable: false }, authorization).catch(wasNoHttp);
    const isHttps = probe
      ? probe.status === 400 && (await this.refusesHttp(signal))
      : await this.speaksHttps(signal);
    if (isHttps) this.currentOrigin = originOf(this.registry, 'https');
    this.isSettled = true;
    if (probe && !isHttps && probe.status < 500 && probe.status !== 429) return probe;
    probe?.discard();
    return this.requestOnce(request, authorization);
  }

  private requestOnce(request: RegistryRequest, authorization: string | undefined): Promise<HttpResponse> {
    const { scopes: _scopes, repository: _repository, ...rest } = request;
    const url = new URL(request.url.toString(), this.origin);
    const isOwn = url.origin === this.origin.origin;
    const headers = { ...request.headers, ...(isOwn && authorization !== undefined && { authorization }) };
    return this.options.http.request({ ...rest, url, headers }).catch((error: unknown) => {
      throw this.registry === DOCKER_HUB ? whereHubIsAway(error) : error;
    });
  }

  private async refusesHttp(signal: AbortSignal | undefined): Promise<boolean> {
    const url = new URL('/v2/', this.origin);
    const { spelled } = await readRefusal(await this.options.http.request({ url, signal }));
    return SPEAKS_TLS.test(spelled);
  }

  /** A certificate that isn't trusted is https too, and what is wrong with it is what the user must hear. */
  private async speaksHttps(signal: AbortSignal | undefined): Promise<boolean> {
    const url = originOf(this.registry, 'https');
    const response = await this.options.http
      .request({ url: new URL('/v2/', url), repeatable: false, signal })
      .catch((error: unknown) => {
        if (!(error instanceof NetworkError)) throw error;
        const { code } = (error.cause ?? {}) as NodeJS.ErrnoException;
        const isHttp = code === 'ERR_SSL_WRONG_VERSION_NUMBER' || code === 'ERR_SSL_PACKET_LENGTH_TOO_LONG';
        return error.step === 'TLS' && !isHttp;
      });
    if (typeof response === 'boolean') return response;
    response.discard();
    return true;
  }
}

/** What comes of speaking http to a server of TLS that won't explain. Other failures go on. */
function wasNoHttp(error: unknown): undefined {
  if (error instanceof NetworkError && (error.step === 'transfer' || error.step === 'TLS')) return undefined;
  throw error;
}

/** Who wrote a name without a host may not have meant Docker Hub, and doesn't know the host that is away. */
function whereHubIsAway(error: unknown): unknown {
  if (!(error instanceof NetworkError) || (error.step !== 'name resolution' && error.step !== 'connect'))
    return error;
  const hint = `a name without a host means docker.io; ${ELSEWHERE}`;
  return new NetworkError(error.step, error.message, { hint, cause: error });
}
