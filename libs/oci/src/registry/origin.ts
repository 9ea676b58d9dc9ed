/** Where docker.io's interface is; its name stands for it everywhere else. */
const API_HOSTS: Readonly<Record<string, string>> = { 'docker.io': 'registry-1.docker.io' };

/** Where the interface of the registry that references call `registry` is. */
export function originOf(registry: string, scheme: 'http' | 'https'): URL {
  return new URL(`${scheme}://${API_HOSTS[registry] ?? registry}/`);
}
