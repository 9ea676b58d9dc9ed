import { EcliError, printable } from '@ecli/core';
import type { CredentialStore, StoredCredentials } from '../content.ts';
import { credentialsOf } from './auth-entry.ts';
import { type ConfigFile, helperNameOf, keysOf, readConfigFile } from './config-file.ts';
import { credentialFiles, type Environment } from './credential-files.ts';
import { CredentialHelper } from './credential-helper.ts';
import { isReadableByOthers } from './exposure.ts';
import { helperKeysOf, type RegistryScope, scopesAround } from './registry-key.ts';

export interface CredentialStoreOptions {
  /** Takes what the user should hear although credentials may be found all the same. */
  readonly warn?: (line: string) => void;
  /** Takes one line of diagnostics: where credentials were found, never which. */
  readonly diagnose?: (line: string) => void;
  /** How long a credential helper may take. */
  readonly helperLimitMs?: number;
  /** Ends helpers that are asked, and the question with its reason. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Opens what docker and podman have stored for this user. Nothing is read before the first question, and each file
 * and helper is asked once.
 */
export function findCredentialStore(
  environment: Environment,
  options: CredentialStoreOptions = {},
): CredentialStore {
  return new FileCredentialStore(environment, options);
}

class FileCredentialStore implements CredentialStore {
  private configs: Promise<readonly ConfigFile[]> | undefined;
  private readonly answers = new Map<string, Promise<StoredCredentials | undefined>>();
  private readonly warned = new Set<string>();

  constructor(
    private readonly environment: Environment,
    private readonly options: CredentialStoreOptions,
  ) {}

  async find(registry: string, repository?: string): Promise<StoredCredentials | undefined> {
    const found = await this.search(registry, repository);
    const where = found ? `found in ${found.origin}` : 'none are stored';
    this.options.diagnose?.(`credentials for ${printable(registry)}: ${where}`);
    return found;
  }

  /** A path of any file counts before a whole registry of any file. Helpers know whole registries alone. */
  private async search(registry: string, repository?: string): Promise<StoredCredentials | undefined> {
    const configs = await (this.configs ??= readAll(credentialFiles(this.environment)));
    const scopes = repository === undefined ? [] : scopesAround(registry, repository);
    for (const scope of scopes) {
      for (const config of configs) {
        const found = await this.lookUp(config, scope);
        if (found) return found;
      }
    }
    for (const config of configs) {
      const helper = helperNameOf(config, registry);
      // As for docker, what a file says of a registry that a helper is for doesn't count.
      const found = helper
        ? await this.askOnce(helper, registry, config.path)
        : await this.lookUp(config, { registry });
      if (found) return found;
    }
    return undefined;
  }

  private async lookUp(config: ConfigFile, scope: RegistryScope): Promise<StoredCredentials | undefined> {
    for (const key of keysOf(config, scope)) {
      const found = credentialsOf(config.auths.get(key), key, config.path);
      if (!found) continue;
      if (await isReadableByOthers(config.path)) {
        this.warnOnce(
          `${config.path}: holds secrets, and every user of this machine can read it; chmod 600 ends that`,
        );
      }
      return found;
    }
    return undefined;
  }

  private askOnce(
    name: string,
    registry: string,
    configPath: string,
  ): Promise<StoredCredentials | undefined> {
    const question = JSON.stringify([name, registry]);
    const answer = this.answers.get(question) ?? this.ask(name, registry, configPath);
    this.answers.set(question, answer);
    return answer;
  }

  /** Without its answer, what is public can still be had. */
  private async ask(
    name: string,
    registry: string,
    configPath: string,
  ): Promise<StoredCredentials | undefined> {
    const { helperLimitMs: limitMs, signal } = this.options;
    const { environment } = this;
    const helper = new CredentialHelper(name, {
      environment,
      configPath,
      signal,
      ...(limitMs && { limitMs }),
    });
    try {
      return await getFirst(helper, registry);
    } catch (error) {
      if (!(error instanceof EcliError)) throw error;
      this.warnOnce(`${error.message}; going on without credentials`);
      return undefined;
    }
  }

  private warnOnce(line: string): void {
    if (this.warned.has(line)) return;
    this.warned.add(line);
    this.options.warn?.(line);
  }
}

/** Asks a helper under each key that docker or podman may have stored something for the registry under. */
export async function getFirst(
  helper: CredentialHelper,
  registry: string,
): Promise<StoredCredentials | undefined> {
  for (const key of helperKeysOf(registry)) {
    const found = await helper.get(key);
    if (found) return found;
  }
  return undefined;
}

async function readAll(paths: readonly string[]): Promise<readonly ConfigFile[]> {
  const configs = await Promise.all(paths.map(readConfigFile));
  return configs.filter((config) => config !== undefined);
}
