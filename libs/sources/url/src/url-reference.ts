import { type Credentials, EcliError, printable, withoutCredentials } from '@ecli/core';
import { spellUrl } from '@ecli/http';

/** What a reference to a file on a web server says. */
export interface UrlReference {
  /** Without credentials and fragment. */
  readonly url: URL;
  /** For messages. */
  readonly spelled: string;
  /** Which bytes must come: `sha256:` and 64 lower-case hex digits. */
  readonly digest?: string;
  readonly credentials?: Credentials;
}

/** `#sha256=HEX`, or as digests are written elsewhere. */
const DIGEST = /^#sha256[=:](?<hex>[0-9a-f]{64})$/i;

/**
 * Reads `https://user:password@host/package.json#sha256=HEX`.
 *
 * @throws REFERENCE_UNSUPPORTED for what is no URL, and for a fragment that is no digest: one that is mistyped would
 * check nothing
 */
export function parseUrlReference(text: string): UrlReference {
  const url = parseUrl(text);
  const spelled = spellUrl(url);
  const digest = digestOf(url, spelled);
  const credentials = credentialsOf(url);
  url.username = '';
  url.password = '';
  url.hash = '';
  return { url, spelled, ...(digest !== undefined && { digest }), ...(credentials && { credentials }) };
}

function parseUrl(text: string): URL {
  if (URL.canParse(text)) {
    const url = new URL(text);
    if (url.protocol === 'http:' || url.protocol === 'https:') return url;
  }
  throw new EcliError('REFERENCE_UNSUPPORTED', `${printable(withoutCredentials(text))}: not an http(s) URL`, {
    hint: 'https:// or http://, a host, and a path: https://example.com/package.json',
  });
}

function digestOf({ hash }: URL, spelled: string): string | undefined {
  if (hash === '') return undefined;
  const hex = DIGEST.exec(hash)?.groups?.['hex'];
  if (hex !== undefined) return `sha256:${hex.toLowerCase()}`;
  const isDigest = /^#sha256\b/i.test(hash);
  const problem = isDigest ? 'a SHA-256 has 64 hex digits' : 'says nothing that ecli knows';
  throw new EcliError('REFERENCE_UNSUPPORTED', `${spelled}: ${printable(hash)}: ${problem}`, {
    hint: 'the digest that the file must have is written #sha256=HEX, as sha256sum prints it',
  });
}

function credentialsOf({ username, password }: URL): Credentials | undefined {
  if (username === '' && password === '') return undefined;
  return { username: decodeLeniently(username), password: decodeLeniently(password) };
}

/** A URL may hold a bare `%`, and bytes that are no UTF-8. */
function decodeLeniently(text: string): string {
  try {
    return decodeURIComponent(text.replace(/%(?![0-9a-f]{2})/gi, '%25'));
  } catch {
    return text;
  }
}
