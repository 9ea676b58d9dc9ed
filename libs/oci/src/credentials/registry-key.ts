/** What a key of credentials stands for: a registry, or what of it begins with a path. */
export interface RegistryScope {
  /** As references name it: `docker.io`, `localhost:5000`. */
  readonly registry: string;
  /** Whole components of a repository's name; absent for all of the registry. */
  readonly path?: string;
}

/** Where Docker's own registry has its accounts, and what `docker login` files them under. */
const DOCKER_HUB_KEY = 'https://index.docker.io/v1/';
const DOCKER_HUB = 'docker.io';
const DOCKER_HUB_NAMES: readonly string[] = [DOCKER_HUB, 'index.docker.io', 'registry-1.docker.io'];

/**
 * Reads a key of `auths`, `credHelpers` or a helper's list. With a scheme it is docker's, which means the whole
 * registry whatever path follows; without one it may have a path, which is podman's (containers-auth.json(5)).
 */
export function parseKey(key: string): RegistryScope {
  const [, scheme, rest = ''] = /^(https?:\/\/)?(.*)$/is.exec(key) ?? [];
  const [host = '', ...components] = rest.split('/');
  const path = scheme === undefined ? components.join('/').replace(/\/+$/, '') : '';
  return { registry: canonicalHost(host), ...(path !== '' && { path }) };
}

/** Tells whether `key` stands for exactly `scope`. */
export function isKeyOf(key: string, scope: RegistryScope): boolean {
  const { registry, path } = parseKey(key);
  return registry === canonicalHost(scope.registry) && path === scope.path;
}

/** The key under which docker and podman find what is stored for `scope`. */
export function keyOf({ registry, path }: RegistryScope): string {
  if (path !== undefined) return `${registry}/${path}`;
  return registry === DOCKER_HUB ? DOCKER_HUB_KEY : registry;
}

/** The keys under which a helper may have what is stored for a registry: docker's, and podman's. */
export function helperKeysOf(registry: string): readonly string[] {
  return [...new Set([keyOf({ registry }), registry])];
}

/** Spells a scope for people. */
export function spellScope({ registry, path }: RegistryScope): string {
  return path === undefined ? registry : `${registry}/${path}`;
}

/** The scopes that `repository` lies in, the narrowest first; the registry as a whole isn't among them. */
export function scopesAround(registry: string, repository: string): readonly RegistryScope[] {
  const components = repository.split('/');
  return components.map((_, index) => ({
    registry,
    path: components.slice(0, components.length - index).join('/'),
  }));
}

/** One spelling for each host: case, Docker's other names and the port of https make no other registry of it. */
function canonicalHost(host: string): string {
  const name = host.toLowerCase().replace(/:443$/, '');
  return DOCKER_HUB_NAMES.includes(name) ? DOCKER_HUB : name;
}
