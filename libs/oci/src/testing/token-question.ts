import type { IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { CREDENTIALS } from './test-credentials.ts';

/** What a client asks of a token service. */
export interface TokenQuestion {
  readonly method: string;
  /** Who asks, by password or refresh token; undefined for anonymous callers and for those who fail to prove it. */
  readonly account: string | undefined;
  /** Whether it shows a password or token that is wrong. */
  readonly isRefused: boolean;
  readonly grantType: string | undefined;
  readonly clientId: string | undefined;
  readonly service: string | undefined;
  /** As asked for: `repository:org/tool:pull,push`. */
  readonly scopes: readonly string[];
  readonly wantsRefreshToken: boolean;
  readonly headers: IncomingMessage['headers'];
}

interface Proof {
  readonly account?: string;
  readonly isRefused?: boolean;
}

/** Reads a question in either form: a query with Basic, or OAuth 2's form in a POST. */
export async function readQuestion(request: IncomingMessage, refreshToken: string): Promise<TokenQuestion> {
  const { method = 'GET', headers } = request;
  const isPost = method === 'POST';
  const query = new URL(request.url ?? '/', 'http://localhost').searchParams;
  const values = isPost ? new URLSearchParams(await text(request)) : query;
  const proof = isPost ? proofOfForm(values, refreshToken) : proofOfHeader(headers.authorization);
  return {
    method,
    account: proof.account,
    isRefused: proof.isRefused ?? false,
    grantType: values.get('grant_type') ?? undefined,
    clientId: values.get('client_id') ?? undefined,
    service: values.get('service') ?? undefined,
    scopes: values
      .getAll('scope')
      .flatMap((scope) => scope.split(' '))
      .filter(Boolean),
    wantsRefreshToken: values.get('offline_token') === 'true' || values.get('access_type') === 'offline',
    headers,
  };
}

/** https://distribution.github.io/distribution/spec/auth/oauth/ */
function proofOfForm(form: URLSearchParams, refreshToken: string): Proof {
  const isKnown =
    form.get('grant_type') === 'refresh_token'
      ? form.get('refresh_token') === refreshToken
      : form.get('username') === CREDENTIALS.username && form.get('password') === CREDENTIALS.password;
  return isKnown ? { account: CREDENTIALS.username } : { isRefused: true };
}

function proofOfHeader(authorization: string | undefined): Proof {
  if (authorization === undefined) return {};
  const { username, password } = CREDENTIALS;
  const expected = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  return authorization === expected ? { account: username } : { isRefused: true };
}
