import { ArgumentError, type Credentials, type NetworkOptions, type ReportProgress } from '@ecli/core';
import { HttpClient } from '@ecli/http';
import {
  cacheFolder,
  findCredentialStore,
  ImageLayout,
  Registry,
  type CredentialStore,
  type ImageReference,
  type RegistryOptions,
  type Repository,
  transportOf,
} from '@ecli/oci';
import { networkOptionsOf, readCredentials, type RegistryFlagValues } from './registry-flags.ts';
import type { Terminal } from './terminal/terminal.ts';

/** What a command that talks to registries works with. */
export interface RegistryAccess {
  readonly http: HttpClient;
  readonly credentials: CredentialStore;
  readonly network: NetworkOptions;
  /** Shows transfers, where a person looks. */
  readonly progress?: ReportProgress;
  /** Aborted when the user wants it to end. */
  readonly signal: AbortSignal;
  /**
   * The repository that `reference` names, reached as the flags and the reference itself say.
   *
   * @throws ARGUMENT_INVALID where the flags' credentials would go to a second registry
   */
  repositoryOf(reference: ImageReference): Repository;
  /** The cache, made where there is none yet. @throws CACHE_FAILED */
  cache(): Promise<ImageLayout>;
}

/**
 * Reads the flags, and the password where one is on standard input. Connects to nothing.
 *
 * @throws ARGUMENT_INVALID
 */
export async function openRegistryAccess(
  flags: RegistryFlagValues,
  terminal: Terminal,
): Promise<RegistryAccess> {
  const { logger, interruption } = terminal;
  const { signal } = interruption;
  const network = networkOptionsOf(flags);
  const given = await readCredentials(flags, signal);
  const warn = (line: string): void => logger.log('warn', line);
  const diagnose = (line: string): void => logger.log('debug', line);
  const http = new HttpClient({ ...network, warn, diagnose });
  const credentials = findCredentialStore(process.env, { warn, diagnose, signal });
  const registries = new Registries(given, (host, options) => {
    return new Registry(host, { http, credentials, warn, diagnose, ...options });
  });
  return {
    http,
    credentials,
    network,
    signal,
    ...(!flags.quiet && { progress: terminal.reportProgress }),
    repositoryOf: (reference) => registries.of(reference, network).repository(reference.repository),
    cache: () => ImageLayout.open(cacheFolder(process.env), { create: true, warn }),
  };
}

type RegistryChoice = Pick<RegistryOptions, 'inline' | 'plainHttp' | 'scheme'>;

/** One Registry for each way of reaching one, so that what it learns of logging in is used for all repositories. */
class Registries {
  private readonly known = new Map<string, Registry>();
  private credentialsWentTo: string | undefined;

  constructor(
    private readonly given: Credentials | undefined,
    private readonly open: (host: string, choice: RegistryChoice) => Registry,
  ) {}

  of({ registry: host, scheme, credentials }: ImageReference, { plainHttp }: NetworkOptions): Registry {
    const inline = credentials ?? this.givenFor(host);
    const choice: RegistryChoice = { ...(inline && { inline }), ...transportOf(scheme, plainHttp) };
    const key = JSON.stringify([host, choice]);
    const registry = this.known.get(key) ?? this.open(host, choice);
    this.known.set(key, registry);
    return registry;
  }

  /** A password is for one registry. */
  private givenFor(host: string): Credentials | undefined {
    if (!this.given) return undefined;
    this.credentialsWentTo ??= host;
    if (this.credentialsWentTo === host) return this.given;
    throw new ArgumentError(`--username: for ${this.credentialsWentTo}, or for ${host}?`, [], {
      hint: `log in to each: ecli login ${host}`,
    });
  }
}
