import { type Certificates, createCertificates } from '@ecli/http/testing';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { type IncomingMessage, type RequestListener, type ServerResponse, createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { closeServer } from './close-server.ts';
import { type Access, type Claims, tokenSigner } from './json-web-token.ts';
import { CREDENTIALS } from './test-credentials.ts';
import { type TokenQuestion, readQuestion } from './token-question.ts';

/** How a token service answers; a test changes it to have one that is rude. */
export interface TokenManners {
  /** How long a token is said to be good for; undefined as in old services: clients take it for 60 seconds. */
  expiresInSeconds: number | undefined;
  /** How long it is good for in truth; registries allow 60 seconds more, so one of -61 is taken by none. */
  lifetimeSeconds: number;
  /** Under which name it comes: Docker's, that of OAuth 2, or both. */
  member: 'token' | 'access_token' | 'both';
  /** Which repositories everybody may pull from; those under `public/` by default. */
  isPublic: (repository: string) => boolean;
  /** The status of every answer, without a token; undefined for honest ones. */
  status: number | undefined;
  /** Whether POST, OAuth 2's way, is there at all. */
  takesPosts: boolean;
}

/** What was asked, and what it got: undefined for an answer without a token. */
export type TokenRequest = TokenQuestion & { readonly granted: readonly Access[] | undefined };

/** What a registry must know of a token service (https://distribution.github.io/distribution/about/configuration/#token). */
export interface TokenRealm {
  /** The URL that the challenge sends clients to. */
  readonly realm: string;
  readonly service: string;
  readonly issuer: string;
  /** PEM of the authority over the key that signs. */
  readonly authorityFile: string;
}

/** Hands out tokens: for everything to Alice, to others for pulling what is public. */
export interface TokenService extends TokenRealm {
  readonly origin: string;
  readonly credentials: { readonly username: string; readonly password: string };
  /** Buys access tokens for Alice by POST. */
  readonly refreshToken: string;
  readonly manners: TokenManners;
  /** All that it was asked, in order. */
  readonly requests: readonly TokenRequest[];
  stop(): Promise<void>;
}

/** Starts a token service of the kind that docker's registry sends its clients to; over https when given `tls`. */
export async function startTokenService(tls?: Certificates): Promise<TokenService> {
  const folder = await mkdtemp(join(tmpdir(), 'ecli-test-tokens-'));
  const certificates = tls ?? (await createCertificates(folder));
  const { key, cert } = certificates.server;
  const office = new TokenOffice(tokenSigner(key, cert));
  const server = tls ? createTlsServer({ key, cert }, office.listener) : createServer(office.listener);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  // By name: oras and crane refuse a realm on a loopback address.
  const origin = `${tls ? 'https' : 'http'}://localhost:${(server.address() as AddressInfo).port}`;
  return {
    origin,
    realm: `${origin}/token`,
    service: office.service,
    issuer: office.issuer,
    authorityFile: certificates.caFile,
    credentials: CREDENTIALS,
    refreshToken: office.refreshToken,
    manners: office.manners,
    requests: office.requests,
    stop: async () => {
      await closeServer(server);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Decides who gets which token. */
class TokenOffice {
  readonly service = 'ecli test registry';
  readonly issuer = 'ecli test tokens';
  readonly refreshToken = randomUUID();
  readonly requests: TokenRequest[] = [];
  readonly manners: TokenManners = {
    expiresInSeconds: 300,
    lifetimeSeconds: 300,
    member: 'both',
    isPublic: (repository) => repository.startsWith('public/'),
    status: undefined,
    takesPosts: true,
  };

  constructor(private readonly sign: (claims: Claims) => string) {}

  readonly listener: RequestListener = (request, response) => {
    this.answer(request, response).catch((error: unknown) => response.destroy(error as Error));
  };

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const question = await readQuestion(request, this.refreshToken);
    const status = this.statusFor(question);
    const granted = status === 200 ? this.grant(question) : undefined;
    this.requests.push({ ...question, granted });
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(granted ? this.tokens(question, granted) : { details: 'no token' }));
  }

  private statusFor({ method, isRefused }: TokenQuestion): number {
    if (this.manners.status !== undefined) return this.manners.status;
    if (method === 'POST' && !this.manners.takesPosts) return 405;
    return isRefused ? 401 : 200;
  }

  /** Less than was asked for is no error: the registry will say that it isn't enough. */
  private grant({ account, scopes }: TokenQuestion): Access[] {
    return scopes.map(parseScope).map((access) => {
      if (account === CREDENTIALS.username) return access;
      const isPublic = access.type === 'repository' && this.manners.isPublic(access.name);
      return { ...access, actions: access.actions.filter((action) => isPublic && action === 'pull') };
    });
  }

  private tokens({ account = '', wantsRefreshToken }: TokenQuestion, access: readonly Access[]): object {
    const { lifetimeSeconds, expiresInSeconds, member } = this.manners;
    const { issuer, service: audience } = this;
    const token = this.sign({ issuer, subject: account, audience, lifetimeSeconds, access });
    return {
      ...(member !== 'access_token' && { token }),
      ...(member !== 'token' && { access_token: token }),
      ...(expiresInSeconds !== undefined && { expires_in: expiresInSeconds }),
      ...(wantsRefreshToken && account && { refresh_token: this.refreshToken }),
    };
  }
}

/** `type:name:action,action`; a name may have colons, since it may begin with a host and port. */
function parseScope(scope: string): Access {
  const [, type = '', name = '', actions = ''] = /^([^:]*):(.*):([^:]*)$/.exec(scope) ?? [];
  return { type, name, actions: actions.split(',') };
}
