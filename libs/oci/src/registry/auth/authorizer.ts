import { printable } from '@ecli/core';
import type { RegistryOptions } from '../registry-options.ts';
import type { Challenge } from './challenge.ts';
import { basicAuthorization, GIVEN, Identities, type Identity, spellIdentity } from './identity.ts';
import { covers, isReading, type Scope } from './scope.ts';
import { type Token, TokenService } from './token-service.ts';

/** What is to be authorized. */
export interface Errand {
  readonly scopes: readonly Scope[];
  /** Whose credentials are meant, where the registry has several. */
  readonly repository?: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** One try: the header that was sent, and for tokens where it came from. */
export interface Authorization {
  readonly header: string | undefined;
  readonly identity: Identity;
  readonly scopes: readonly Scope[];
  /** False for a token that was at hand, and may have become worthless since. */
  readonly isFresh: boolean;
}

interface CachedToken {
  readonly token: Token;
  readonly service: string;
  readonly identity: Identity;
  readonly scopes: readonly Scope[];
}

const NOTHING: Authorization = { header: undefined, identity: undefined, scopes: [], isFresh: false };

/** How often one request is made with another header; ways that are left are never more than this. */
const MOST_TRIES = 4;

/** Knows how one registry wants to be asked, and keeps the tokens that it was given for it. */
export class Authorizer {
  private readonly identities: Identities;
  private readonly tokens = new Set<CachedToken>();
  private readonly asked = new Map<string, Promise<Authorization>>();
  /** Stored credentials that were refused where nobody's did. */
  private readonly stale = new Set<Identity>();
  private readonly warned = new Set<string>();
  private method: 'basic' | TokenService | undefined;

  constructor(
    private readonly registry: string,
    private readonly options: RegistryOptions,
  ) {
    this.identities = new Identities(registry, options.credentials, options.inline);
  }

  /** Whether the registry has asked who the user is. */
  get isNeeded(): boolean {
    return this.method !== undefined;
  }

  /** Who the user is to the repository. */
  identityOf(repository: string | undefined): Promise<Identity> {
    return this.identities.of(repository);
  }

  /** The header for a request, by what the registry has asked for so far; before that, none. */
  async first(errand: Errand): Promise<Authorization> {
    if (this.method === undefined) return NOTHING;
    const identity = await this.whoAsks(errand);
    if (this.method === 'basic') {
      return { header: basicAuthorization(identity), identity, scopes: [], isFresh: true };
    }
    return (
      this.cached(this.method, errand.scopes, identity) ??
      (await this.tokenOrAnonymous(this.method, errand, identity, errand.scopes))
    );
  }

  /**
   * Another header for a request that was refused with those of `tried`; undefined when there is none left.
   *
   * @throws REGISTRY_DENIED when the token service refuses credentials that are needed
   */
  async next(
    challenges: readonly Challenge[],
    errand: Errand,
    tried: readonly Authorization[],
    origin: URL,
  ): Promise<Authorization | undefined> {
    if (tried.length >= MOST_TRIES) return undefined;
    const identity = await this.whoAsks(errand);
    const bearer = challenges.find(({ scheme }) => scheme === 'bearer');
    if (!bearer && challenges.some(({ scheme }) => scheme === 'basic')) {
      this.method = 'basic';
      const header = basicAuthorization(identity);
      const isNew = header !== undefined && tried.every((each) => each.header !== header);
      return isNew ? { header, identity, scopes: [], isFresh: true } : undefined;
    }
    if (bearer) {
      const { http, plainHttp = false } = this.options;
      this.method = TokenService.of(bearer, { registry: this.registry, origin, http, plainHttp });
    }
    return this.method instanceof TokenService
      ? this.nextToken(this.method, bearer, errand, tried)
      : undefined;
  }

  /** Who the user is to the repository, unless reading there has turned out to be for nobody in particular. */
  private async whoAsks({ repository, scopes }: Errand): Promise<Identity> {
    const identity = await this.identities.of(repository);
    return this.stale.has(identity) && isReading(scopes) ? undefined : identity;
  }

  private async nextToken(
    service: TokenService,
    challenge: Challenge | undefined,
    errand: Errand,
    tried: readonly Authorization[],
  ): Promise<Authorization | undefined> {
    for (const { header } of tried) this.forget(header);
    const identity = await this.whoAsks(errand);
    // Another request may have been given one meanwhile.
    const known = this.cached(service, errand.scopes, identity);
    if (known) return known;
    const wasTried = (who: Identity, scopes: readonly Scope[]): boolean =>
      tried.some((each) => each.isFresh && each.identity === who && covers(each.scopes, scopes));
    if (challenge && !wasTried(identity, errand.scopes)) {
      return this.tokenOrAnonymous(service, errand, identity, errand.scopes);
    }
    const wider = [...new Set([...errand.scopes, ...scopesOf(challenge)])];
    if (challenge?.parameters.get('error') === 'insufficient_scope' && !wasTried(identity, wider)) {
      return this.tokenOrAnonymous(service, errand, identity, wider);
    }
    if (!this.mayGoWithout(identity, errand) || wasTried(undefined, errand.scopes)) return undefined;
    return this.withoutCredentials(service, errand, identity, errand.scopes);
  }

  /** A token for who the user is; where that one is refused and reading is all that is wanted, one for nobody. */
  private async tokenOrAnonymous(
    service: TokenService,
    errand: Errand,
    identity: Identity,
    scopes: readonly Scope[],
  ): Promise<Authorization> {
    try {
      return await this.fetchToken(service, errand, identity, scopes);
    } catch (error) {
      const isDenial = (error as { code?: string }).code === 'REGISTRY_DENIED';
      if (!isDenial || !this.mayGoWithout(identity, errand)) throw error;
      // What they were refused with is what counts when without them it is refused as well.
      const without = await this.withoutCredentials(service, errand, identity, scopes);
      if (without) return without;
      throw error;
    }
  }

  /**
   * Stored credentials go stale unnoticed, and some registries then refuse what anybody may read. Those that were
   * given for this call are meant.
   */
  private mayGoWithout(identity: Identity, { scopes }: Errand): boolean {
    return identity !== undefined && identity.origin !== GIVEN && isReading(scopes);
  }

  private async withoutCredentials(
    service: TokenService,
    errand: Errand,
    identity: Identity,
    scopes: readonly Scope[],
  ): Promise<Authorization | undefined> {
    const anonymous = await this.fetchToken(service, errand, undefined, scopes).catch(() => undefined);
    if (!anonymous || !identity) return anonymous;
    this.stale.add(identity);
    const spelled = printable(spellIdentity(identity));
    if (!this.warned.has(spelled)) this.options.warn?.(`${spelled} were refused; going on without them`);
    this.warned.add(spelled);
    return anonymous;
  }

  private cached(
    service: TokenService,
    scopes: readonly Scope[],
    identity: Identity,
  ): Authorization | undefined {
    for (const entry of this.tokens) {
      if (entry.token.expiresAtMs <= performance.now()) this.tokens.delete(entry);
      else if (entry.service === service.key && entry.identity === identity && covers(entry.scopes, scopes)) {
        return { header: `Bearer ${entry.token.value}`, identity, scopes: entry.scopes, isFresh: false };
      }
    }
    return undefined;
  }

  private forget(header: string | undefined): void {
    for (const entry of this.tokens) {
      if (`Bearer ${entry.token.value}` === header) this.tokens.delete(entry);
    }
  }

  /** Requests that need the same token wait for the same answer. */
  private fetchToken(
    service: TokenService,
    { signal }: Errand,
    identity: Identity,
    scopes: readonly Scope[],
  ): Promise<Authorization> {
    // It is what the service would answer with.
    if (identity?.kind === 'registry-token') {
      return Promise.resolve({ header: `Bearer ${identity.token}`, identity, scopes, isFresh: true });
    }
    const key = JSON.stringify([service.key, scopes, identity ?? null]);
    const pending = this.asked.get(key);
    if (pending) return pending;
    const asking = service
      .tokenFor(scopes, identity, signal)
      .then((token) => {
        const who = identity ? spellIdentity(identity) : 'nobody';
        this.options.diagnose?.(
          printable(`${service.host}: token for ${scopes.join(' ') || 'nothing'} (${who})`),
        );
        this.tokens.add({ token, service: service.key, identity, scopes });
        return { header: `Bearer ${token.value}`, identity, scopes, isFresh: true };
      })
      .finally(() => this.asked.delete(key));
    this.asked.set(key, asking);
    return asking;
  }
}

function scopesOf(challenge: Challenge | undefined): readonly Scope[] {
  return (challenge?.parameters.get('scope') ?? '').split(' ').filter(Boolean);
}
