import { homedir } from 'node:os';
import { join } from 'node:path';

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The files that may hold credentials, in the order in which they are asked; the first is the one that `ecli login`
 * writes. They are docker's and then podman's, or what REGISTRY_AUTH_FILE names and nothing else:
 * https://docs.docker.com/reference/cli/docker/#configuration-files, containers-auth.json(5).
 */
export function credentialFiles(environment: Environment): readonly [string, ...string[]] {
  const alone = given(environment, 'REGISTRY_AUTH_FILE');
  if (alone !== undefined) return [alone];
  const home = given(environment, 'HOME') ?? homedir();
  const docker = given(environment, 'DOCKER_CONFIG') ?? join(home, '.docker');
  const runtime = given(environment, 'XDG_RUNTIME_DIR');
  const settings = given(environment, 'XDG_CONFIG_HOME') ?? join(home, '.config');
  return [
    join(docker, 'config.json'),
    runtime === undefined
      ? `/run/containers/${process.getuid?.() ?? 0}/auth.json`
      : join(runtime, 'containers', 'auth.json'),
    join(settings, 'containers', 'auth.json'),
  ];
}

/** Says where credentials are looked for, for the hint of a registry's refusal. */
export function whereCredentialsAre(environment: Environment): string {
  const files = credentialFiles(environment);
  const sought = `credentials are looked for in ${files.join(', ')}`;
  const user = environment['SUDO_USER'];
  if (!user || user === 'root' || process.getuid?.() !== 0) return sought;
  return `${sought}; under sudo these may be root's: to use those of ${user}, sudo -E, or DOCKER_CONFIG=~${user}/.docker`;
}

/** As elsewhere, an empty variable is none. */
function given(environment: Environment, name: string): string | undefined {
  const value = environment[name];
  return value === '' ? undefined : value;
}
