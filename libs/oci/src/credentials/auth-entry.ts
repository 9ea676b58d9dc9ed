import type { Credentials } from '@ecli/core';
import { EcliError, printable } from '@ecli/core';
import type { StoredCredentials } from '../content.ts';

/** An entry of `auths` as docker and podman write it; `{}` says that a helper has the rest. */
export interface AuthEntry {
  /** Base64 of `user:password`. */
  readonly auth?: string;
}

/** What stands in docker's way of telling a token from a user's name: in an entry, and in a helper's answer. */
export const TOKEN_USER = '<token>';

/**
 * Reads one entry of `auths`; undefined where it holds nothing.
 *
 * @throws SETTINGS_INVALID naming the file and the key, for what can't be read
 */
export function credentialsOf(entry: unknown, key: string, path: string): StoredCredentials | undefined {
  const invalid = (problem: string): EcliError =>
    new EcliError('SETTINGS_INVALID', `${printable(path)}: auths of ${printable(key)}: ${problem}`, {
      hint: `log in again: ecli login ${printable(key)}`,
    });
  if (entry === null) return undefined;
  if (typeof entry !== 'object' || Array.isArray(entry)) throw invalid('not an object');
  const text = (name: string): string => {
    const value = (entry as Readonly<Record<string, unknown>>)[name] ?? '';
    if (typeof value === 'string') return value;
    throw invalid(`${name} is not a string`);
  };
  const tokens = { identity: text('identitytoken'), registry: text('registrytoken') };
  if (tokens.identity !== '') return { kind: 'identity-token', token: tokens.identity, origin: path };
  if (tokens.registry !== '') return { kind: 'registry-token', token: tokens.registry, origin: path };
  const pair = text('auth') === '' ? pairOf(text('username'), text('password')) : decode(text('auth'));
  if (pair === 'malformed') throw invalid('auth is not the base64 of a user name and a password');
  if (pair === 'empty') return undefined;
  return { kind: 'password', ...pair, origin: path };
}

/** The entry that docker and podman read. */
export function authEntryOf({ username, password }: Credentials): AuthEntry {
  return { auth: Buffer.from(`${username}:${password}`).toString('base64') };
}

function pairOf(username: string, password: string): Credentials | 'empty' {
  return username === '' && password === '' ? 'empty' : { username, password };
}

/** The password may have colons; docker's oldest entries are padded by zeros. */
function decode(auth: string): Credentials | 'malformed' {
  if (!/^[A-Za-z0-9+/]+={0,2}\s*$/.test(auth)) return 'malformed';
  const text = Buffer.from(auth, 'base64').toString();
  const colon = text.indexOf(':');
  if (colon < 1) return 'malformed';
  return { username: text.slice(0, colon), password: text.slice(colon + 1).replace(/\0+$/, '') };
}
