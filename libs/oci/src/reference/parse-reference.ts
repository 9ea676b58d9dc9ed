import type { Credentials } from '@ecli/core';
import { refuse, ReferencePart } from './refuse.ts';
import { COMPONENT, DIGEST, HOST, LONGEST_REPOSITORY, TAG } from './grammar.ts';
import type { ImageReference } from './image-reference.ts';

/** https://github.com/distribution/reference/blob/main/normalize.go: what Docker leaves out of references. */
const DOCKER_HUB = 'docker.io';
const DOCKER_HUB_NAMES: readonly string[] = [DOCKER_HUB, 'index.docker.io', 'registry-1.docker.io'];
const DOCKER_LIBRARY = 'library/';

/** Longer text is no reference, and is not looked into. */
const LONGEST_REFERENCE = 4096;

const SCHEME = /^(oci|docker|https?):\/\//i;

/**
 * Reads a reference by the grammar in grammar.ts and by Docker's rules for what is left out: the first part is a
 * host when it has a dot, a colon or an upper-case letter or is `localhost`, and else docker.io is meant, where
 * names of one word are in `library/`. `localhost:5000/x` is a registry; a scheme makes any first part one.
 *
 * @throws REFERENCE_UNSUPPORTED saying what is wrong where, without the credentials that stand in it
 */
export function parseReference(text: string): ImageReference {
  if (text.length > LONGEST_REFERENCE) throw refuse(text, 'too long for a reference');
  const { scheme, credentials, rest } = splitAuthority(text);
  const { name, digest } = splitDigest(rest, text);
  const { path, tag } = splitTag(name);
  const { host, repository } = splitHost(path, scheme, text);
  checkRepository(repository, text);
  if (tag !== undefined && !TAG.test(tag)) throw refuse(text, ReferencePart.tag(tag));
  if (digest !== undefined && !DIGEST.test(digest)) throw refuse(text, ReferencePart.digest(digest));
  return {
    ...locate(host, repository),
    ...(tag !== undefined && { tag }),
    ...(digest !== undefined && { digest }),
    ...(credentials !== undefined && { credentials }),
    ...((scheme === 'http' || scheme === 'https') && { scheme }),
  };
}

/** Tells whether `text` can be read as a reference; nothing is asked whether anything is there. */
export function isReference(text: string): boolean {
  try {
    parseReference(text);
    return true;
  } catch {
    return false;
  }
}

/**
 * Reads the host of a registry as users type it for `ecli login`: with or without a scheme, and with nothing after it.
 *
 * @throws REFERENCE_UNSUPPORTED
 */
export function parseRegistryHost(text: string): Pick<ImageReference, 'registry' | 'scheme'> {
  const [prefix] = SCHEME.exec(text) ?? ['oci://'];
  const host = text.replace(SCHEME, '').replace(/\/+$/, '');
  if (host.includes('@')) throw refuse(`${prefix}${host}/`, 'a host with credentials', 'give --username');
  if (host === '' || host.includes('/')) throw refuse(text, 'not the host of a registry');
  const { registry, scheme } = parseReference(`${prefix}${host}/x`);
  return { registry, ...(scheme !== undefined && { scheme }) };
}

interface Authority {
  readonly scheme?: string;
  readonly credentials?: Credentials;
  readonly rest: string;
}

function splitAuthority(text: string): Authority {
  const scheme = SCHEME.exec(text)?.[1]?.toLowerCase();
  if (scheme === undefined) return { rest: text };
  const rest = text.slice(`${scheme}://`.length);
  const slash = rest.indexOf('/');
  const authority = slash < 0 ? rest : rest.slice(0, slash);
  // A password may hold an @ that nobody has escaped; a host can't.
  const at = authority.lastIndexOf('@');
  if (at < 0 || slash < 0) return { scheme, rest };
  return { scheme, credentials: readUserInfo(authority.slice(0, at), text), rest: rest.slice(at + 1) };
}

function readUserInfo(userInfo: string, text: string): Credentials {
  const colon = userInfo.indexOf(':');
  if (colon < 1) throw refuse(text, 'a user without a password', 'write https://USER:PASSWORD@HOST/…');
  try {
    return {
      username: decodeURIComponent(userInfo.slice(0, colon)),
      password: decodeURIComponent(userInfo.slice(colon + 1)),
    };
  } catch {
    throw refuse(text, 'a % in the credentials that begins no escape', 'write % as %25');
  }
}

function splitDigest(rest: string, text: string): { name: string; digest?: string } {
  const at = rest.indexOf('@');
  if (at < 0) return { name: rest };
  const digest = rest.slice(at + 1);
  if (digest.includes('/')) {
    throw refuse(
      text,
      'an @ before the end of the name',
      'for credentials, write https://USER:PASSWORD@HOST/…',
    );
  }
  return { name: rest.slice(0, at), digest };
}

/** The colon of a tag stands after the last slash; before it, it is a port's. */
function splitTag(name: string): { path: string; tag?: string } {
  const colon = name.indexOf(':', name.lastIndexOf('/') + 1);
  return colon < 0 ? { path: name } : { path: name.slice(0, colon), tag: name.slice(colon + 1) };
}

function splitHost(
  path: string,
  scheme: string | undefined,
  text: string,
): { host: string; repository: string } {
  const slash = path.indexOf('/');
  const first = slash < 0 ? '' : path.slice(0, slash);
  if (slash < 0 && (scheme !== undefined || path === 'localhost')) {
    throw refuse(text, 'a registry without a repository', 'write HOST/REPOSITORY:TAG');
  }
  if (scheme === undefined && !looksLikeHost(first)) return { host: DOCKER_HUB, repository: path };
  if (!HOST.test(first) || !URL.canParse(`http://${first}`)) throw refuse(text, ReferencePart.host(first));
  return { host: recognizable(canonical(first), scheme), repository: path.slice(slash + 1) };
}

/**
 * Spells a host as it will be connected to: `127.1:05000` is `127.0.0.1:5000`. Whatever is kept by a registry's
 * name, a rule or a password, must not be passed by with another spelling of it.
 */
function canonical(host: string): string {
  const [, port] = /:(\d+)$/.exec(host) ?? [];
  const { hostname } = new URL(`http://${host}`);
  return port === undefined ? hostname : `${hostname}:${Number(port)}`;
}

/** Spells a host so that it is one without its scheme or upper case too: by its port, where nothing else makes it one. */
function recognizable(host: string, scheme: string | undefined): string {
  return looksLikeHost(host) ? host : `${host}:${scheme === 'http' ? 80 : 443}`;
}

function looksLikeHost(first: string): boolean {
  return /[.:A-Z[]/.test(first) || first === 'localhost';
}

function locate(host: string, repository: string): Pick<ImageReference, 'registry' | 'repository'> {
  if (!DOCKER_HUB_NAMES.includes(host.replace(/:(?:80|443)$/, ''))) return { registry: host, repository };
  const isLibrary = !repository.includes('/');
  return { registry: DOCKER_HUB, repository: isLibrary ? `${DOCKER_LIBRARY}${repository}` : repository };
}

function checkRepository(repository: string, text: string): void {
  if (repository.length > LONGEST_REPOSITORY) {
    throw refuse(text, `a repository of ${repository.length} characters, where ${LONGEST_REPOSITORY} may be`);
  }
  const wrong = repository.split('/').find((component) => !COMPONENT.test(component));
  if (wrong !== undefined) throw refuse(text, ReferencePart.component(wrong, repository));
}
