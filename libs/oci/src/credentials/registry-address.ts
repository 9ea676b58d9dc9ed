import { COMPONENT } from '../reference/grammar.ts';
import { parseRegistryHost } from '../reference/parse-reference.ts';
import { refuse } from '../reference/refuse.ts';
import type { RegistryScope } from './registry-key.ts';

/** A registry as users type it to log in. */
export interface RegistryAddress extends RegistryScope {
  readonly scheme?: 'http' | 'https';
}

/** `https://index.docker.io/v1/`, `https://registry.example/v2/`: paths of the protocol, not of a repository. */
const PROTOCOL_PATH = /(?<=^https?:\/\/[^/]+)\/v[12]\/*$/i;

/**
 * Reads `HOST`, `HOST/PATH` or a URL of either.
 *
 * @throws REFERENCE_UNSUPPORTED saying what is wrong where, without credentials that stand in it
 */
export function parseRegistryAddress(text: string): RegistryAddress {
  const [, scheme = '', rest = ''] =
    /^([a-z]+:\/\/)?(.*)$/is.exec(text.replace(PROTOCOL_PATH, '').replace(/\/+$/, '')) ?? [];
  if (rest.includes('@')) {
    const hint = 'give --username NAME, and the password when it is asked for';
    throw refuse(
      rest.includes('/') ? text : `${text}/`,
      'a registry without credentials must stand here',
      hint,
    );
  }
  const slash = rest.indexOf('/');
  const host = slash < 0 ? rest : rest.slice(0, slash);
  const address = parseHost(`${scheme}${host}`, text);
  if (slash < 0) return address;
  const path = rest.slice(slash + 1);
  const wrong = path.split('/').find((component) => !COMPONENT.test(component));
  if (wrong === undefined) return { ...address, path };
  throw refuse(text, 'the path after the host is not one of a repository', `log in to all of it: ${host}`);
}

function parseHost(host: string, text: string): RegistryAddress {
  const { registry, scheme } = parseRegistryHost(host);
  // A name that is no host in a reference would be logged in to, and never used.
  const isHost = host.includes('://') || /[.:]/.test(registry.replace(/:443$/, '')) || host === 'localhost';
  if (isHost) return { registry, ...(scheme !== undefined && { scheme }) };
  throw refuse(
    text,
    'not the host of a registry',
    'a host has a dot, a port, or is localhost: ghcr.io, myhost:5000',
  );
}
