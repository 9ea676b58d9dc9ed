import type { Credentials } from '@ecli/core';
import type { CredentialStore, StoredCredentials } from '../../content.ts';

/** Who asks: undefined is nobody in particular. */
export type Identity = StoredCredentials | undefined;

/** How Docker's helpers say that the secret is an identity token. */
const TOKEN_USER = '<token>';

/** Where credentials came from that the user gave for one call. */
export const GIVEN = 'given';

/** Finds who the user is to each repository of one registry, and remembers it. */
export class Identities {
  private readonly found = new Map<string, Promise<Identity>>();

  constructor(
    private readonly registry: string,
    private readonly store: CredentialStore,
    private readonly inline: Credentials | undefined,
  ) {}

  /** @throws SETTINGS_INVALID when a file of credentials can't be read */
  of(repository: string | undefined): Promise<Identity> {
    const key = repository ?? '';
    const known = this.found.get(key);
    if (known) return known;
    const finding = this.inline
      ? Promise.resolve(given(this.inline))
      : this.store.find(this.registry, repository);
    this.found.set(key, finding);
    return finding;
  }
}

function given(credentials: Credentials): StoredCredentials {
  const { username, password } = credentials;
  return username === TOKEN_USER
    ? { kind: 'identity-token', token: password, origin: GIVEN }
    : { kind: 'password', username, password, origin: GIVEN };
}

/** Makes the header of Basic authentication (RFC 7617); undefined for who has no password. */
export function basicAuthorization(identity: Identity): string | undefined {
  if (identity?.kind !== 'password') return undefined;
  return `Basic ${Buffer.from(`${identity.username}:${identity.password}`).toString('base64')}`;
}

/** Takes out of a server's words the secrets that it was sent, in any spelling that they were sent in. */
export function withoutSecretsOf(identity: Identity, text: string): string {
  if (!identity) return text;
  const secret = identity.kind === 'password' ? identity.password : identity.token;
  const sent = basicAuthorization(identity)?.replace('Basic ', '') ?? '';
  const spellings = [
    sent,
    JSON.stringify(secret).slice(1, -1),
    new URLSearchParams({ secret }).toString().slice('secret='.length),
    secret,
  ];
  return spellings
    .filter((spelling) => spelling !== '')
    .reduce((shown, spelling) => shown.replaceAll(spelling, () => '***'), text);
}

/** Names credentials for messages: whose they are and where they stand, never what they are. */
export function spellIdentity(identity: NonNullable<Identity>): string {
  const whose = identity.kind === 'password' ? `of ${identity.username}` : 'by identity token';
  return identity.origin === GIVEN
    ? `the credentials given (${whose})`
    : `the credentials ${whose} in ${identity.origin}`;
}
