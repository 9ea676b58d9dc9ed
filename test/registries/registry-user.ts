import { mkdirSync, mkdtempSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { join, relative } from 'node:path';
import { type CliOptions, type CliResult, type RunningCli, runCli, startCli } from '../harness/index.ts';

/** A person at a machine of their own: no settings, credentials or cached programs of anybody else. */
export interface RegistryUser {
  /** Where commands are given. */
  readonly folder: string;
  /** Docker's settings, where credentials are written to. */
  readonly settingsFile: string;
  readonly env: Readonly<Record<string, string>>;
  ecli(args: readonly string[], options?: CliOptions): Promise<CliResult>;
  startEcli(args: readonly string[], options?: CliOptions): RunningCli;
  /** The paths of the files under `folder`. */
  files(): string[];
  /** The paths of the files in the cache of images. */
  cached(): string[];
  /** What the index of that cache names. */
  references(): string[];
  /** What of the cache isn't what its name says: blobs with other bytes, and files of unfinished downloads. */
  wrongInCache(): string[];
}

/** Makes a user in a folder of `parent`; `stored` are the credentials of each registry. */
export function registryUser(
  parent: string,
  stored: Readonly<Record<string, { readonly username: string; readonly password: string }>> = {},
): RegistryUser {
  const home = mkdtempSync(join(parent, 'user-'));
  const place = (name: string) => {
    mkdirSync(join(home, name), { recursive: true });
    return join(home, name);
  };
  const folder = place('work');
  const cache = place('cache');
  const docker = place('.docker');
  const env = {
    HOME: home,
    XDG_CACHE_HOME: cache,
    XDG_CONFIG_HOME: place('.config'),
    XDG_RUNTIME_DIR: place('run'),
    DOCKER_CONFIG: docker,
  };
  const settingsFile = join(docker, 'config.json');
  const auths = Object.entries(stored).map(([host, { username, password }]) => [
    host,
    { auth: Buffer.from(`${username}:${password}`).toString('base64') },
  ]);
  if (auths.length > 0) writeFileSync(settingsFile, JSON.stringify({ auths: Object.fromEntries(auths) }));

  const images = join(cache, 'ecli/oci');
  const withOwn = (options: CliOptions = {}) => ({
    cwd: folder,
    ...options,
    env: { ...env, ...options.env },
  });
  return {
    folder,
    settingsFile,
    env,
    ecli: (args, options) => runCli(args, withOwn(options)),
    startEcli: (args, options) => startCli(args, withOwn(options)),
    files: () => filesIn(folder),
    cached: () => filesIn(images),
    references: () => referencesOf(join(images, 'index.json')),
    wrongInCache: () => filesIn(images).filter((path) => isWrong(images, path)),
  };
}

function isWrong(images: string, path: string): boolean {
  if (/^(oci-layout|index\.json|locks\/.*|ingest\/.*\.lease)$/.test(path)) return false;
  const [, algorithm = '', hex] = /^blobs\/(sha\d+)\/([0-9a-f]+)$/.exec(path) ?? [];
  if (hex === undefined) return true;
  const content = readFileSync(join(images, path));
  return createHash(algorithm).update(content).digest('hex') !== hex;
}

function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
      .sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

function referencesOf(indexFile: string): string[] {
  const { manifests } = JSON.parse(readFileSync(indexFile, 'utf8')) as {
    manifests: { annotations?: Record<string, string> }[];
  };
  return manifests
    .flatMap(({ annotations }) => annotations?.['org.opencontainers.image.ref.name'] ?? [])
    .sort();
}
