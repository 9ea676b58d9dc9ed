import { printable } from '@ecli/core';
import { type HttpClient, type HttpResponse, isLoopback } from '@ecli/http';
import { readRefusal, RegistryError } from '../registry-error.ts';
import type { Challenge } from './challenge.ts';
import { basicAuthorization, GIVEN, type Identity, spellIdentity } from './identity.ts';
import type { Scope } from './scope.ts';

/** Allows what its scopes say until it expires. */
export interface Token {
  readonly value: string;
  /** By `performance.now()`. */
  readonly expiresAtMs: number;
}

const CLIENT_ID = 'ecli';
const ANSWER_LIMIT_BYTES = 256 * 1024;
/** https://distribution.github.io/distribution/spec/auth/token/: what older services mean by saying nothing. */
const DEFAULT_LIFETIME_S = 60;
/** Tokens are not used in their last seconds, for requests take time and clocks differ. */
const MARGIN_S = 10;
/** RFC 6750, 2.1: what may stand in the header. */
const TOKEN = /^[A-Za-z0-9._~+/-]+=*$/;

export interface TokenServiceOptions {
  readonly registry: string;
  /** Where the registry is. */
  readonly origin: URL;
  readonly http: Pick<HttpClient, 'request'>;
  /** Whether http was asked for. */
  readonly plainHttp: boolean;
}

/** Where a registry sends those who want to be let in; it hands out tokens for scopes. */
export class TokenService {
  private constructor(
    private readonly realm: URL,
    private readonly service: string | undefined,
    private readonly options: TokenServiceOptions,
  ) {}

  /**
   * Reads where a registry at `origin` sends its clients. Credentials will go there, so it must be as private as
   * the registry itself, and it is on this machine only where that is too.
   *
   * @throws REGISTRY_DENIED for a realm that isn't
   */
  static of({ parameters }: Challenge, options: TokenServiceOptions): TokenService {
    const { origin } = options;
    const text = parameters.get('realm') ?? '';
    const realm = URL.canParse(text, origin.href) ? new URL(text, origin) : undefined;
    const problem = realm ? problemOf(realm, options) : 'is not a URL';
    if (!realm || problem !== undefined) {
      const where = realm ? `${realm.protocol}//${realm.host}` : text.slice(0, 100);
      throw new RegistryError(
        `${origin.host}: its token service ${printable(where)} ${problem ?? ''}`.trimEnd(),
        {
          status: 401,
          hint: 'no credentials were sent there; tell whoever runs the registry',
        },
      );
    }
    realm.username = realm.password = realm.hash = '';
    return new TokenService(realm, parameters.get('service'), options);
  }

  get host(): string {
    return this.realm.host;
  }

  /** Tells services apart: by where they are and for whom they speak. */
  get key(): string {
    return `${this.realm.href} ${this.service ?? ''}`;
  }

  /** @throws REGISTRY_DENIED when it hands none out to `identity`, REMOTE_FAILED for an answer without a token */
  async tokenFor(scopes: readonly Scope[], identity: Identity, signal?: AbortSignal): Promise<Token> {
    const askedAtMs = performance.now();
    const response = await (identity?.kind === 'identity-token'
      ? this.exchange(identity.token, scopes, signal)
      : this.ask(scopes, identity, signal));
    if (response.status !== 200) throw await this.refused(response, identity);
    return this.read(await response.bytes(ANSWER_LIMIT_BYTES), askedAtMs);
  }

  /** https://distribution.github.io/distribution/spec/auth/token/ */
  private ask(scopes: readonly Scope[], identity: Identity, signal?: AbortSignal): Promise<HttpResponse> {
    const url = new URL(this.realm.href);
    if (this.service !== undefined) url.searchParams.set('service', this.service);
    for (const scope of scopes) url.searchParams.append('scope', scope);
    if (identity?.kind === 'password') url.searchParams.set('account', identity.username);
    const authorization = basicAuthorization(identity);
    return this.options.http.request({ url, headers: { ...(authorization && { authorization }) }, signal });
  }

  /** https://distribution.github.io/distribution/spec/auth/oauth/ */
  private exchange(token: string, scopes: readonly Scope[], signal?: AbortSignal): Promise<HttpResponse> {
    const form = new URLSearchParams({
      grant_type: 'refresh_token',
      service: this.service ?? '',
      client_id: CLIENT_ID,
      ...(scopes.length > 0 && { scope: scopes.join(' ') }),
      refresh_token: token,
    });
    return this.options.http.request({
      method: 'POST',
      url: this.realm,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: Buffer.from(form.toString()),
      // The token in the body is for this service alone, wherever it would send us.
      redirect: 'manual',
      repeatable: true,
      signal,
    });
  }

  private async refused(response: HttpResponse, identity: Identity): Promise<RegistryError> {
    const { status, errors, spelled } = await readRefusal(response, identity);
    if (status < 400 || status >= 500 || status === 429) {
      const hint = `try again later, or ask whoever runs ${this.options.registry}`;
      return new RegistryError(`token service ${this.host}: no token (${spelled})`, { status, errors, hint });
    }
    const whose = identity ? printable(spellIdentity(identity)) : 'a request without credentials';
    return new RegistryError(`token service ${this.host} refuses ${whose} (${spelled})`, {
      status: 401,
      errors,
      hint: this.hintFor(identity),
    });
  }

  private hintFor(identity: Identity): string {
    return identity?.origin === GIVEN
      ? 'check the user name and the password; many registries want a token for one'
      : `log in${identity ? ' anew' : ''}: ecli login ${this.options.registry}`;
  }

  private read(answer: Uint8Array, askedAtMs: number): Token {
    const { token, access_token: accessToken, expires_in: expiresIn } = parseJson(answer);
    const value = [token, accessToken].find((each) => typeof each === 'string' && TOKEN.test(each));
    if (typeof value !== 'string') {
      throw new RegistryError(`token service ${this.host}: answers without a token`, { status: 502 });
    }
    const isLifetime = typeof expiresIn === 'number' && expiresIn > 0;
    const lifetimeS = isLifetime ? expiresIn : DEFAULT_LIFETIME_S;
    return { value, expiresAtMs: askedAtMs + Math.max(lifetimeS - MARGIN_S, lifetimeS / 2) * 1000 };
  }
}

function problemOf(realm: URL, { origin, plainHttp }: TokenServiceOptions): string | undefined {
  if (realm.protocol !== 'https:' && realm.protocol !== 'http:') return 'is not reached over http or https';
  const isOwnMachine = isLoopback(realm);
  if (isOwnMachine && !isLoopback(origin)) return 'is on this machine, and the registry is not';
  if (realm.protocol === 'https:' || isOwnMachine) return undefined;
  return origin.protocol === 'http:' && plainHttp
    ? undefined
    : 'is reached over http, where anybody can read along';
}

function parseJson(bytes: Uint8Array): Readonly<Record<string, unknown>> {
  try {
    const document: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return typeof document === 'object' && document !== null ? (document as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
